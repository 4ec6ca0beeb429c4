/** What a component may emit in a second; undefined: no limit. */
export interface OutputLimits {
  readonly tuplesPerSec: number | undefined;
  readonly bytesPerSec: number | undefined;
}

/** Burst of a limited output, in time (Heron's token bucket: 1.5 times what a second allows). */
const burstSecs = 1.5;

/**
 * A token bucket that may be overdrawn: what was emitted is taken out afterwards, and nothing may be emitted
 * until the debt is paid by time. So the mean rate is held whatever the size of a single tuple. Pure: the
 * time is passed in.
 */
export class TokenBucket {
  readonly #perSec: number;
  #tokens: number;
  #atMs: number;

  constructor(perSec: number, nowMs: number) {
    this.#perSec = perSec;
    this.#tokens = perSec * burstSecs;
    this.#atMs = nowMs;
  }

  take(amount: number, nowMs: number): void {
    const passedSecs = Math.max(0, nowMs - this.#atMs) / 1000;
    this.#atMs = Math.max(this.#atMs, nowMs);
    this.#tokens = Math.min(this.#perSec * burstSecs, this.#tokens + passedSecs * this.#perSec) - amount;
  }

  /** How long from the last `take` on nothing more may be emitted. */
  get waitMs(): number {
    return this.#tokens > 0 ? 0 : Math.ceil((1000 * (1 - this.#tokens)) / this.#perSec);
  }
}
