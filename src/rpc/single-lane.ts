import { GatewayError, throwIfAborted } from '../base/index.ts';

/** A call that waits for its turn, with its frame not yet decoded. */
interface Waiting {
  readonly frameBytes: number;
  readonly begin: () => void;
}

/**
 * Runs one call at a time. Remote addresses take turns, and each has its calls run in the order in which they
 * came, so a client that sends many of them delays the others by one call each. Decoded calls can take many
 * times the memory of their frames: only the frames wait, and only `waitingBytesMax` bytes of them.
 */
export class SingleLane {
  readonly #waitingBytesMax: number;
  /**
   * By remote address, in the order of their turns. Invariant: no list is empty, and none exists while the
   * lane is free.
   */
  readonly #waiting = new Map<string, Waiting[]>();
  /** Invariant: the sum of `frameBytes` over `#waiting`. */
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
        this.#remove(address, waiting);
        resolve(false);
      };
      const waiting: Waiting = {
        frameBytes,
        begin: () => {
          signal.removeEventListener('abort', abandoned);
          resolve(true);
        },
      };
      signal.addEventListener('abort', abandoned, { once: true });
      this.#waitingBytes += frameBytes;
      const own = this.#waiting.get(address);
      if (own === undefined) this.#waiting.set(address, [waiting]);
      else own.push(waiting);
    });
  }

  /** Hands the lane on: a call that arrives in between must not overtake the ones that wait. */
  #next(): void {
    const [first] = this.#waiting;
    if (first === undefined) {
      this.#isTaken = false;
      return;
    }
    const [address, own] = first;
    const next = own[0]!;
    this.#remove(address, next);
    // the address goes to the end of the row
    const rest = this.#waiting.get(address);
    if (rest !== undefined) {
      this.#waiting.delete(address);
      this.#waiting.set(address, rest);
    }
    next.begin();
  }

  #remove(address: string, waiting: Waiting): void {
    const rest = this.#waiting.get(address)!.filter((each) => each !== waiting);
    if (rest.length === 0) this.#waiting.delete(address);
    else this.#waiting.set(address, rest);
    this.#waitingBytes -= waiting.frameBytes;
  }
}
