import type { TaskId } from '../../../topology/index.ts';

/**
 * The union of the tasks that several reporters say are under pressure. A report replaces the last one of its
 * reporter; a task is under pressure while at least one reporter says so.
 */
export class PressureUnion {
  /** Invariant: no report is empty. */
  readonly #reports = new Map<string, ReadonlySet<TaskId>>();
  /** Invariant: for each task the number of reports that contain it, and no task with 0. */
  readonly #reportersOfTask = new Map<TaskId, number>();

  /** Returns whether the union has changed. An empty report removes the reporter. */
  report(reporter: string, tasks: Iterable<TaskId>): boolean {
    const before = this.#reports.get(reporter) ?? new Set<TaskId>();
    const after = new Set(tasks);
    let hasChanged = false;
    for (const task of after) if (!before.has(task)) hasChanged = this.#count(task, 1) || hasChanged;
    for (const task of before) if (!after.has(task)) hasChanged = this.#count(task, -1) || hasChanged;
    if (after.size === 0) this.#reports.delete(reporter);
    else this.#reports.set(reporter, after);
    return hasChanged;
  }

  /** Ascending. */
  tasks(): readonly TaskId[] {
    return [...this.#reportersOfTask.keys()].sort((a, b) => a - b);
  }

  /** Returns whether the task entered or left the union. */
  #count(task: TaskId, change: 1 | -1): boolean {
    const reporters = (this.#reportersOfTask.get(task) ?? 0) + change;
    if (reporters > 0) this.#reportersOfTask.set(task, reporters);
    else this.#reportersOfTask.delete(task);
    return change === 1 ? reporters === 1 : reporters === 0;
  }
}
