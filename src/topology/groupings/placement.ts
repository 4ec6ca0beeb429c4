import type { PackingPlan, PlannedContainer, TaskId } from '../model.ts';
import type { Locality } from './load-aware-shuffle.ts';

/** A packing plan seen from one container: what is near and what is far. */
export class TaskPlacement {
  readonly #containerId: number;
  readonly #own: PlannedContainer | undefined;
  readonly #containerOfTask: ReadonlyMap<TaskId, PlannedContainer>;

  constructor(plan: PackingPlan, containerId: number) {
    const containers = new Map(plan.containers.map((container) => [container.containerId, container]));
    this.#containerId = containerId;
    this.#own = containers.get(containerId);
    this.#containerOfTask = new Map(
      plan.tasks.flatMap((task) => {
        const container = containers.get(task.containerId);
        return container === undefined ? [] : [[task.taskId, container] as const];
      }),
    );
  }

  /** The tasks of this container among `tasks`, or all of them when none is. */
  sameContainer(tasks: readonly TaskId[]): readonly TaskId[] {
    const own = tasks.filter((task) => this.#containerOfTask.get(task)?.containerId === this.#containerId);
    return own.length === 0 ? tasks : own;
  }

  /**
   * Storm's default network topography knows one rack, so all that is placed is at least in the same rack.
   */
  localityOf(task: TaskId): Locality {
    const container = this.#containerOfTask.get(task);
    if (container === undefined) return 'everything';
    if (container.containerId === this.#containerId) return 'worker';
    return container.nodeId === this.#own?.nodeId ? 'host' : 'rack';
  }
}
