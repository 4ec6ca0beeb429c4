import type { CountsByWindow, ExecutorId, ExecutorStatsRecord } from '../../topology/index.ts';
import { allTimeWindow, RollingCounts, windowKeys } from './rolling-counts.ts';

export interface ExecutorDescription {
  readonly executor: ExecutorId;
  readonly componentId: string;
  readonly kind: 'spout' | 'bolt';
  /** The component's stream ids in the order of their numbers: the first is stream 1 (docs/wire.md). */
  readonly streams: readonly string[];
  /** What a bolt reads; its position here is the `input` of the counting calls. Empty for a spout. */
  readonly inputs: readonly { readonly componentId: string; readonly streamId: string }[];
}

/**
 * The counters of one executor that runs in TypeScript. Every call is a few additions, so it may stand on the path of
 * each tuple; batches add once. Streams go by their number on the wire (1-based), inputs by their place in
 * {@link ExecutorDescription.inputs}. Counts are exact: Storm's sampling rate is reported as 1.
 */
export class ExecutorMetrics {
  readonly description: ExecutorDescription;
  /** Whom the counts are reported for: a rebalance may give its tasks to another executor. */
  executor: ExecutorId;
  readonly #startedAtMs: number;
  readonly #emitted: RollingCounts;
  readonly #transferred: RollingCounts;
  readonly #acked: RollingCounts;
  readonly #failed: RollingCounts;
  readonly #executed: RollingCounts;
  readonly #executeMs: RollingCounts;
  /** Complete latency of a spout, process latency of a bolt: the sum, and how many were measured. */
  readonly #latencyMs: RollingCounts;
  readonly #latencyCount: RollingCounts;

  constructor(description: ExecutorDescription, startedAtMs: number) {
    this.description = description;
    this.executor = description.executor;
    this.#startedAtMs = startedAtMs;
    const streams = description.streams.length + 1;
    const rows = description.kind === 'spout' ? streams : description.inputs.length;
    const counts = (size: number): RollingCounts => new RollingCounts(size, startedAtMs);
    this.#emitted = counts(streams);
    this.#transferred = counts(streams);
    this.#acked = counts(rows);
    this.#failed = counts(rows);
    this.#executed = counts(rows);
    this.#executeMs = counts(rows);
    this.#latencyMs = counts(rows);
    this.#latencyCount = counts(rows);
  }

  /** Calls of emit, whether or not anybody listens. */
  emitted(streamNumber: number, count: number): void {
    this.#emitted.add(streamNumber, count);
  }

  /** Deliveries: one emit to three tasks counts three. */
  transferred(streamNumber: number, count: number): void {
    this.#transferred.add(streamNumber, count);
  }

  /** A spout's trees that completed, by the stream of their root; `sumMs` adds up their complete latencies. */
  completed(streamNumber: number, count: number, sumMs: number): void {
    this.#acked.add(streamNumber, count);
    this.#latencyMs.add(streamNumber, sumMs);
    this.#latencyCount.add(streamNumber, count);
  }

  /** Tuples that a bolt executed; `sumMs` adds up the time in execute. */
  executed(input: number, count: number, sumMs: number): void {
    this.#executed.add(input, count);
    this.#executeMs.add(input, sumMs);
  }

  /** Tuples that a bolt acked; `sumMs` adds up the times from execute to ack. */
  acked(input: number, count: number, sumMs: number): void {
    this.#acked.add(input, count);
    this.#latencyMs.add(input, sumMs);
    this.#latencyCount.add(input, count);
  }

  /** Tuples failed: a bolt's by input, a spout's trees by the number of their root's stream. */
  failed(row: number, count: number): void {
    this.#failed.add(row, count);
  }

  rotate(nowMs: number): void {
    for (const counts of [
      this.#emitted,
      this.#transferred,
      this.#acked,
      this.#failed,
      this.#executed,
      this.#executeMs,
      this.#latencyMs,
      this.#latencyCount,
    ]) {
      counts.rotate(nowMs);
    }
  }

  /** The record as nimbus reads it. `nowMs` on the clock of `startedAtMs`. */
  record(nowMs: number): ExecutorStatsRecord {
    this.rotate(nowMs);
    const { executor } = this;
    const { componentId, kind, streams, inputs } = this.description;
    const streamNames = ['', ...streams];
    const inputNames = inputs.map((input) => `${input.componentId}\0${input.streamId}`);
    const rows = kind === 'spout' ? streamNames : inputNames;
    const acked = sums(this.#acked, rows);
    const failed = sums(this.#failed, rows);
    const latency = averages(this.#latencyMs, this.#latencyCount, rows);
    return {
      executor,
      componentId,
      uptimeSecs: Math.max(0, Math.floor((nowMs - this.#startedAtMs) / 1000)),
      emitted: sums(this.#emitted, streamNames),
      transferred: sums(this.#transferred, streamNames),
      rate: 1,
      specific:
        kind === 'spout'
          ? { kind, acked, failed, completeMsAvg: latency }
          : {
              kind,
              acked,
              failed,
              processMsAvg: latency,
              executed: sums(this.#executed, rows),
              executeMsAvg: averages(this.#executeMs, this.#executed, rows),
            },
    };
  }
}

/** Rows never counted are left out, as Storm leaves out streams never used; once counted a row stays, at 0. */
function sums(counts: RollingCounts, names: readonly string[]): CountsByWindow {
  return byWindow(counts, names, (window, row) => counts.read(window, row));
}

function averages(sum: RollingCounts, count: RollingCounts, names: readonly string[]): CountsByWindow {
  return byWindow(count, names, (window, row) => {
    const measured = count.read(window, row);
    return measured === 0 ? 0 : sum.read(window, row) / measured;
  });
}

function byWindow(
  used: RollingCounts,
  names: readonly string[],
  read: (window: number, row: number) => number,
): CountsByWindow {
  const allTime = windowKeys.indexOf(allTimeWindow);
  const rows = names.flatMap((name, row) => (used.read(allTime, row) === 0 ? [] : [{ name, row }]));
  return Object.fromEntries(
    windowKeys.map((key, window) => [
      key,
      Object.fromEntries(rows.map(({ name, row }) => [name, read(window, row)])),
    ]),
  );
}
