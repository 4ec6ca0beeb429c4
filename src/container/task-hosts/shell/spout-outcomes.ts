import { spoutCommandText } from './messages.ts';

/**
 * The acks and fails of ended trees that a spout's child has not received, oldest first. Adding and removing
 * one takes constant time on average.
 */
export class SpoutOutcomes {
  #commands: string[] = [];
  /** Invariant: commands before this one have been taken; the list is cut from time to time, not for each. */
  #head = 0;

  get size(): number {
    return this.#commands.length - this.#head;
  }

  /** `idText`: JSON of the message id that the child gave. */
  add(outcome: 'ack' | 'fail', idText: string): void {
    this.#commands.push(spoutCommandText(outcome, idText));
  }

  /** The oldest command for the child; undefined when there is none. */
  shift(): string | undefined {
    if (this.#head === this.#commands.length) return undefined;
    const command = this.#commands[this.#head]!;
    this.#head++;
    if (this.#head === this.#commands.length) {
      this.#commands = [];
      this.#head = 0;
    } else if (this.#head >= 1024 && this.#head * 2 >= this.#commands.length) {
      this.#commands = this.#commands.slice(this.#head);
      this.#head = 0;
    }
    return command;
  }
}
