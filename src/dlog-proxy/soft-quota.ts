export interface SoftLimits {
  readonly bytesPerSec: number;
  readonly recordsPerSec: number;
}

const windowMs = 1000;
/** How often a stream that stays over its quota is reported. */
const sayEveryMs = 10_000;

/** `say`: the rate is over the quota, and that was not reported for a while. */
export type QuotaLook = 'under' | 'over' | 'say';

/**
 * Counts what is accepted beyond a rate. It counts in windows of a second, so that a burst within one costs
 * nothing: only what arrives in a window that already has more than its share is over.
 */
export class SoftQuota {
  /** The total since the start. */
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

  /** Whether the rate was over the quota within the last window. */
  isOver(nowMs: number): boolean {
    return nowMs - this.#overAtMs < windowMs;
  }
}
