import { type JavaValue, java } from '../../tuple/index.ts';
import type { TaskMetrics } from './task-metrics.ts';

/** One measured thing of a task, as Storm's metrics consumers take it. */
export interface DataPoint {
  readonly name: string;
  readonly value: JavaValue;
}

/**
 * What Storm's own tasks measure of themselves, by Storm's names (TaskMetrics, 2.8): counts since the start;
 * latencies and capacity since the reading before, or the ones before where nothing was measured. Names that
 * were never counted are left out.
 */
export class BuiltinMetrics {
  readonly #metrics: TaskMetrics;
  readonly #averages = new Map<string, { sumMs: number; count: number; average: number }>();
  #executeMs = 0;
  #readAtMs: number;

  constructor(metrics: TaskMetrics, nowMs: number) {
    this.#metrics = metrics;
    this.#readAtMs = nowMs;
  }

  read(nowMs: number): DataPoint[] {
    const { streams, inputs } = this.#metrics.totals();
    const isSpout = this.#metrics.description.kind === 'spout';
    const points = streams.flatMap(({ name, emitted, transferred }) => [
      ...count('__emit-count', name, emitted),
      ...count('__transfer-count', name, transferred),
    ]);
    for (const input of inputs) {
      // no id holds the zero character between component and stream
      const name = input.name.replace('\0', ':');
      points.push(...count('__ack-count', name, input.acked), ...count('__fail-count', name, input.failed));
      points.push(...count('__execute-count', name, input.executed));
      const latency = isSpout ? '__complete-latency' : '__process-latency';
      points.push(...this.#average(latency, name, input.latencyMs, input.latencyCount));
      points.push(...this.#average('__execute-latency', name, input.executeMs, input.executed));
    }
    if (!isSpout && inputs.length > 0) points.push(this.#capacity(inputs, nowMs));
    return points;
  }

  #average(kind: string, stream: string, sumMs: number, total: number): DataPoint[] {
    if (total === 0) return [];
    const name = `${kind}-${stream}`;
    const before = this.#averages.get(name) ?? { sumMs: 0, count: 0, average: 0 };
    const measured = total - before.count;
    const average = measured === 0 ? before.average : (sumMs - before.sumMs) / measured;
    this.#averages.set(name, { sumMs, count: total, average });
    return [{ name, value: java.double(average) }];
  }

  /** The share of its time that the task has worked. */
  #capacity(inputs: readonly { readonly executeMs: number }[], nowMs: number): DataPoint {
    const executeMs = inputs.reduce((sum, input) => sum + input.executeMs, 0);
    const elapsedMs = Math.max(1, nowMs - this.#readAtMs);
    const capacity = (executeMs - this.#executeMs) / elapsedMs;
    this.#executeMs = executeMs;
    this.#readAtMs = nowMs;
    return { name: '__capacity', value: java.double(capacity) };
  }
}

function count(kind: string, stream: string, total: number): DataPoint[] {
  return total === 0 ? [] : [{ name: `${kind}-${stream}`, value: java.long(BigInt(Math.trunc(total))) }];
}
