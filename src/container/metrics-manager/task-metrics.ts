import type { ExecutorStatsRecord } from '../../records/index.ts';
import type { ExecutorId, TaskId } from '../../topology/index.ts';
import { ExecutorCounts, type RowNames, type TaskTotals } from './executor-counts.ts';

export interface TaskDescription {
  readonly taskId: TaskId;
  readonly executor: ExecutorId;
  readonly componentId: string;
  readonly kind: 'spout' | 'bolt';
  /** The component's stream ids in the order of their numbers: the first is stream 1 (docs/wire.md). */
  readonly streams: readonly string[];
  /** What a bolt reads; its position here is the `input` of the counting calls. Empty for a spout. */
  readonly inputs: readonly { readonly componentId: string; readonly streamId: string }[];
}

/**
 * The counters of one task that runs in TypeScript. Every call is a few additions, so it may stand on the
 * path of each tuple; batches add once. Streams go by their number on the wire (1-based), inputs by their
 * place in {@link TaskDescription.inputs}. Counts are exact: Storm's sampling rate is reported as 1.
 */
export class TaskMetrics {
  readonly description: TaskDescription;
  /** Whom the counts are reported for: a rebalance may give its tasks to another executor. */
  executor: ExecutorId;
  readonly #names: RowNames;
  readonly #counts: ExecutorCounts;

  constructor(description: TaskDescription, startedAtMs: number) {
    this.description = description;
    this.executor = description.executor;
    const streams = ['', ...description.streams];
    const inputs =
      description.kind === 'spout'
        ? streams
        : description.inputs.map((input) => inputName(input.componentId, input.streamId));
    this.#names = { streams, inputs };
    this.#counts = new ExecutorCounts({ streams: streams.length, inputs: inputs.length }, startedAtMs);
  }

  /** Calls of emit, whether or not anybody listens. */
  emitted(streamNumber: number, count: number): void {
    this.#counts.emitted.add(streamNumber, count);
  }

  /** Deliveries: one emit to three tasks counts three. */
  transferred(streamNumber: number, count: number): void {
    this.#counts.transferred.add(streamNumber, count);
  }

  /**
   * A spout's trees that completed, by the stream of their root; `sumMs` adds up their complete latencies.
   */
  completed(streamNumber: number, count: number, sumMs: number): void {
    this.acked(streamNumber, count, sumMs);
  }

  /** Tuples that a bolt executed; `sumMs` adds up the time in execute. */
  executed(input: number, count: number, sumMs: number): void {
    this.#counts.executed.add(input, count);
    this.#counts.executeCount.add(input, count);
    this.#counts.executeMs.add(input, sumMs);
  }

  /** Tuples that a bolt acked; `sumMs` adds up the times from execute to ack. */
  acked(input: number, count: number, sumMs: number): void {
    const counts = this.#counts;
    counts.acked.add(input, count);
    counts.latencyMs.add(input, sumMs);
    counts.latencyCount.add(input, count);
    if (count > 0) counts.latencies.record(sumMs / count, count);
  }

  /** Tuples failed: a bolt's by input, a spout's trees by the number of their root's stream. */
  failed(row: number, count: number): void {
    this.#counts.failed.add(row, count);
  }

  /** What was ever counted, by Storm's names for it and the streams. */
  totals(): TaskTotals {
    return this.#counts.totals(this.#names);
  }

  rotate(nowMs: number): void {
    this.#counts.rotate(nowMs);
  }

  /** The record as nimbus reads it. `nowMs` on the clock of `startedAtMs`. */
  record(nowMs: number): ExecutorStatsRecord {
    return this.#counts.record({ ...this.description, executor: this.executor }, this.#names, nowMs);
  }
}

/** An input as the records write it: no id holds a zero character. */
export function inputName(componentId: string, streamId: string): string {
  return `${componentId}\0${streamId}`;
}
