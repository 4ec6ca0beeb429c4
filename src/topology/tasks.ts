import type { JsonObject } from '../base/index.ts';
import { confKeys, readInt } from './conf-values.ts';
import type { Component, ComponentId, ExecutorId, LogicalTopology, TaskId } from './model.ts';

/** The task id of `__system`, which exists once in each worker (Storm Constants.SYSTEM_TASK_ID). */
export const systemTaskId: TaskId = -1;

export interface PlannedExecutor {
  readonly executor: ExecutorId;
  readonly componentId: ComponentId;
}

/** Executors that a component asks for: its parallelism hint, 1 without one (Thrift.getParallelismHint). */
export function executorCountOf(component: Component): number {
  return component.parallelismHint ?? 1;
}

/**
 * Tasks of a submitted component (ServerUtils.getComponentParallelism): `topology.tasks` of the component,
 * else of the topology, else its executors; never more than `topology.max.task.parallelism`. Nimbus writes
 * this number into the component's own configuration, where a system topology keeps it. Throws
 * `TOPOLOGY_INVALID`.
 */
export function taskCountOf(component: Component, topologyConf: JsonObject): number {
  const owner = `component ${component.id}`;
  // Not the two laid over each other: a copy for each component would cost the product of two sizes.
  const read = (key: string): number | undefined =>
    readInt(Object.hasOwn(component.conf, key) ? component.conf : topologyConf, key, owner);
  const taskCount = read(confKeys.tasks) ?? executorCountOf(component);
  const most = read(confKeys.maxTaskParallelism);
  return most === undefined ? taskCount : Math.min(most, taskCount);
}

/**
 * Numbers the tasks of a system topology (StormCommon.stormTaskInfo): components in the order of Java strings
 * (by UTF-16 unit, which is JavaScript's too), tasks from 1 on. Components without tasks get none, `__system`
 * among them.
 */
export function assignTaskIds(systemTopology: LogicalTopology): Map<ComponentId, TaskId[]> {
  const counts = new Map(
    systemTopology.components.map((component) => [
      component.id,
      readInt(component.conf, confKeys.tasks, `component ${component.id}`) ?? 0,
    ]),
  );
  const assigned = new Map<ComponentId, TaskId[]>();
  let next = 1;
  for (const id of [...counts.keys()].sort()) {
    const count = counts.get(id)!;
    if (count <= 0) continue;
    assigned.set(
      id,
      Array.from({ length: count }, () => next++),
    );
  }
  return assigned;
}

/**
 * The executors of a system topology, ascending (Nimbus.computeExecutors): the tasks of each component cut
 * into as many contiguous runs as it has executors, the longer runs first. Fewer when there are fewer tasks
 * than executors. `rebalanced` holds the executors of components that no longer have as many as they were
 * submitted with.
 */
export function computeExecutors(
  systemTopology: LogicalTopology,
  rebalanced: Readonly<Record<ComponentId, number>> = {},
): PlannedExecutor[] {
  const tasksByComponent = assignTaskIds(systemTopology);
  const executors = systemTopology.components.flatMap((component) => {
    const tasks = tasksByComponent.get(component.id) ?? [];
    // A name like `constructor` must not be found unless the client used it.
    const count = Object.hasOwn(rebalanced, component.id)
      ? rebalanced[component.id]!
      : executorCountOf(component);
    return cutIntoRuns(tasks, count).map((run) => ({
      executor: [run[0]!, run.at(-1)!] as const,
      componentId: component.id,
    }));
  });
  return executors.sort((a, b) => a.executor[0] - b.executor[0]);
}

/** Storm's Utils.partitionFixed: at most `runCount` runs, none empty, sizes differing by at most one. */
function cutIntoRuns(tasks: readonly TaskId[], runCount: number): TaskId[][] {
  if (runCount <= 0) return [];
  const short = Math.floor(tasks.length / runCount);
  const longCount = tasks.length % runCount;
  const runs: TaskId[][] = [];
  for (let start = 0; start < tasks.length; ) {
    const end = start + short + (runs.length < longCount ? 1 : 0);
    runs.push(tasks.slice(start, end));
    start = end;
  }
  return runs;
}
