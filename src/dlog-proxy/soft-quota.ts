export interface SoftLimits {
  readonly bytesPerSec: number;
  readonly recordsPerSec: number;
}

const windowMs = 1000;
/** How often a stream that stays over its quota is reported. */
const sayEveryMs = 10_000;

/** `say`: it is over, and that was not said for a while. */
export type QuotaLook = 'under' | 'over' | 'say';

/**
 * What is taken and counted beyond a rate. In windows of a second, so that a burst within one costs nothing:
 * what comes in a window that has more than its share already is over.
 */
export class SoftQuota {
  /** Since the beginning. */
  recordsOver = 0;
  readonly #limits: SoftLimits;
  #windowFromMs = Number.NEGATIVE_INFINITY;
  #bytes = 0;
  #records = 0;
  #saidAtMs = Number.NEGATIVE_INFINITY;
  #overAtMs = Number.NEGATIVE_INFINITY;

  constructor(limits: SoftLimits) {
    this.#limits = limits;
  }

  note(bytes: number, records: number, nowMs: number): QuotaLook {
    if (nowMs - this.#windowFromMs >= windowMs) {
      this.#windowFromMs = nowMs;
      this.#bytes = this.#records = 0;
    }
    this.#bytes += bytes;
    this.#records += records;
    const { bytesPerSec, recordsPerSec } = this.#limits;
    if (this.#bytes <= bytesPerSec && this.#records <= recordsPerSec) return 'under';
    this.recordsOver += records;
    this.#overAtMs = nowMs;
    if (nowMs - this.#saidAtMs < sayEveryMs) return 'over';
    this.#saidAtMs = nowMs;
    return 'say';
  }

  /** Whether it was over within the last window. */
  isOver(nowMs: number): boolean {
    return nowMs - this.#overAtMs < windowMs;
  }
}
