import type { ContainerRecord, ErrorRecord } from '../records/index.ts';
import {
  type Component,
  confKeys,
  isSystemId,
  type Percentiles,
  percentilesOf,
  systemComponentIds,
  type TopologyStatus,
} from '../topology/index.ts';
import { componentResources } from './component-resources.ts';
import { executorsOfPlan, type StatsRow, statsRows, totalsOfExecutor } from './executors.ts';
import type { PageOptions, PageSource } from './page-source.ts';
import { schedulingStatus, uptimeSecs } from './summaries.ts';
import {
  addTotals,
  completeLatencies,
  sumByWindow,
  type Totals,
  type WindowStats,
  windowStats,
  zeroTotals,
} from './window-stats.ts';
import { type WorkerRow, workerRows } from './workers.ts';

export interface TopologyPage {
  readonly id: string;
  readonly name: string;
  readonly status: TopologyStatus;
  readonly owner: string;
  readonly stormVersion: string | undefined;
  readonly uptimeSecs: number;
  /** Tasks that the topology was submitted with, those of the system included. */
  readonly tasks: number;
  /** Executors that are placed. */
  readonly executors: number;
  /** Workers that have an executor with statistics. */
  readonly workersReporting: number;
  readonly schedulingStatus: string;
  /** JSON of the topology's configuration over the cluster's; secrets are masked. */
  readonly confText: string;
  readonly spouts: readonly ComponentRow[];
  readonly bolts: readonly ComponentRow[];
  readonly totals: TopologyTotals;
  /** Undefined before the scheduler's first decision. */
  readonly workers: readonly WorkerRow[] | undefined;
}

/** Sums over the whole topology, by window. Acked, failed and the complete latency are those of spouts. */
export interface TopologyTotals {
  readonly emitted: ReadonlyMap<string, number>;
  readonly transferred: ReadonlyMap<string, number>;
  readonly acked: ReadonlyMap<string, number>;
  readonly failed: ReadonlyMap<string, number>;
  /** Averages, for the windows in which any tree completed. */
  readonly completeLatencyMs: ReadonlyMap<string, number>;
}

/** A component with the sums over its executors. */
export interface ComponentRow {
  readonly id: string;
  /** Before any statistics: as submitted. */
  readonly executors: number;
  readonly tasks: number;
  /** False while no component of its kind has sent statistics: `stats` is zero then. */
  readonly hasReported: boolean;
  readonly stats: WindowStats;
  /** The newest error. */
  readonly lastError: ErrorRecord | undefined;
  /** See {@link componentResources}. Undefined for a component that the topology does not have. */
  readonly resources: ReadonlyMap<string, number> | undefined;
  readonly recovery: ComponentRecovery | undefined;
}

/** What Storm's pages have no place for. */
export interface ComponentRecovery {
  /**
   * Percentiles of complete latencies (spouts) or process latencies (bolts). Undefined when nothing was
   * counted.
   */
  readonly latency: Percentiles | undefined;
  /** Restarts of its hosts since their containers started, and of those containers. */
  readonly restarts: number;
}

export interface TopologyPageSource extends PageSource {
  /** See {@link TopologyPage.confText}. */
  readonly confText: string;
  /** The newest error of each component that has one. */
  readonly lastErrors: ReadonlyMap<string, ErrorRecord>;
  /** By container id. Undefined leaves {@link ComponentRow.recovery} out. */
  readonly containers: ReadonlyMap<number, Pick<ContainerRecord, 'restarts'>> | undefined;
}

/**
 * The page of a topology (Nimbus and StatsUtil.aggTopoExecsStats, Storm 2.8): each component's sums over one
 * window, and the topology's sums over every window. While no component of a kind has sent statistics, all of
 * them are listed with zeros and the parallelism that they were submitted with.
 */
