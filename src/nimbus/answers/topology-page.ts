import type { ComponentRow, TopologyPage } from '../../queries/index.ts';
import type { ComponentAggregateStats, TopologyPageInfo } from '../../rpc/index.ts';
import { aggregateStats, errorInfo, i64Map } from './aggregate-stats.ts';
import { workerSummary } from './worker-summary.ts';

/** Projects `getTopologyPageInfo`. */
export function topologyPageInfo(page: TopologyPage): TopologyPageInfo {
  const { totals } = page;
  return {
    id: page.id,
    name: page.name,
    uptime_secs: page.uptimeSecs,
    status: page.status,
    num_tasks: page.tasks,
    num_workers: page.workersReporting,
    num_executors: page.executors,
    topology_conf: page.confText,
    id_to_spout_agg_stats: new Map(page.spouts.map((row) => [row.id, componentStats(row)])),
    id_to_bolt_agg_stats: new Map(page.bolts.map((row) => [row.id, componentStats(row)])),
    sched_status: page.schedulingStatus,
    topology_stats: {
      window_to_emitted: i64Map(totals.emitted),
      window_to_transferred: i64Map(totals.transferred),
      window_to_complete_latencies_ms: totals.completeLatencyMs,
      window_to_acked: i64Map(totals.acked),
      window_to_failed: i64Map(totals.failed),
    },
    owner: page.owner,
    replication_count: 1,
    workers: page.workers?.map(workerSummary),
    storm_version: page.stormVersion,
  };
}

/** Without any statistics, Storm sets neither a last error nor the number of failures. */
function componentStats(row: ComponentRow): ComponentAggregateStats {
  const stats = aggregateStats(row.stats, row);
  const failed = row.hasReported ? stats.common_stats!.failed : undefined;
  return {
    ...stats,
    common_stats: { ...stats.common_stats, failed, resources_map: resourcesMap(row) },
    last_error: row.lastError === undefined ? undefined : errorInfo(row.lastError),
  };
}

/**
 * Storm's page has no field for latencies and restarts: they are added to the resources, under names of our
 * own.
 */
function resourcesMap({ resources, recovery }: ComponentRow): ReadonlyMap<string, number> | undefined {
  if (resources === undefined || recovery === undefined) return resources;
  const { latency, restarts } = recovery;
  const latencies =
    latency === undefined
      ? []
      : ([
          ['latency.count', latency.count],
          ['latency.p50.ms', latency.p50Ms],
          ['latency.p90.ms', latency.p90Ms],
          ['latency.p99.ms', latency.p99Ms],
          ['latency.p999.ms', latency.p999Ms],
        ] as const);
  return new Map([...resources, ...latencies, ['restarts', restarts]]);
}
