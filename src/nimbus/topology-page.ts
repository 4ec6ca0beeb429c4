import type { JsonObject } from '../base/index.ts';
import type { ContainerRecord } from '../records/index.ts';
import type { ComponentAggregateStats, ErrorInfo, TopologyPageInfo } from '../rpc/index.ts';
import { type Component, confKeys, percentilesOf, systemComponentIds } from '../topology/index.ts';
import { componentResources } from './component-resources.ts';
import {
  executorsOfPlan,
  type PageChoice,
  type PageSource,
  statsRows,
  workerSummaries,
} from './page-rows.ts';
import {
  addTotals,
  aggregateStats,
  completeLatencies,
  isSystemId,
  type StatsRow,
  sumByWindow,
  type Totals,
  totalsOfExecutor,
  zeroTotals,
} from './stats-totals.ts';
import { schedulingStatus, uptimeSecs } from './topology-info.ts';

export interface TopologyPageSource extends PageSource {
  /** JSON of the topology's configuration with the cluster's under it. */
  readonly confText: string;
  /** Newest error of each component that has one. */
  readonly lastErrors: ReadonlyMap<string, ErrorInfo>;
  /** By container id; read only where additions are asked for. */
  readonly containers: ReadonlyMap<number, Pick<ContainerRecord, 'restarts'>>;
}

/**
 * What `getTopologyPageInfo` answers (Nimbus and StatsUtil.aggTopoExecsStats, Storm 2.8): for each component its sums
 * over one window, and for the topology its sums over every window, where acked, failed and complete latency are those of
 * spouts. Components without any statistics yet are there with zeros and the parallelism they were submitted with.
 */
export function topologyPage(source: TopologyPageSource, choice: PageChoice): TopologyPageInfo {
  const { record, assignment, system } = source;
  const rows = statsRows(source, choice.includeSystem);
  const spouts = rows.filter(({ stats }) => stats.specific.kind === 'spout').map(({ stats }) => stats);
  return {
    id: record.id,
    name: record.name,
    uptime_secs: uptimeSecs(record, source.nowMs),
    status: record.status,
    num_tasks: system.components.reduce((sum, component) => sum + tasksOf(component), 0),
    num_workers: new Set(rows.map(({ host, port }) => `${host} ${port}`)).size,
    num_executors: assignment === undefined ? 0 : executorsOfPlan(assignment.plan).length,
    topology_conf: source.confText,
    id_to_spout_agg_stats: componentStats(source, choice, rows, 'spout'),
    id_to_bolt_agg_stats: componentStats(source, choice, rows, 'bolt'),
    sched_status: schedulingStatus(assignment),
    topology_stats: {
      window_to_emitted: sumByWindow(
        rows.map(({ stats }) => stats.emitted),
        choice.includeSystem,
      ),
      window_to_transferred: sumByWindow(
        rows.map(({ stats }) => stats.transferred),
        choice.includeSystem,
      ),
      window_to_complete_latencies_ms: completeLatencies(spouts),
      window_to_acked: sumByWindow(
        spouts.map(({ specific }) => specific.acked),
        true,
      ),
      window_to_failed: sumByWindow(
        spouts.map(({ specific }) => specific.failed),
        true,
      ),
    },
    owner: record.owner,
    replication_count: 1,
    workers: assignment === undefined ? undefined : workerSummaries(source, choice),
    storm_version: record.stormVersion,
  };
}

/** Sums of each component, or zeros for all of them while there is none with statistics. */
function componentStats(
  source: TopologyPageSource,
  choice: PageChoice,
  rows: readonly StatsRow[],
  kind: 'spout' | 'bolt',
): ReadonlyMap<string, ComponentAggregateStats> {
  const totals = new Map<string, Totals>();
  for (const row of rows.filter(({ stats }) => stats.specific.kind === kind)) {
    const sum = totals.get(row.componentId) ?? zeroTotals();
    addTotals(sum, totalsOfExecutor(row, choice.window, choice.includeSystem));
    totals.set(row.componentId, sum);
  }
  const { components } = source.system;
  if (totals.size === 0) {
    return new Map(
      components
        .filter((component) => component.kind === kind && isShown(component.id, choice.includeSystem))
        .map((component) => [component.id, placeholder(component, kind, source)]),
    );
  }
  return new Map(
    [...totals].map(([id, sum]) => {
      const stats = aggregateStats(kind, sum, source.lastErrors.get(id));
      const component = components.find((each) => each.id === id);
      const additions =
        choice.withAdditions === true
          ? [...latencyEntries(rows, id, choice.window), restartEntry(source, id)]
          : [];
      return [id, withResources(stats, component, { conf: source.conf, additions })];
    }),
  );
}

function isShown(componentId: string, includeSystem: boolean): boolean {
  if (componentId === systemComponentIds.system) return false;
  return includeSystem || !isSystemId(componentId);
}

/** Storm sets neither a last error nor a count of failures there. */
function placeholder(
  component: Component,
  kind: 'spout' | 'bolt',
  source: TopologyPageSource,
): ComponentAggregateStats {
  const executors = component.parallelismHint ?? 1;
  const tasks = component.conf[confKeys.tasks];
  const totals = { ...zeroTotals(), executors, tasks: typeof tasks === 'number' ? tasks : executors };
  const stats = aggregateStats(kind, totals);
  const common_stats = { ...stats.common_stats, failed: undefined };
  return withResources({ ...stats, common_stats }, component, { conf: source.conf, additions: [] });
}

function withResources(
  stats: ComponentAggregateStats,
  component: Component | undefined,
  { conf, additions }: { readonly conf: JsonObject; readonly additions: readonly Addition[] },
): ComponentAggregateStats {
  if (component === undefined) return stats;
  const resources_map = new Map([...componentResources(component, conf), ...additions]);
  return { ...stats, common_stats: { ...stats.common_stats, resources_map } };
}

type Addition = readonly [name: string, value: number];

/** Percentiles of a component's complete or process latencies, all its executors together. */
function latencyEntries(rows: readonly StatsRow[], componentId: string, window: string): Addition[] {
  const own = rows.filter((row) => row.componentId === componentId);
  const percentiles = percentilesOf(own.map(({ stats }) => stats.latencies?.[window] ?? []));
  if (percentiles === undefined) return [];
  return [
    ['latency.count', percentiles.count],
    ['latency.p50.ms', percentiles.p50Ms],
    ['latency.p90.ms', percentiles.p90Ms],
    ['latency.p99.ms', percentiles.p99Ms],
    ['latency.p999.ms', percentiles.p999Ms],
  ];
}

/** Of the hosts with tasks of a component since their containers were last started, and of those containers. */
function restartEntry(source: TopologyPageSource, componentId: string): Addition {
  const { assignment, heartbeats, containers } = source;
  const tasks = assignment?.plan.tasks.filter((task) => task.componentId === componentId) ?? [];
  let restarts = 0;
  for (const containerId of new Set(tasks.map((task) => task.containerId))) {
    const beat = heartbeats.find((each) => each.containerId === containerId);
    const ofHosts = new Map(Object.entries(beat?.restarts ?? {}));
    restarts += (ofHosts.get(componentId) ?? 0) + (containers.get(containerId)?.restarts ?? 0);
  }
  return ['restarts', restarts];
}

function tasksOf(component: Component): number {
  const tasks = component.conf[confKeys.tasks];
  return typeof tasks === 'number' ? tasks : 0;
}
