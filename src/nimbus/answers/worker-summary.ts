import type { WorkerRow } from '../../queries/index.ts';
import type { WorkerSummary } from '../../rpc/index.ts';
import { i64Map } from './aggregate-stats.ts';

/** Projects a worker. Memory and CPU are 0: the gateway reserves none for workers. */
export function workerSummary(row: WorkerRow): WorkerSummary {
  return {
    supervisor_id: row.nodeId,
    host: row.hostname,
    port: row.port,
    topology_id: row.topologyId,
    topology_name: row.topologyName,
    num_executors: row.executors,
    component_to_num_tasks: i64Map(row.tasksByComponent),
    uptime_secs: row.uptimeSecs,
    assigned_memonheap: 0,
    assigned_memoffheap: 0,
    assigned_cpu: 0,
    owner: row.owner,
  };
}
