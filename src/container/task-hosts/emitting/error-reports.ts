import type { Clock, JsonObject } from '../../../base/index.ts';
import type { ErrorRecord } from '../../../topology/index.ts';
import { confNumber } from '../../conf.ts';

/**
 * The errors of one shell task on their way to `getTopologyInfo`, no more of them than Storm lets through
 * (`topology.max.error.report.per.interval` in `topology.error.throttle.interval.secs`; storm-client 2.8, ReportError).
 */
export class ErrorReports {
  readonly #clock: Clock;
  readonly #place: { readonly host: string; readonly port: number };
  readonly #send: (record: ErrorRecord) => void;
  readonly #intervalMs: number;
  readonly #perInterval: number;
  #intervalStartMs = Number.NEGATIVE_INFINITY;
  #sent = 0;

  constructor(options: {
    readonly clock: Clock;
    readonly conf: JsonObject;
    /** Of the worker, as Storm shows them. */
    readonly place: { readonly host: string; readonly port: number };
    readonly send: (record: ErrorRecord) => void;
  }) {
    this.#clock = options.clock;
    this.#place = options.place;
    this.#send = options.send;
    this.#intervalMs = confNumber(options.conf, 'topology.error.throttle.interval.secs', 10) * 1000;
    this.#perInterval = confNumber(options.conf, 'topology.max.error.report.per.interval', 5);
  }

  /** False when it was one too many. */
  report(error: string): boolean {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#intervalStartMs > this.#intervalMs) {
      this.#intervalStartMs = nowMs;
      this.#sent = 0;
    }
    this.#sent++;
    if (this.#sent > this.#perInterval) return false;
    this.#send({ error, timeSecs: Math.floor(this.#clock.nowMs() / 1000), ...this.#place });
    return true;
  }
}
