import type { ErrorChoice, ExecutorRow, TopologyDetail, UnreadableRow } from '../../queries/index.ts';
import type { ExecutorSummary, NumErrorsChoice, TopologyInfo } from '../../rpc/index.ts';
import { errorInfo } from './aggregate-stats.ts';
import { emptyStats, thriftStats } from './executor-stats.ts';
import { unreadableStatus } from './topology-summary.ts';

const choices = { ALL: 'all', ONE: 'newest', NONE: 'none' } as const;

export function errorChoice(choice: NumErrorsChoice | undefined): ErrorChoice {
  return choices[choice ?? 'ALL'];
}

/**
 * Projects `getTopologyInfo`: raw rows, an executor for each one placed and the errors of every component.
 */
export function topologyInfo(detail: TopologyDetail | UnreadableRow, nowMs: number): TopologyInfo {
  if (detail.kind === 'unreadable') return unreadableInfo(detail, nowMs);
  return {
    id: detail.id,
    name: detail.name,
    uptime_secs: detail.uptimeSecs,
    executors: detail.executorRows.map(executorSummary),
    status: detail.status,
    errors: new Map([...detail.errors].map(([componentId, errors]) => [componentId, errors.map(errorInfo)])),
    component_debug: new Map(),
    storm_version: detail.stormVersion,
    sched_status: detail.schedulingStatus,
    owner: detail.owner,
    replication_count: 1,
  };
}

/** The reason is also listed as an error, where users look when nothing runs. */
function unreadableInfo({ id, name, reason }: UnreadableRow, nowMs: number): TopologyInfo {
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

function executorSummary(row: ExecutorRow): ExecutorSummary {
  return {
    executor_info: { task_start: row.executor[0], task_end: row.executor[1] },
    component_id: row.componentId,
    host: row.hostname,
    port: row.port,
    uptime_secs: row.uptimeSecs,
    stats: row.stats === undefined ? emptyStats(row.kind) : thriftStats(row.stats),
  };
}
