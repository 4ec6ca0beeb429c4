import type { CountsByWindow, ErrorRecord, ExecutorStatsRecord } from '../records/index.ts';
import {
  type Component,
  type ExecutorId,
  eventLoggerTaskOf,
  systemComponentIds,
  type TopologyStatus,
} from '../topology/index.ts';
import { componentResources } from './component-resources.ts';
import { kindOfComponent, placesOf, statsRows, totalsOfExecutor } from './executors.ts';
import type { PageOptions, PageSource } from './page-source.ts';
import {
  addTotals,
  statsWindows,
  type Totals,
  totalsOfWindow,
  visible,
  type WindowStats,
  windowStats,
  zeroTotals,
} from './window-stats.ts';

export interface ComponentPage {
  readonly topologyId: string;
  readonly topologyName: string;
  readonly topologyStatus: TopologyStatus;
  readonly componentId: string;
  readonly kind: 'spout' | 'bolt';
  /** Tasks of the executors that have sent statistics. */
  readonly tasks: number;
  /** Sums over every window; empty before any statistics. */
  readonly byWindow: ReadonlyMap<string, WindowStats>;
  /** What a bolt took from each stream, over the chosen window. Empty for a spout. */
  readonly inputs: readonly InputRow[];
  /** What it emitted on each stream, over the chosen window. */
  readonly outputs: readonly OutputRow[];
  /** The executors that have sent statistics. */
  readonly executors: readonly ExecutorWindowRow[];
  /** All errors that are kept, newest first. */
  readonly errors: readonly ErrorRecord[];
  /** Where the component's events are logged. Undefined when the topology logs none. */
  readonly eventLogger: { readonly hostname: string; readonly port: number } | undefined;
  readonly resources: ReadonlyMap<string, number>;
}

export interface InputRow {
  readonly sourceComponentId: string;
  readonly sourceStreamId: string;
  readonly stats: WindowStats;
}

export interface OutputRow {
  readonly streamId: string;
  readonly stats: WindowStats;
}

export interface ExecutorWindowRow {
  /** First and last task id, both included. */
  readonly executor: ExecutorId;
  readonly componentId: string;
  readonly hostname: string;
  readonly port: number;
  readonly uptimeSecs: number;
  readonly stats: WindowStats;
}

export interface ComponentPageSource extends PageSource {
  readonly componentId: string;
  /** All that are kept, newest first. */
  readonly errors: readonly ErrorRecord[];
}

/**
 * The page of a component (Nimbus and StatsUtil.aggCompExecsStats, Storm 2.8): sums over every window, and
 * over the chosen one for each input stream, each output stream and each executor.
 */
export function componentPage(source: ComponentPageSource, options: PageOptions): ComponentPage {
  const { record, componentId, system, assignment, heartbeats } = source;
  const { window, includeSystem } = options;
  const kind = kindOfComponent(system.components, componentId);
  const rows = statsRows(assignment, heartbeats, includeSystem).filter(
    (row) => row.componentId === componentId,
  );
  const stats = rows.map((row) => row.stats);
  const component = system.components.find(({ id }) => id === componentId);
  return {
    topologyId: record.id,
    topologyName: record.name,
    topologyStatus: record.status,
    ...{ componentId, kind },
    tasks: rows.reduce((sum, { executor }) => sum + executor[1] - executor[0] + 1, 0),
    byWindow: statsByWindow(kind, stats, includeSystem),
    inputs: kind === 'spout' ? [] : inputRows(stats, window),
    outputs: outputRows(kind, stats, options),
    executors: rows.map((row) => {
      const totals = totalsOfExecutor(row, window, includeSystem);
      return { ...row, uptimeSecs: row.stats.uptimeSecs, stats: windowStats(kind, totals) };
    }),
    errors: source.errors,
    eventLogger: eventLoggerOf(source),
    resources: componentResources(component ?? unknownComponent(componentId), source.conf),
  };
}

function statsByWindow(
  kind: 'spout' | 'bolt',
  stats: readonly ExecutorStatsRecord[],
  includeSystem: boolean,
): ReadonlyMap<string, WindowStats> {
  if (stats.length === 0) return new Map();
  return new Map(
    statsWindows.map((window) => {
      const totals = zeroTotals();
      for (const each of stats) addTotals(totals, totalsOfWindow(each, window, includeSystem));
      return [window, windowStats(kind, totals)];
    }),
  );
}

/** The totals of each stream, one part at a time. */
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

function inputRows(stats: readonly ExecutorStatsRecord[], window: string): InputRow[] {
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
  return [...inputs.byStream].map(([source, totals]) => {
    // The records write a source as `component \0 stream`.
    const [sourceComponentId = '', sourceStreamId = ''] = source.split('\0', 2);
    return { sourceComponentId, sourceStreamId, stats: windowStats('bolt', totals) };
  });
}

function outputRows(
  kind: 'spout' | 'bolt',
  stats: readonly ExecutorStatsRecord[],
  { window, includeSystem }: PageOptions,
): OutputRow[] {
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
  return [...outputs.byStream].map(([streamId, totals]) => ({ streamId, stats: windowStats(kind, totals) }));
}

function eventLoggerOf({ assignment, componentId }: ComponentPageSource): ComponentPage['eventLogger'] {
  if (assignment === undefined) return undefined;
  const { plan } = assignment;
  const loggers = plan.tasks.filter((task) => task.componentId === systemComponentIds.eventLogger);
  const chosen = eventLoggerTaskOf(
    componentId,
    loggers.map(({ taskId }) => taskId).sort((left, right) => left - right),
  );
  const task = loggers.find(({ taskId }) => taskId === chosen);
  return task === undefined ? undefined : placesOf(plan)(task);
}

/** A component that the topology does not have: its resources are the defaults of the configuration. */
function unknownComponent(id: string): Component {
  const implementation = { kind: 'system' } as const;
  return { id, kind: 'spout', implementation, inputs: [], streams: {}, parallelismHint: undefined, conf: {} };
}
