export interface ErrorThrottleLimits {
  readonly perIntervalMax: number;
  readonly intervalMs: number;
}

/**
 * Storm's limit on error reports (`topology.max.error.report.per.interval` in each
 * `topology.error.throttle.interval.secs`, ReportError 2.8): whatever a key reports beyond it is left out. An interval
 * begins with the first report after the last one ended.
 */
export class ErrorThrottle {
  readonly #limits: ErrorThrottleLimits;
  readonly #intervals = new Map<string, { startedMs: number; count: number }>();
  #suppressed = 0;

  constructor(limits: ErrorThrottleLimits) {
    this.#limits = limits;
  }

  /** Reports left out so far. */
  get suppressed(): number {
    return this.#suppressed;
  }

  /** True when the report may be made. `key`: who reports about what. */
  admit(key: string, nowMs: number): boolean {
    const interval = this.#intervals.get(key);
    if (interval === undefined || nowMs - interval.startedMs >= this.#limits.intervalMs) {
      this.#intervals.set(key, { startedMs: nowMs, count: 1 });
      return this.#limits.perIntervalMax > 0;
    }
    interval.count++;
    if (interval.count <= this.#limits.perIntervalMax) return true;
    this.#suppressed++;
    return false;
  }
}
