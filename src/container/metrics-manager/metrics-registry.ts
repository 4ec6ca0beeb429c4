import type { Clock } from '../../base/index.ts';
import type { ExecutorStatsRecord } from '../../records/index.ts';
import type { PlannedTask } from '../../topology/index.ts';
import { mergeRecords } from './merge-records.ts';
import { type TaskDescription, TaskMetrics } from './task-metrics.ts';

/** The counters of all tasks of a container that run in TypeScript. They outlive a restart of their host. */
export class MetricsRegistry {
  readonly #clock: Clock;
  #all: TaskMetrics[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The counters of a task: new at the first call, the same ones for every restart after it. */
  task(description: TaskDescription): TaskMetrics {
    const known = this.#all.find((metrics) => metrics.description.taskId === description.taskId);
    if (known !== undefined) return known;
    const metrics = new TaskMetrics(description, this.#clock.monotonicMs());
    this.#all.push(metrics);
    return metrics;
  }

  /**
   * The tasks of this container by a new packing plan. Counters of tasks that have left are reported no
   * longer; those of tasks that stay go by their new executor.
   */
  repack(own: readonly PlannedTask[]): void {
    this.#all = this.#all.filter((metrics) => {
      const staying = own.find(({ taskId }) => taskId === metrics.description.taskId);
      if (staying !== undefined) metrics.executor = staying.executor;
      return staying !== undefined;
    });
  }

  /** Starts the buckets that are due; called about once a second. */
  rotate(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const metrics of this.#all) metrics.rotate(nowMs);
  }

  /** One for each executor. */
  records(): readonly ExecutorStatsRecord[] {
    const nowMs = this.#clock.monotonicMs();
    const byFirstTask = new Map<number, ExecutorStatsRecord>();
    for (const metrics of this.#all) {
      const [firstTask] = metrics.executor;
      const record = metrics.record(nowMs);
      const other = byFirstTask.get(firstTask);
      byFirstTask.set(firstTask, other === undefined ? record : mergeRecords(other, record));
    }
    return [...byFirstTask.values()];
  }
}