export function topologyPage(source: TopologyPageSource, options: PageOptions): TopologyPage {
  const { record, assignment, system, heartbeats } = source;
  const { id, name, status, owner, stormVersion } = record;
  const { includeSystem } = options;
  const rows = statsRows(assignment, heartbeats, includeSystem);
  return {
    ...{ id, name, status, owner, stormVersion },
    uptimeSecs: uptimeSecs(record, source.nowMs),
    tasks: system.components.reduce((sum, component) => sum + tasksOf(component, 0), 0),
    executors: assignment === undefined ? 0 : executorsOfPlan(assignment.plan).length,
    workersReporting: new Set(rows.map(({ hostname, port }) => `${hostname} ${port}`)).size,
    schedulingStatus: schedulingStatus(assignment),
    confText: source.confText,
    spouts: componentRows(source, options, rows, 'spout'),
    bolts: componentRows(source, options, rows, 'bolt'),
    totals: topologyTotals(rows, includeSystem),
    workers: assignment === undefined ? undefined : workerRows(source, heartbeats, { includeSystem }),
  };
}

function topologyTotals(rows: readonly StatsRow[], includeSystem: boolean): TopologyTotals {
  const all = rows.map(({ stats }) => stats);
  const spouts = all.filter(({ specific }) => specific.kind === 'spout');
  return {
    emitted: sumByWindow(
      all.map(({ emitted }) => emitted),
      includeSystem,
    ),
    transferred: sumByWindow(
      all.map(({ transferred }) => transferred),
      includeSystem,
    ),
    acked: sumByWindow(
      spouts.map(({ specific }) => specific.acked),
      true,
    ),
    failed: sumByWindow(
      spouts.map(({ specific }) => specific.failed),
      true,
    ),
    completeLatencyMs: completeLatencies(spouts),
  };
}

function componentRows(
  source: TopologyPageSource,
  options: PageOptions,
  rows: readonly StatsRow[],
  kind: 'spout' | 'bolt',
): ComponentRow[] {
  const { components } = source.system;
  const byComponent = new Map<string, Totals>();
  for (const row of rows.filter(({ stats }) => stats.specific.kind === kind)) {
    const sum = byComponent.get(row.componentId) ?? zeroTotals();
    addTotals(sum, totalsOfExecutor(row, options.window, options.includeSystem));
    byComponent.set(row.componentId, sum);
  }
  if (byComponent.size === 0) {
    return components
      .filter((component) => component.kind === kind && isShown(component.id, options.includeSystem))
      .map((component) => silentRow(component, kind, source));
  }
  return [...byComponent].map(([id, totals]) => {
    const component = components.find((each) => each.id === id);
    return {
      id,
      executors: totals.executors,
      tasks: totals.tasks,
      hasReported: true,
      stats: windowStats(kind, totals),
      lastError: source.lastErrors.get(id),
      resources: component === undefined ? undefined : componentResources(component, source.conf),
      recovery: recoveryOf(source, rows, { id, window: options.window }),
    };
  });
}

function isShown(componentId: string, includeSystem: boolean): boolean {
  if (componentId === systemComponentIds.system) return false;
  return includeSystem || !isSystemId(componentId);
}

/** A component before any statistics. Storm shows no last error there either. */
function silentRow(component: Component, kind: 'spout' | 'bolt', source: TopologyPageSource): ComponentRow {
  const executors = component.parallelismHint ?? 1;
  return {
    ...{ id: component.id, executors, tasks: tasksOf(component, executors), hasReported: false },
    stats: windowStats(kind, zeroTotals()),
    lastError: undefined,
    resources: componentResources(component, source.conf),
    recovery: undefined,
  };
}

function recoveryOf(
  { assignment, heartbeats, containers }: TopologyPageSource,
  rows: readonly StatsRow[],
  { id, window }: { readonly id: string; readonly window: string },
): ComponentRecovery | undefined {
  if (containers === undefined) return undefined;
  const own = rows.filter((row) => row.componentId === id);
  const tasks = assignment?.plan.tasks.filter((task) => task.componentId === id) ?? [];
  let restarts = 0;
  for (const containerId of new Set(tasks.map((task) => task.containerId))) {
    const beat = heartbeats.find((each) => each.containerId === containerId);
    const ofHosts = new Map(Object.entries(beat?.restarts ?? {}));
    restarts += (ofHosts.get(id) ?? 0) + (containers.get(containerId)?.restarts ?? 0);
  }
  return { latency: percentilesOf(own.map(({ stats }) => stats.latencies?.[window] ?? [])), restarts };
}

function tasksOf(component: Component, otherwise: number): number {
  const tasks = component.conf[confKeys.tasks];
  return typeof tasks === 'number' ? tasks : otherwise;
}
