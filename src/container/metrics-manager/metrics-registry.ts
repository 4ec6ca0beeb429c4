import type { Clock } from '../../base/index.ts';
import type { ExecutorStatsRecord } from '../../topology/index.ts';
import { type ExecutorDescription, ExecutorMetrics } from './executor-metrics.ts';

/** The counters of all executors of a container that run in TypeScript. They outlive a restart of their host. */
export class MetricsRegistry {
  readonly #clock: Clock;
  readonly #byFirstTask = new Map<number, ExecutorMetrics>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The counters of an executor: new at the first call, the same ones for every task and every restart after it. */
  executor(description: ExecutorDescription): ExecutorMetrics {
    const firstTask = description.executor[0];
    let metrics = this.#byFirstTask.get(firstTask);
    if (metrics === undefined) {
      metrics = new ExecutorMetrics(description, this.#clock.monotonicMs());
      this.#byFirstTask.set(firstTask, metrics);
    }
    return metrics;
  }

  /** Starts the buckets that are due; called about once a second. */
  rotate(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const metrics of this.#byFirstTask.values()) metrics.rotate(nowMs);
  }

  records(): readonly ExecutorStatsRecord[] {
    const nowMs = this.#clock.monotonicMs();
    return [...this.#byFirstTask.values()].map((metrics) => metrics.record(nowMs));
  }
}
