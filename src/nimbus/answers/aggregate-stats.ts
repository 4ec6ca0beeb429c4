import type { WindowStats } from '../../queries/index.ts';
import type { ErrorRecord } from '../../records/index.ts';
import type { ComponentAggregateStats, ErrorInfo } from '../../rpc/index.ts';

/**
 * Projects sums over a window. Only the row of a component carries numbers of executors and tasks; Storm
 * answers 0 for windows, streams and executors.
 */
export function aggregateStats(
  stats: WindowStats,
  size: { readonly executors: number; readonly tasks: number } = { executors: 0, tasks: 0 },
): ComponentAggregateStats {
  return {
    type: stats.kind === 'spout' ? 'SPOUT' : 'BOLT',
    common_stats: {
      num_executors: size.executors,
      num_tasks: size.tasks,
      emitted: i64(stats.emitted),
      transferred: i64(stats.transferred),
      acked: i64(stats.acked),
      failed: i64(stats.failed),
    },
    specific_stats:
      stats.kind === 'spout'
        ? { kind: 'spout', value: { complete_latency_ms: stats.completeLatencyMs } }
        : {
            kind: 'bolt',
            value: {
              execute_latency_ms: stats.executeLatencyMs,
              process_latency_ms: stats.processLatencyMs,
              executed: i64(stats.executed),
              capacity: stats.capacity,
            },
          },
  };
}

export function i64(count: number): bigint {
  return BigInt(Math.round(count));
}

export function i64Map(counts: ReadonlyMap<string, number>): ReadonlyMap<string, bigint> {
  return new Map([...counts].map(([key, count]) => [key, i64(count)]));
}

export function errorInfo({ error, timeSecs, host, port }: ErrorRecord): ErrorInfo {
  return { error, error_time_secs: timeSecs, host, port };
}
