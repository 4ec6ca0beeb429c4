import type { TopologyRow } from '../../queries/index.ts';
import type { TopologySummary } from '../../rpc/index.ts';

/** The status of an unreadable topology: as wide as Storm's column, and none of Storm's own statuses. */
export const unreadableStatus = 'UNREADABLE';

/** Projects a row of `storm list`. */
export function topologySummary(row: TopologyRow): TopologySummary {
  if (row.kind === 'unreadable') {
    return {
      ...{ id: row.id, name: row.name, num_tasks: 0, num_executors: 0, num_workers: 0, uptime_secs: 0 },
      status: unreadableStatus,
      sched_status: row.reason,
      owner: '',
      replication_count: 1,
    };
  }
  return {
    id: row.id,
    name: row.name,
    num_tasks: row.tasks,
    num_executors: row.executors,
    num_workers: row.workers,
    uptime_secs: row.uptimeSecs,
    status: row.status,
    storm_version: row.stormVersion,
    sched_status: row.schedulingStatus,
    owner: row.owner,
    replication_count: 1,
  };
}
