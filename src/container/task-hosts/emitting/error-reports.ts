import type { Clock, JsonObject } from '../../../base/index.ts';
import type { ErrorRecord } from '../../../records/index.ts';
import { ErrorThrottle, errorThrottleLimits } from '../../metrics-manager/index.ts';

/**
 * Passes the errors of one task on to `getTopologyInfo`, no more of them than Storm does
 * (`topology.max.error.report.per.interval` in `topology.error.throttle.interval.secs`; storm-client 2.8,
 * ReportError).
 */
export class ErrorReports {
  readonly #clock: Clock;
  readonly #place: { readonly host: string; readonly port: number };
  readonly #send: (record: ErrorRecord) => void;
  readonly #throttle: ErrorThrottle;

  constructor(options: {
    readonly clock: Clock;
    readonly conf: JsonObject;
    /** The host and port of the worker, as Storm shows them. */
    readonly place: { readonly host: string; readonly port: number };
    readonly send: (record: ErrorRecord) => void;
  }) {
    this.#clock = options.clock;
    this.#place = options.place;
    this.#send = options.send;
    this.#throttle = new ErrorThrottle(errorThrottleLimits(options.conf), options.clock.monotonicMs());
  }

  /** False when it was one too many. */
  report(error: string): boolean {
    if (!this.#throttle.admit('', this.#clock.monotonicMs())) return false;
    this.#send({ error, timeSecs: Math.floor(this.#clock.nowMs() / 1000), ...this.#place });
    return true;
  }
}
