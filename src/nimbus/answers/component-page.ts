import type { ComponentPage, ExecutorWindowRow } from '../../queries/index.ts';
import type { ComponentPageInfo, ExecutorAggregateStats } from '../../rpc/index.ts';
import { aggregateStats, errorInfo } from './aggregate-stats.ts';

/** Projects `getComponentPageInfo`. */
export function componentPageInfo(page: ComponentPage): ComponentPageInfo {
  return {
    component_id: page.componentId,
    component_type: page.kind === 'spout' ? 'SPOUT' : 'BOLT',
    topology_id: page.topologyId,
    topology_name: page.topologyName,
    num_executors: page.executors.length,
    num_tasks: page.tasks,
    window_to_stats: new Map([...page.byWindow].map(([window, stats]) => [window, aggregateStats(stats)])),
    gsid_to_input_stats: page.kind === 'spout' ? undefined : inputStats(page),
    sid_to_output_stats: new Map(
      page.outputs.map(({ streamId, stats }) => [streamId, aggregateStats(stats)]),
    ),
    exec_stats: page.executors.map(executorStats),
    errors: page.errors.map(errorInfo),
    eventlog_host: page.eventLogger?.hostname,
    eventlog_port: page.eventLogger?.port,
    topology_status: page.topologyStatus,
    resources_map: page.resources,
  };
}

function inputStats({ inputs }: ComponentPage): ComponentPageInfo['gsid_to_input_stats'] {
  return inputs.map(({ sourceComponentId, sourceStreamId, stats }) => [
    { componentId: sourceComponentId, streamId: sourceStreamId },
    aggregateStats(stats),
  ]);
}

function executorStats(row: ExecutorWindowRow): ExecutorAggregateStats {
  return {
    exec_summary: {
      executor_info: { task_start: row.executor[0], task_end: row.executor[1] },
      component_id: row.componentId,
      host: row.hostname,
      port: row.port,
      uptime_secs: row.uptimeSecs,
    },
    stats: aggregateStats(row.stats),
  };
}
