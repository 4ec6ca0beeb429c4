import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../base/index.ts';

/** Calls in one turn of the event loop may take this long together. */
const turnMsMax = 20;

/**
 * Keeps pipelined calls from stalling the event loop. A call that is answered at once leads to the next one
 * within the same turn, so a connection with thousands of them in its buffer would keep the server from
 * reading any other connection.
 */
export class Turns {
  readonly #clock: Clock;
  #turn: Promise<void> | undefined;
  #beganAtMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Undefined, or, when this turn has lasted long enough, a promise for the next one. */
  get next(): Promise<void> | undefined {
    if (this.#turn === undefined) {
      this.#beganAtMs = this.#clock.monotonicMs();
      this.#turn = setImmediate().then(() => {
        this.#turn = undefined;
      });
      return undefined;
    }
    return this.#clock.monotonicMs() - this.#beganAtMs < turnMsMax ? undefined : this.#turn;
  }
}
