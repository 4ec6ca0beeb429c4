import { FairQueue, GatewayError, throwIfAborted } from '../base/index.ts';

/**
 * Runs one call at a time. Remote addresses take turns, and each has its calls run in the order in which they
 * came, so a client that sends many of them delays the others by one call each. Decoded calls can take many
 * times the memory of their frames: only the frames wait, and only `waitingBytesMax` bytes of them.
 */
export class SingleLane {
  readonly #waitingBytesMax: number;
  /** What begins each waiting call, by remote address. Invariant: empty while the lane is free. */
  readonly #waiting = new FairQueue<string, () => void>();
  /** Invariant: the bytes of the frames in `#waiting`. */
  #waitingBytes = 0;
  #isTaken = false;

  constructor(waitingBytesMax: number) {
    this.#waitingBytesMax = waitingBytesMax;
  }

  /**
   * Runs `work` when its turn has come; settles as `work` does. Throws `QUEUE_FULL` (retryable) when too much
   * waits, and the signal's reason when it is aborted while the call waits.
   */
  async run<T>(
    call: { readonly address: string; readonly frameBytes: number; readonly signal: AbortSignal },
    work: () => Promise<T>,
  ): Promise<T> {
    throwIfAborted(call.signal);
    const isTurn = !this.#isTaken || (await this.#wait(call));
    if (!isTurn) throwIfAborted(call.signal);
    this.#isTaken = true;
    try {
      return await work();
    } finally {
      this.#next();
    }
  }

  /** Resolves with whether the call's turn has come; false: its signal was aborted. */
  #wait({
    address,
    frameBytes,
    signal,
  }: {
    readonly address: string;
    readonly frameBytes: number;
    readonly signal: AbortSignal;
  }): Promise<boolean> {
    if (this.#waitingBytes + frameBytes > this.#waitingBytesMax) {
      throw new GatewayError(
        'QUEUE_FULL',
        `calls of ${this.#waitingBytes} bytes already wait for their turn, at most ${this.#waitingBytesMax} may: retry later`,
        { retryable: true },
      );
    }
    return new Promise((resolve) => {
      const abandoned = (): void => {
        this.#waiting.remove(address, begin);
        this.#waitingBytes -= frameBytes;
        resolve(false);
      };
      const begin = (): void => {
        signal.removeEventListener('abort', abandoned);
        this.#waitingBytes -= frameBytes;
        resolve(true);
      };
      signal.addEventListener('abort', abandoned, { once: true });
      this.#waitingBytes += frameBytes;
      this.#waiting.push(address, begin);
    });
  }

  /** Hands the lane on: a call that arrives in between must not overtake the ones that wait. */
  #next(): void {
    const begin = this.#waiting.take();
    if (begin === undefined) this.#isTaken = false;
    else begin();
  }
}
