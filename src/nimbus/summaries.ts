import type { StateStore } from '../coordination/index.ts';
import type { ClusterSummary, NimbusSummary, SupervisorSummary, TopologySummary } from '../rpc/index.ts';
import { type AssignmentRecord, keys, type SupervisorRecord } from '../topology/index.ts';
import { stormVersion } from './submission-checks.ts';
import type { Topologies } from './topologies.ts';
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

export async function readViews(store: StateStore, topologies: Topologies): Promise<TopologyView[]> {
  const found = await topologies.list();
  return Promise.all(
    found.map(async ({ record }) => ({ record, assignment: await readAssignment(store, record.id) })),
  );
}

export async function readClusterSummary(
  store: StateStore,
  topologies: Topologies,
  options: { readonly nimbus: NimbusSummary; readonly nowMs: number },
): Promise<ClusterSummary> {
  const [views, supervisors] = await Promise.all([
    readViews(store, topologies),
    store.list(keys.supervisors),
  ]);
  return {
    supervisors: supervisors.map(({ value }) =>
      supervisorSummary(value as unknown as SupervisorRecord, views, options.nowMs),
    ),
    topologies: views.map((view) => summarise(view, options.nowMs)),
    nimbuses: [options.nimbus],
  };
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
