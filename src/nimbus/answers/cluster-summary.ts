import type { ClusterOverview, SupervisorRow } from '../../queries/index.ts';
import type { ClusterSummary, NimbusSummary, SupervisorSummary } from '../../rpc/index.ts';
import { stormVersion } from '../submission-checks.ts';
import { topologySummary } from './topology-summary.ts';

/** Projects `getClusterInfo`. */
export function clusterSummary(
  { supervisors, topologies }: ClusterOverview,
  nimbus: NimbusSummary,
): ClusterSummary {
  return {
    supervisors: supervisors.map(supervisorSummary),
    topologies: topologies.map(topologySummary),
    nimbuses: [nimbus],
  };
}

export function supervisorSummary(row: SupervisorRow): SupervisorSummary {
  return {
    host: row.hostname,
    uptime_secs: row.uptimeSecs,
    num_workers: row.slots,
    num_used_workers: row.slotsUsed,
    supervisor_id: row.nodeId,
    version: stormVersion,
    total_resources: new Map(),
  };
}
