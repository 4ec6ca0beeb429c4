import {
  type AssignmentRecord,
  keys,
  type RecordStore,
  readable,
  type SupervisorRecord,
} from '../records/index.ts';
import type {
  ClusterSummary,
  NimbusSummary,
  SupervisorSummary,
  TopologyInfo,
  TopologySummary,
} from '../rpc/index.ts';
import { stormVersion } from './submission-checks.ts';
import type { StoredTopology, Topologies, UnreadableTopology } from './topologies.ts';
import { readAssignment, schedulingStatus, type TopologyView, uptimeSecs } from './topology-info.ts';

/** A row of `storm list`. Numbers are of what is placed: a new topology shows none before it is scheduled. */
export function summarise({ record, assignment }: TopologyView, nowMs: number): TopologySummary {
  const tasks = assignment?.plan.tasks ?? [];
  return {
    id: record.id,
    name: record.name,
    num_tasks: tasks.length,
    num_executors: tasks.filter((task) => task.taskId === task.executor[0]).length,
    num_workers: assignment?.plan.containers.length ?? 0,
    uptime_secs: uptimeSecs(record, nowMs),
    status: record.status,
    storm_version: record.stormVersion,
    sched_status: schedulingStatus(assignment),
    owner: record.owner,
    replication_count: 1,
  };
}

/** What clients see in place of a status: the width of Storm's column, and none of Storm's own words. */
const unreadableStatus = 'UNREADABLE';

/** A row of `storm list` for a topology of which only the name and the reason are known. */
export function summariseUnreadable({ id, name, reason }: UnreadableTopology): TopologySummary {
  return {
    ...{ id, name, num_tasks: 0, num_executors: 0, num_workers: 0, uptime_secs: 0 },
    status: unreadableStatus,
    sched_status: reason,
    owner: '',
    replication_count: 1,
  };
}

/** Its reason stands with the errors, where users look for why nothing runs. */
export function unreadableInfo({ id, name, reason }: UnreadableTopology, nowMs: number): TopologyInfo {
  const error = { error: reason, error_time_secs: Math.floor(nowMs / 1000) };
  return {
    ...{ id, name, uptime_secs: 0, executors: [], status: unreadableStatus },
    errors: new Map([['__system', [error]]]),
    component_debug: new Map(),
    sched_status: reason,
    owner: '',
    replication_count: 1,
  };
}

/** Of the topologies that can be read. */
export async function readViews(store: RecordStore, topologies: Topologies): Promise<TopologyView[]> {
  return viewsOf(store, await topologies.list());
}

/** A row for every topology, also for those whose records cannot be read. */
export async function readSummaries(
  store: RecordStore,
  topologies: Topologies,
  nowMs: number,
): Promise<TopologySummary[]> {
  return (await readRows(store, topologies, nowMs)).rows;
}

/** One that cannot be read is left out: its gateway writes another when it starts. */
export async function readSupervisors(store: RecordStore): Promise<SupervisorRecord[]> {
  return readable(await store.list(keys.supervisors));
}

export async function readClusterSummary(
  store: RecordStore,
  topologies: Topologies,
  options: { readonly nimbus: NimbusSummary; readonly nowMs: number },
): Promise<ClusterSummary> {
  const [{ views, rows }, supervisors] = await Promise.all([
    readRows(store, topologies, options.nowMs),
    readSupervisors(store),
  ]);
  return {
    supervisors: supervisors.map((supervisor) => supervisorSummary(supervisor, views, options.nowMs)),
    topologies: rows,
    nimbuses: [options.nimbus],
  };
}

async function readRows(
  store: RecordStore,
  topologies: Topologies,
  nowMs: number,
): Promise<{ readonly views: TopologyView[]; readonly rows: TopologySummary[] }> {
  const { stored, unreadable } = await topologies.listAll();
  const views = await viewsOf(store, stored);
  return {
    views,
    rows: [...views.map((view) => summarise(view, nowMs)), ...unreadable.map(summariseUnreadable)],
  };
}

function viewsOf(store: RecordStore, stored: readonly StoredTopology[]): Promise<TopologyView[]> {
  return Promise.all(
    stored.map(async ({ record }) => ({ record, assignment: await readAssignment(store, record.id) })),
  );
}

export function supervisorSummary(
  supervisor: SupervisorRecord,
  views: readonly TopologyView[],
  nowMs: number,
): SupervisorSummary {
  const isHere = (assignment: AssignmentRecord): number =>
    assignment.plan.containers.filter(({ nodeId }) => nodeId === supervisor.nodeId).length;
  const used = views.map(({ assignment }) => (assignment === undefined ? 0 : isHere(assignment)));
  return {
    host: supervisor.hostname,
    uptime_secs: Math.max(0, Math.floor((nowMs - supervisor.startedAtMs) / 1000)),
    num_workers: supervisor.slotPorts.length,
    num_used_workers: used.reduce((total, each) => total + each, 0),
    supervisor_id: supervisor.nodeId,
    version: stormVersion,
    total_resources: new Map(),
  };
}
