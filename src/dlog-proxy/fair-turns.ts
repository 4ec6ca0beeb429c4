/**
 * Lets one piece of work begin in each turn of the event loop, and takes the connections in turn: one that
 * sent many calls waits for itself, and calls of other services come in between.
 */
export class FairTurns {
  /** By connection, in the order in which they are next. */
  readonly #waiting = new Map<object, (() => void)[]>();
  #isTaken = false;

  async take(connection: object): Promise<void> {
    if (!this.#isTaken) {
      this.#isTaken = true;
      setImmediate(() => this.#next());
      return;
    }
    await new Promise<void>((resolve) => {
      const waiting = this.#waiting.get(connection);
      if (waiting === undefined) this.#waiting.set(connection, [resolve]);
      else waiting.push(resolve);
    });
  }

  #next(): void {
    const [first] = this.#waiting;
    if (first === undefined) {
      this.#isTaken = false;
      return;
    }
    const [connection, waiting] = first;
    const resolve = waiting.shift()!;
    this.#waiting.delete(connection);
    if (waiting.length > 0) this.#waiting.set(connection, waiting);
    setImmediate(() => this.#next());
    resolve();
  }
}
