import type { ComponentAggregateStats, NimbusMethods, ThriftClient } from '../rpc/index.ts';

const windows = ['600', ':all-time'] as const;

/**
 * The components of a topology with their totals and latency percentiles, over ten minutes and since the
 * start. Latencies are in milliseconds: complete latency of spouts, process latency of bolts. Restarts count
 * the processes with tasks of the component, whatever the window. Storm's own Nimbus reports neither.
 */
export async function componentSums(
  call: ThriftClient<NimbusMethods>['call'],
  name: string,
): Promise<object> {
  const { id } = await call.getTopologySummaryByName({ name });
  const components = new Map<string, { id: string; kind: string; windows: Record<string, object> }>();
  for (const window of windows) {
    const page = await call.getTopologyPageInfo({ id, window: `${window}+additions`, is_include_sys: false });
    for (const [kind, byId] of [
      ['spout', page.id_to_spout_agg_stats],
      ['bolt', page.id_to_bolt_agg_stats],
    ] as const) {
      for (const [componentId, stats] of byId ?? []) {
        const component = components.get(componentId) ?? { id: componentId, kind, windows: {} };
        component.windows[window] = sumsOf(stats);
        components.set(componentId, component);
      }
    }
  }
  return { topology: name, id, components: [...components.values()] };
}

function sumsOf({ common_stats, specific_stats, last_error }: ComponentAggregateStats): object {
  const common = {
    executors: common_stats?.num_executors,
    tasks: common_stats?.num_tasks,
    emitted: Number(common_stats?.emitted ?? 0n),
    transferred: Number(common_stats?.transferred ?? 0n),
    acked: Number(common_stats?.acked ?? 0n),
    failed: Number(common_stats?.failed ?? 0n),
  };
  const specific =
    specific_stats?.kind === 'bolt'
      ? {
          executed: Number(specific_stats.value.executed ?? 0n),
          executeMsAvg: specific_stats.value.execute_latency_ms,
          processMsAvg: specific_stats.value.process_latency_ms,
          capacity: specific_stats.value.capacity,
        }
      : { completeMsAvg: specific_stats?.value.complete_latency_ms };
  return {
    ...common,
    ...specific,
    latency: latencyOf(common_stats?.resources_map),
    restarts: common_stats?.resources_map?.get('restarts') ?? null,
    lastError: last_error?.error ?? null,
  };
}

function latencyOf(map: ReadonlyMap<string, number> | undefined): object | null {
  const count = map?.get('latency.count');
  if (map === undefined || count === undefined) return null;
  const at = (name: string): number | undefined => map.get(`latency.${name}.ms`);
  return { count, p50Ms: at('p50'), p90Ms: at('p90'), p99Ms: at('p99'), p999Ms: at('p999') };
}
