import { FairQueue } from '../base/index.ts';

/**
 * Lets one piece of work begin per event-loop turn, and serves the connections in turn. A connection that
 * sent many calls waits only for itself, and calls of other services come in between.
 */
export class FairTurns {
  readonly #waiting = new FairQueue<object, () => void>();
  #isTaken = false;

  async take(connection: object): Promise<void> {
    if (!this.#isTaken) {
      this.#isTaken = true;
      setImmediate(() => this.#next());
      return;
    }
    await new Promise<void>((resolve) => this.#waiting.push(connection, resolve));
  }

  #next(): void {
    const begin = this.#waiting.take();
    if (begin === undefined) {
      this.#isTaken = false;
      return;
    }
    setImmediate(() => this.#next());
    begin();
  }
}
