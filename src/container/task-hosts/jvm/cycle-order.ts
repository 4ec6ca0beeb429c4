import { FlowGraph, type TaskId, type TopologyIndex } from '../../../topology/index.ts';

/**
 * Storm holds back every bolt of a worker that feeds a task under pressure elsewhere, even when that task in
 * turn waits for the bolt: full queues on one cycle then deadlock. So the tasks of a topology have an order.
 * While a worker has a task under pressure itself, it obeys, among the tasks on that task's cycle, only those
 * that come earlier in the order. A worker that waits on a cycle then waits for an earlier task, and the
 * worker of the first one continues to emit, into a queue that grows by no more than what the other tasks
 * held and what results from it: everything upstream of a cycle is held back all the while.
 *
 * Tasks that spouts feed directly come first: a spout in the same worker receives the same report and must
 * stay held.
 */
export class CycleOrder {
  readonly #own: ReadonlySet<TaskId>;
  /**
   * For each task that bolts of this worker feed and share a cycle with: the worker's tasks on that cycle.
   */
  readonly #fellows: ReadonlyMap<TaskId, ReadonlySet<TaskId>>;
  readonly #place: (task: TaskId) => number;

  /** `own`: the tasks of the worker. */
  constructor(topology: TopologyIndex, own: readonly TaskId[]) {
    this.#own = new Set(own);
    this.#fellows = fellowsOf(topology, own);
    const first = fedBySpouts(topology);
    this.#place = (task) => (first.has(task) ? task : task + topology.taskCount);
  }

  /** The tasks under pressure for which the worker must hold its own tasks back. */
  heeded(pressured: readonly TaskId[]): readonly TaskId[] {
    const own = pressured.filter((task) => this.#own.has(task));
    if (own.length === 0) return pressured;
    return pressured.filter((task) => {
      const fellows = this.#fellows.get(task);
      return fellows === undefined || !own.some((each) => fellows.has(each) && this.#isBefore(each, task));
    });
  }

  #isBefore(one: TaskId, other: TaskId): boolean {
    return this.#place(one) < this.#place(other);
  }
}

function fellowsOf(topology: TopologyIndex, own: readonly TaskId[]): Map<TaskId, ReadonlySet<TaskId>> {
  const graph = new FlowGraph(topology);
  const components = new Set(own.map((task) => topology.componentOf(task)!));
  const fed = [...components].flatMap((id) =>
    [...graph.directlyAfter(id)].filter((after) => graph.areOnOneCycle(id, after)),
  );
  const fellows = new Map<TaskId, ReadonlySet<TaskId>>();
  for (const id of new Set(fed)) {
    const onCycle = own.filter((task) => graph.areOnOneCycle(topology.componentOf(task)!, id));
    for (const task of topology.tasksOf(id)) fellows.set(task, new Set(onCycle));
  }
  return fellows;
}

function fedBySpouts(topology: TopologyIndex): ReadonlySet<TaskId> {
  const graph = new FlowGraph(topology);
  const spouts = topology.topology.components.filter(({ kind }) => kind === 'spout');
  const fed = spouts.flatMap(({ id }) => [...graph.directlyAfter(id)]);
  return new Set(fed.flatMap((id) => topology.tasksOf(id)));
}
