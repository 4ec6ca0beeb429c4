import {
  type AssignmentRecord,
  type ContainerRecord,
  type ErrorRecord,
  type ExecutorStatsRecord,
  type HeartbeatRecord,
  keys,
  type RecordStore,
  readable,
  type TopologyRecord,
} from '../records/index.ts';
import type { ErrorInfo, ExecutorSummary, NumErrorsChoice, TopologyInfo } from '../rpc/index.ts';
import type { Component, ExecutorId, LogicalTopology, PlannedTask } from '../topology/index.ts';
import { emptyStats, thriftStats } from './executor-stats.ts';

/** What is known of a topology besides its record. */
export interface TopologyView {
  readonly record: TopologyRecord;
  /** Undefined before the scheduler's first decision. */
  readonly assignment: AssignmentRecord | undefined;
}

/** One that cannot be read places nothing, and says why; the scheduler replaces it at its next start. */
export async function readAssignment(store: RecordStore, id: string): Promise<AssignmentRecord | undefined> {
  const found = await store.read(keys.assignment(id));
  if (found === undefined) return undefined;
  if (found.kind === 'read') return found.record;
  return {
    plan: { topologyId: id, version: 0, codeVersion: 0, containers: [], tasks: [] },
    reason: `the record ${keys.assignment(id).path} cannot be read: ${found.reason}`,
  };
}

/**
 * The raw rows that Storm's getTopologyInfo answers (2.8): an executor for each one placed, with the statistics of its
 * last heartbeat or zeros before the first, and the errors of every component, newest first.
 */
export async function readTopologyInfo(
  store: RecordStore,
  { record, assignment }: TopologyView,
  options: { readonly system: LogicalTopology; readonly errors: NumErrorsChoice; readonly nowMs: number },
): Promise<TopologyInfo> {
  const [heartbeats, errors] = await Promise.all([
    readHeartbeats(store, record.id),
    readErrors(store, record.id, options),
  ]);
  return {
    id: record.id,
    name: record.name,
    uptime_secs: uptimeSecs(record, options.nowMs),
    executors: executorsOf(assignment, heartbeats, options.system),
    status: record.status,
    errors,
    component_debug: new Map(),
    storm_version: record.stormVersion,
    sched_status: schedulingStatus(assignment),
    owner: record.owner,
    replication_count: 1,
  };
}

export function uptimeSecs(record: TopologyRecord, nowMs: number): number {
  return Math.max(0, Math.floor(nowMs / 1000) - record.launchedAtSecs);
}

/** One line on whether everything that was asked for is placed. */
export function schedulingStatus(assignment: AssignmentRecord | undefined): string {
  if (assignment === undefined) return 'Not scheduled yet';
  return assignment.reason === '' ? 'Fully Scheduled' : assignment.reason;
}

/** The executors that are placed, by first task. `__system` runs in every worker but is no executor here, as in Storm. */
export function executorsOf(
  assignment: AssignmentRecord | undefined,
  heartbeats: readonly HeartbeatRecord[],
  system: LogicalTopology,
): ExecutorSummary[] {
  if (assignment === undefined) return [];
  const { containers, tasks } = assignment.plan;
  const containerById = new Map(containers.map((container) => [container.containerId, container]));
  const componentById = new Map(system.components.map((component) => [component.id, component]));
  const statsOf = statsByExecutor(heartbeats);
  return tasks
    .filter((task) => task.taskId === task.executor[0])
    .map((task) => {
      const container = containerById.get(task.containerId);
      const stats = statsOf(task);
      return {
        executor_info: { task_start: task.executor[0], task_end: task.executor[1] },
        component_id: task.componentId,
        host: container?.hostname ?? '',
        port: container?.slotPort ?? 0,
        uptime_secs: stats?.uptimeSecs ?? 0,
        stats:
          stats === undefined ? emptyStats(kindOf(componentById.get(task.componentId))) : thriftStats(stats),
      };
    })
    .sort((left, right) => left.executor_info.task_start - right.executor_info.task_start);
}

/**
 * The statistics of an executor from the container that it is placed in: another one may still tell of the time before
 * the executor moved.
 */
export function statsByExecutor(
  heartbeats: readonly HeartbeatRecord[],
): (task: PlannedTask) => ExecutorStatsRecord | undefined {
  const keyOf = (containerId: number, executor: ExecutorId): string => `${containerId} ${executor.join('-')}`;
  const byKey = new Map(
    heartbeats.flatMap(({ containerId, executors }) =>
      executors.map((stats) => [keyOf(containerId, stats.executor), stats] as const),
    ),
  );
  return ({ containerId, executor }) => byKey.get(keyOf(containerId, executor));
}

function kindOf(component: Component | undefined): 'spout' | 'bolt' {
  return component?.kind === 'spout' ? 'spout' : 'bolt';
}

/** A damaged heartbeat is left out: the next one of its container replaces it. */
export async function readHeartbeats(store: RecordStore, id: string): Promise<HeartbeatRecord[]> {
  return readable(await store.list(keys.heartbeats(id)));
}

/** What the scheduler has written of the container processes, by container id. */
export async function readContainers(
  store: RecordStore,
  id: string,
): Promise<ReadonlyMap<number, ContainerRecord>> {
  const found = await store.list(keys.containers(id));
  return new Map(
    found.flatMap((each) => (each.kind === 'read' ? [[Number(each.id), each.record] as const] : [])),
  );
}

/** A list for every component, also where it is empty, as in Storm. */
async function readErrors(
  store: RecordStore,
  id: string,
  options: { readonly system: LogicalTopology; readonly errors: NumErrorsChoice },
): Promise<Map<string, ErrorInfo[]>> {
  const byComponent = new Map<string, ErrorInfo[]>(
    options.system.components.map((component) => [component.id, []]),
  );
  if (options.errors === 'NONE') return byComponent;
  for (const componentId of await store.listIds(keys.errorsOf(id))) {
    const newestFirst = await readErrorsOf(store, id, componentId);
    byComponent.set(componentId, options.errors === 'ONE' ? newestFirst.slice(0, 1) : newestFirst);
  }
  return byComponent;
}

/** The errors of one component that are kept, newest first. */
export async function readErrorsOf(
  store: RecordStore,
  id: string,
  componentId: string,
): Promise<ErrorInfo[]> {
  return readable(await store.readAll(keys.errors(id, componentId)))
    .map(errorInfo)
    .reverse();
}

function errorInfo(record: ErrorRecord): ErrorInfo {
  return {
    error: record.error,
    error_time_secs: record.timeSecs,
    host: record.host,
    port: record.port,
  };
}
