import type { JsonObject } from '../../base/index.ts';
import { confNumber } from '../spec/index.ts';

export interface ErrorThrottleLimits {
  readonly perIntervalMax: number;
  readonly intervalSecs: number;
}

/** Throws `CONFIG_INVALID` naming the key. */
export function errorThrottleLimits(conf: JsonObject): ErrorThrottleLimits {
  return {
    perIntervalMax: confNumber(conf, 'topology.max.error.report.per.interval', 5),
    intervalSecs: confNumber(conf, 'topology.error.throttle.interval.secs', 10),
  };
}

/**
 * Storm's limit on error reports (`topology.max.error.report.per.interval` in each
 * `topology.error.throttle.interval.secs`, ReportError 2.8): whatever a key reports beyond it is left out.
 * Time goes by whole seconds, and an interval that has lasted longer than it may ends with the next report.
 */
export class ErrorThrottle {
  readonly #limits: ErrorThrottleLimits;
  readonly #startedSecs: number;
  readonly #intervals = new Map<string, { startedSecs: number; count: number }>();
  #suppressed = 0;

  /** `startedMs`: when the first interval of every key began. */
  constructor(limits: ErrorThrottleLimits, startedMs: number) {
    this.#limits = limits;
    this.#startedSecs = Math.floor(startedMs / 1000);
  }

  /** Reports left out so far. */
  get suppressed(): number {
    return this.#suppressed;
  }

  /** True when the report may be made. `key`: who reports about what. */
  admit(key: string, nowMs: number): boolean {
    const nowSecs = Math.floor(nowMs / 1000);
    const interval = this.#intervals.get(key) ?? { startedSecs: this.#startedSecs, count: 0 };
    this.#intervals.set(key, interval);
    if (nowSecs - interval.startedSecs > this.#limits.intervalSecs) {
      interval.startedSecs = nowSecs;
      interval.count = 0;
    }
    interval.count++;
    if (interval.count <= this.#limits.perIntervalMax) return true;
    this.#suppressed++;
    return false;
  }
}
