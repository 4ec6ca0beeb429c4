import type { TaskId } from '../../../topology/index.ts';
import type { LoadReport } from '../../links/index.ts';

/** The newest queue load that was reported for each task, here and by peers. */
export class TaskLoads {
  readonly #loads = new Map<TaskId, number>();

  take(report: LoadReport): void {
    for (const [task, load] of report.loads) this.#loads.set(task, load);
  }

  /** Undefined before the first load was reported. */
  report(): LoadReport | undefined {
    return this.#loads.size === 0 ? undefined : { type: 'loads', loads: [...this.#loads] };
  }

  /** Undefined before the first load was reported, of whatever task. */
  reportOf(tasks: readonly TaskId[]): LoadReport | undefined {
    if (this.#loads.size === 0) return undefined;
    const wanted = new Set(tasks);
    return { type: 'loads', loads: [...this.#loads].filter(([task]) => wanted.has(task)) };
  }
}
