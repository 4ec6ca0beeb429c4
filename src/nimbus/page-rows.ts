import type { JsonObject } from '../base/index.ts';
import type { HeartbeatRecord, TopologyRecord } from '../records/index.ts';
import type { WorkerSummary } from '../rpc/index.ts';
import type { Component, LogicalTopology, PackingPlan, PlannedTask } from '../topology/index.ts';
import { completeStats } from './executor-stats.ts';
import { isSystemId, type StatsRow } from './stats-totals.ts';
import { statsByExecutor, type TopologyView } from './topology-info.ts';

/** Everything that a page of one topology is made from. */
export interface PageSource extends TopologyView {
  readonly system: LogicalTopology;
  readonly heartbeats: readonly HeartbeatRecord[];
  /** The topology's, with the cluster's under it. */
  readonly conf: JsonObject;
  readonly nowMs: number;
}

/** Which part of the statistics a page shows. Storm's windows are "600", "10800", "86400" and ":all-time". */
export interface PageChoice {
  readonly window: string;
  /** Also components and streams of the system. */
  readonly includeSystem: boolean;
  /**
   * Percentiles of latencies and counts of restarts as well, in the map of resources, for Storm's page has no place for
   * them: asked for by a window like "600+additions", which no client of Storm's knows.
   */
  readonly withAdditions?: boolean;
}

/** Executors that are placed and have sent statistics, by first task (StatsUtil.extractDataFromHb 2.8). */
export function statsRows(
  { assignment, heartbeats }: Pick<PageSource, 'assignment' | 'heartbeats'>,
  includeSystem: boolean,
): StatsRow[] {
  if (assignment === undefined) return [];
  const { plan } = assignment;
  const places = placesOf(plan);
  const statsOf = statsByExecutor(heartbeats);
  return executorsOfPlan(plan)
    .filter(({ componentId }) => includeSystem || !isSystemId(componentId))
    .flatMap((task) => {
      const stats = statsOf(task);
      if (stats === undefined) return [];
      const { executor, componentId } = task;
      return [{ executor, componentId, ...places(task), stats: completeStats(stats) }];
    });
}

/** The first task of every executor, ascending. */
export function executorsOfPlan(plan: PackingPlan): PlannedTask[] {
  return plan.tasks
    .filter((task) => task.taskId === task.executor[0])
    .sort((left, right) => left.taskId - right.taskId);
}

export function placesOf(plan: PackingPlan): (task: PlannedTask) => { host: string; port: number } {
  const containers = new Map(plan.containers.map((container) => [container.containerId, container]));
  return (task) => {
    const container = containers.get(task.containerId);
    return { host: container?.hostname ?? '', port: container?.slotPort ?? 0 };
  };
}

/**
 * The workers of a topology (StatsUtil.aggWorkerStats 2.8), or those on one node: how many executors, and how many tasks
 * of each component. Memory and CPU are 0: nothing is set aside for workers here.
 */
export function workerSummaries(
  source: Pick<PageSource, 'assignment' | 'heartbeats'> & { readonly record: TopologyRecord },
  options: { readonly includeSystem: boolean; readonly nodeId?: string },
): WorkerSummary[] {
  const { assignment, heartbeats, record } = source;
  if (assignment === undefined) return [];
  const { containers, tasks } = assignment.plan;
  return containers
    .filter(({ nodeId }) => options.nodeId === undefined || nodeId === options.nodeId)
    .filter(({ containerId }) => tasks.some((task) => task.containerId === containerId))
    .map((container) => {
      const own = tasks.filter((task) => task.containerId === container.containerId);
      const beat = heartbeats.find((each) => each.containerId === container.containerId);
      const shown = own.filter(({ componentId }) => options.includeSystem || !isSystemId(componentId));
      return {
        supervisor_id: container.nodeId,
        host: container.hostname,
        port: container.slotPort,
        topology_id: record.id,
        topology_name: record.name,
        num_executors: own.filter((task) => task.taskId === task.executor[0]).length,
        component_to_num_tasks: countBy(shown.map(({ componentId }) => componentId)),
        uptime_secs: beat?.uptimeSecs ?? 0,
        assigned_memonheap: 0,
        assigned_memoffheap: 0,
        assigned_cpu: 0,
        owner: record.owner,
      };
    });
}

function countBy(ids: readonly string[]): ReadonlyMap<string, bigint> {
  const counts = new Map<string, bigint>();
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0n) + 1n);
  return counts;
}

/** What Storm takes a component for: everything that is neither a bolt nor the system's is a spout to it. A log's source is one as well. */
export function kindOfComponent(components: readonly Component[], componentId: string): 'spout' | 'bolt' {
  const component = components.find(({ id }) => id === componentId);
  if (component?.kind === 'bolt') return 'bolt';
  return isSystemId(componentId) && component?.kind !== 'spout' ? 'bolt' : 'spout';
}
