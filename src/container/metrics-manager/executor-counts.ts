import type { CountsByWindow, ExecutorStatsRecord } from '../../records/index.ts';
import type { ExecutorId } from '../../topology/index.ts';
import { LatencyHistogram } from './latency-histogram.ts';
import { allTimeWindow, RollingCounts, windowKeys } from './rolling-counts.ts';

const allTimeIndex = windowKeys.indexOf(allTimeWindow);

/** Names of the rows of {@link ExecutorCounts}, by row. */
export interface RowNames {
  /** Streams that the executor emits on. */
  readonly streams: readonly string[];
  /** What it takes (`component \0 stream`); of a spout the streams of its roots. */
  readonly inputs: readonly string[];
}

/** Sums since the start. Streams and inputs that were never counted are left out. */
export interface TaskTotals {
  readonly streams: readonly {
    readonly name: string;
    readonly emitted: number;
    readonly transferred: number;
  }[];
  readonly inputs: readonly {
    readonly name: string;
    readonly acked: number;
    readonly failed: number;
    readonly executed: number;
    /** Milliseconds, and how many tuples they are of. */
    readonly executeMs: number;
    readonly latencyMs: number;
    readonly latencyCount: number;
  }[];
}

/**
 * Everything that Storm counts of an executor, over Storm's windows, and the latencies in buckets besides.
 */
export class ExecutorCounts {
  readonly emitted: RollingCounts;
  readonly transferred: RollingCounts;
  readonly acked: RollingCounts;
  readonly failed: RollingCounts;
  readonly executed: RollingCounts;
  /** Sums of milliseconds, and how many tuples they are of. */
  readonly executeMs: RollingCounts;
  readonly executeCount: RollingCounts;
  /** Complete latency of a spout, process latency of a bolt. */
  readonly latencyMs: RollingCounts;
  readonly latencyCount: RollingCounts;
  readonly latencies: LatencyHistogram;
  readonly #startedAtMs: number;

  constructor(rows: { readonly streams: number; readonly inputs: number }, startedAtMs: number) {
    const ofStreams = (): RollingCounts => new RollingCounts(rows.streams, startedAtMs);
    const ofInputs = (): RollingCounts => new RollingCounts(rows.inputs, startedAtMs);
    this.#startedAtMs = startedAtMs;
    this.emitted = ofStreams();
    this.transferred = ofStreams();
    this.acked = ofInputs();
    this.failed = ofInputs();
    this.executed = ofInputs();
    this.executeMs = ofInputs();
    this.executeCount = ofInputs();
    this.latencyMs = ofInputs();
    this.latencyCount = ofInputs();
    this.latencies = new LatencyHistogram(startedAtMs);
  }

  rotate(nowMs: number): void {
    for (const counts of [...this.#ofStreams, ...this.#ofInputs, this.latencies]) counts.rotate(nowMs);
  }

  grow(rows: { readonly streams: number; readonly inputs: number }): void {
    for (const counts of this.#ofStreams) counts.grow(rows.streams);
    for (const counts of this.#ofInputs) counts.grow(rows.inputs);
  }

  /** The record as nimbus reads it. `nowMs` on the clock of `startedAtMs`. */
  record(
    who: {
      readonly executor: ExecutorId;
      readonly componentId: string;
      readonly kind: 'spout' | 'bolt';
    },
    names: RowNames,
    nowMs: number,
  ): ExecutorStatsRecord {
    this.rotate(nowMs);
    const { executor, componentId, kind } = who;
    const acked = sums(this.acked, names.inputs);
    const failed = sums(this.failed, names.inputs);
    const latency = averages(this.latencyMs, this.latencyCount, names.inputs);
    return {
      executor,
      componentId,
      uptimeSecs: Math.max(0, Math.floor((nowMs - this.#startedAtMs) / 1000)),
      emitted: sums(this.emitted, names.streams),
      transferred: sums(this.transferred, names.streams),
      rate: 1,
      specific:
        kind === 'spout'
          ? { kind, acked, failed, completeMsAvg: latency }
          : {
              kind,
              acked,
              failed,
              processMsAvg: latency,
              executed: sums(this.executed, names.inputs),
              executeMsAvg: averages(this.executeMs, this.executeCount, names.inputs),
            },
      latencies: this.latencies.read(),
    };
  }

  totals(names: RowNames): TaskTotals {
    const total = (counts: RollingCounts, row: number): number => counts.read(allTimeIndex, row);
    return {
      streams: names.streams
        .map((name, row) => ({
          name,
          emitted: total(this.emitted, row),
          transferred: total(this.transferred, row),
        }))
        .filter(({ emitted, transferred }) => emitted + transferred > 0),
      inputs: names.inputs
        .map((name, row) => ({
          name,
          acked: total(this.acked, row),
          failed: total(this.failed, row),
          executed: total(this.executed, row),
          executeMs: total(this.executeMs, row),
          latencyMs: total(this.latencyMs, row),
          latencyCount: total(this.latencyCount, row),
        }))
        .filter(({ acked, failed, executed }) => acked + failed + executed > 0),
    };
  }

  get #ofStreams(): readonly RollingCounts[] {
    return [this.emitted, this.transferred];
  }

  get #ofInputs(): readonly RollingCounts[] {
    const { acked, failed, executed, executeMs, executeCount, latencyMs, latencyCount } = this;
    return [acked, failed, executed, executeMs, executeCount, latencyMs, latencyCount];
  }
}

/**
 * Rows never counted are left out, as Storm leaves out streams never used; once counted a row stays, at 0.
 */
function sums(counts: RollingCounts, names: readonly string[]): CountsByWindow {
  return byWindow(counts, names, (window, row) => Math.trunc(counts.read(window, row)));
}

function averages(sum: RollingCounts, count: RollingCounts, names: readonly string[]): CountsByWindow {
  return byWindow(count, names, (window, row) => {
    const measured = count.read(window, row);
    return measured <= 0 ? 0 : sum.read(window, row) / measured;
  });
}

function byWindow(
  used: RollingCounts,
  names: readonly string[],
  read: (window: number, row: number) => number,
): CountsByWindow {
  const rows = names.flatMap((name, row) => (used.read(allTimeIndex, row) === 0 ? [] : [{ name, row }]));
  return Object.fromEntries(
    windowKeys.map((key, window) => [
      key,
      Object.fromEntries(rows.map(({ name, row }) => [name, read(window, row)])),
    ]),
  );
}
