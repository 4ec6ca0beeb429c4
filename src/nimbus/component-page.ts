import type { CountsByWindow, ExecutorStatsRecord } from '../records/index.ts';
import type {
  ComponentAggregateStats,
  ComponentPageInfo,
  ErrorInfo,
  ExecutorAggregateStats,
  GlobalStreamId,
} from '../rpc/index.ts';
import { type Component, eventLoggerTaskOf, systemComponentIds } from '../topology/index.ts';
import { componentResources } from './component-resources.ts';
import { globalStreamId, statsWindows } from './executor-stats.ts';
import { kindOfComponent, type PageChoice, type PageSource, placesOf, statsRows } from './page-rows.ts';
import {
  addTotals,
  aggregateStats,
  type StatsRow,
  type Totals,
  totalsOfExecutor,
  totalsOfWindow,
  visible,
  zeroTotals,
} from './stats-totals.ts';

export interface ComponentPageSource extends PageSource {
  readonly componentId: string;
  /** All that are kept, newest first. */
  readonly errors: readonly ErrorInfo[];
}

/**
 * What `getComponentPageInfo` answers (Nimbus and StatsUtil.aggCompExecsStats, Storm 2.8): sums over every window, and
 * over the chosen one for each input stream, each output stream and each executor.
 */
export function componentPage(source: ComponentPageSource, choice: PageChoice): ComponentPageInfo {
  const { record, componentId, system } = source;
  const kind = kindOfComponent(system.components, componentId);
  const rows = statsRows(source, choice.includeSystem).filter((row) => row.componentId === componentId);
  const stats = rows.map((row) => row.stats);
  const component = system.components.find(({ id }) => id === componentId);
  return {
    component_id: componentId,
    component_type: kind === 'spout' ? 'SPOUT' : 'BOLT',
    topology_id: record.id,
    topology_name: record.name,
    num_executors: rows.length,
    num_tasks: rows.reduce((sum, { executor }) => sum + executor[1] - executor[0] + 1, 0),
    window_to_stats: windowStats(kind, stats, choice.includeSystem),
    gsid_to_input_stats: kind === 'spout' ? undefined : inputStats(stats, choice.window),
    sid_to_output_stats: outputStats(kind, stats, choice),
    exec_stats: rows.map((row) => executorStats(kind, row, choice)),
    errors: source.errors,
    ...eventLoggerOf(source),
    topology_status: record.status,
    resources_map: componentResources(component ?? unknownComponent(componentId), source.conf),
  };
}

function windowStats(
  kind: 'spout' | 'bolt',
  stats: readonly ExecutorStatsRecord[],
  includeSystem: boolean,
): ReadonlyMap<string, ComponentAggregateStats> {
  if (stats.length === 0) return new Map();
  return new Map(
    statsWindows.map((window) => {
      const totals = zeroTotals();
      for (const each of stats) addTotals(totals, totalsOfWindow(each, window, includeSystem));
      return [window, aggregateStats(kind, totals)];
    }),
  );
}

/** One part of the totals of each stream, from counts and averages by stream. */
class StreamTotals {
  readonly byStream = new Map<string, Totals>();

  add(
    part: 'emitted' | 'transferred' | 'acked' | 'failed' | 'executed',
    counts: Readonly<Record<string, number>> | undefined,
  ): void {
    for (const [stream, count] of Object.entries(counts ?? {})) this.#of(stream)[part] += count;
  }

  addLatency(
    part: 'executeMs' | 'processMs' | 'completeMs',
    averages: Readonly<Record<string, number>> | undefined,
    counts: Readonly<Record<string, number>> | undefined,
  ): void {
    for (const [stream, average] of Object.entries(averages ?? {})) {
      this.#of(stream)[part] += average * (counts?.[stream] ?? 0);
    }
  }

  #of(stream: string): Totals {
    const totals = this.byStream.get(stream) ?? zeroTotals();
    this.byStream.set(stream, totals);
    return totals;
  }
}

function inputStats(
  stats: readonly ExecutorStatsRecord[],
  window: string,
): readonly (readonly [GlobalStreamId, ComponentAggregateStats])[] {
  const inputs = new StreamTotals();
  for (const { specific } of stats) {
    if (specific.kind !== 'bolt') continue;
    const executed = specific.executed[window];
    inputs.add('acked', specific.acked[window]);
    inputs.add('failed', specific.failed[window]);
    inputs.add('executed', executed);
    inputs.addLatency('executeMs', specific.executeMsAvg[window], executed);
    inputs.addLatency('processMs', specific.processMsAvg[window], executed);
  }
  return [...inputs.byStream].map(([source, totals]) => [
    globalStreamId(source),
    aggregateStats('bolt', totals),
  ]);
}

function outputStats(
  kind: 'spout' | 'bolt',
  stats: readonly ExecutorStatsRecord[],
  { window, includeSystem }: PageChoice,
): ReadonlyMap<string, ComponentAggregateStats> {
  const outputs = new StreamTotals();
  const shown = (counts: CountsByWindow) => visible(counts[window], includeSystem);
  for (const { emitted, transferred, specific } of stats) {
    outputs.add('emitted', shown(emitted));
    outputs.add('transferred', shown(transferred));
    if (specific.kind !== 'spout') continue;
    outputs.add('acked', specific.acked[window]);
    outputs.add('failed', specific.failed[window]);
    outputs.addLatency('completeMs', specific.completeMsAvg[window], specific.acked[window]);
  }
  return new Map([...outputs.byStream].map(([stream, totals]) => [stream, aggregateStats(kind, totals)]));
}

function executorStats(kind: 'spout' | 'bolt', row: StatsRow, choice: PageChoice): ExecutorAggregateStats {
  // Storm tells how many executors and tasks it has of a component, not of an executor.
  const totals = { ...totalsOfExecutor(row, choice.window, choice.includeSystem), executors: 0, tasks: 0 };
  return {
    exec_summary: {
      executor_info: { task_start: row.executor[0], task_end: row.executor[1] },
      component_id: row.componentId,
      host: row.host,
      port: row.port,
      uptime_secs: row.stats.uptimeSecs,
    },
    stats: aggregateStats(kind, totals),
  };
}

/** Where the component's events are logged, if the topology logs events. */
function eventLoggerOf(source: ComponentPageSource): { eventlog_host?: string; eventlog_port?: number } {
  const plan = source.assignment?.plan;
  if (plan === undefined) return {};
  const loggers = plan.tasks.filter(({ componentId }) => componentId === systemComponentIds.eventLogger);
  const chosen = eventLoggerTaskOf(
    source.componentId,
    loggers.map(({ taskId }) => taskId).sort((left, right) => left - right),
  );
  const task = loggers.find(({ taskId }) => taskId === chosen);
  if (task === undefined) return {};
  const { host, port } = placesOf(plan)(task);
  return { eventlog_host: host, eventlog_port: port };
}

/** What is not of the topology asks for what the configuration gives everybody. */
function unknownComponent(id: string): Component {
  const implementation = { kind: 'system' } as const;
  return { id, kind: 'spout', implementation, inputs: [], streams: {}, parallelismHint: undefined, conf: {} };
}
