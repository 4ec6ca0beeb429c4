import type { HeartbeatRecord } from '../records/index.ts';
import { isSystemId } from '../topology/index.ts';
import type { TopologyView } from './summaries.ts';

/** A container of a topology that tasks are placed in. */
export interface WorkerRow {
  readonly nodeId: string;
  readonly hostname: string;
  /** Its slot port. */
  readonly port: number;
  readonly topologyId: string;
  readonly topologyName: string;
  readonly owner: string;
  readonly executors: number;
  readonly tasksByComponent: ReadonlyMap<string, number>;
  /** 0 before its first heartbeat. */
  readonly uptimeSecs: number;
}

/** The workers of a topology (StatsUtil.aggWorkerStats 2.8), or those of them on one node. */
export function workerRows(
  { record, assignment }: TopologyView,
  heartbeats: readonly HeartbeatRecord[],
  options: { readonly includeSystem: boolean; readonly nodeId?: string },
): WorkerRow[] {
  if (assignment === undefined) return [];
  const { containers, tasks } = assignment.plan;
  return containers
    .filter(({ nodeId }) => options.nodeId === undefined || nodeId === options.nodeId)
    .filter(({ containerId }) => tasks.some((task) => task.containerId === containerId))
    .map(({ nodeId, hostname, slotPort: port, containerId }) => {
      const own = tasks.filter((task) => task.containerId === containerId);
      const shown = own.filter(({ componentId }) => options.includeSystem || !isSystemId(componentId));
      return {
        ...{ nodeId, hostname, port },
        topologyId: record.id,
        topologyName: record.name,
        owner: record.owner,
        executors: own.filter((task) => task.taskId === task.executor[0]).length,
        tasksByComponent: countBy(shown.map(({ componentId }) => componentId)),
        uptimeSecs: heartbeats.find((each) => each.containerId === containerId)?.uptimeSecs ?? 0,
      };
    });
}

function countBy(ids: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}
