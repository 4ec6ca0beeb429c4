import type {
  AssignmentRecord,
  CountsByWindow,
  ExecutorStatsRecord,
  HeartbeatRecord,
} from '../records/index.ts';
import {
  type Component,
  type ExecutorId,
  isSystemId,
  type LogicalTopology,
  type PackingPlan,
  type PlannedTask,
} from '../topology/index.ts';
import { capacityOf, statsWindows, type Totals, totalsOfWindow } from './window-stats.ts';

/** An executor that the scheduler has placed. */
export interface ExecutorRow {
  /** First and last task id, both included. */
  readonly executor: ExecutorId;
  readonly componentId: string;
  readonly kind: 'spout' | 'bolt';
  readonly hostname: string;
  /** The slot port of its container. */
  readonly port: number;
  /** 0 before the first heartbeat with its statistics. */
  readonly uptimeSecs: number;
  /** Undefined before the first heartbeat. */
  readonly stats: ExecutorStatsRecord | undefined;
}

/** An executor that is placed and has sent statistics. */
export interface StatsRow {
  readonly executor: ExecutorId;
  readonly componentId: string;
  readonly hostname: string;
  readonly port: number;
  readonly stats: ExecutorStatsRecord;
}

/**
 * The placed executors, by first task. `__system` runs in every worker but is no executor here, as in Storm.
 */
export function executorRows(
  assignment: AssignmentRecord | undefined,
  heartbeats: readonly HeartbeatRecord[],
  system: LogicalTopology,
): ExecutorRow[] {
  if (assignment === undefined) return [];
  const componentById = new Map(system.components.map((component) => [component.id, component]));
  const placeOf = placesOf(assignment.plan);
  const statsOf = statsByExecutor(heartbeats);
  return executorsOfPlan(assignment.plan).map((task) => {
    const stats = statsOf(task);
    const kind = componentById.get(task.componentId)?.kind === 'spout' ? 'spout' : 'bolt';
    const { executor, componentId } = task;
    return { executor, componentId, kind, ...placeOf(task), uptimeSecs: stats?.uptimeSecs ?? 0, stats };
  });
}

/** Executors that are placed and have sent statistics, by first task (StatsUtil.extractDataFromHb 2.8). */
export function statsRows(
  assignment: AssignmentRecord | undefined,
  heartbeats: readonly HeartbeatRecord[],
  includeSystem: boolean,
): StatsRow[] {
  if (assignment === undefined) return [];
  const placeOf = placesOf(assignment.plan);
  const statsOf = statsByExecutor(heartbeats);
  return executorsOfPlan(assignment.plan)
    .filter(({ componentId }) => includeSystem || !isSystemId(componentId))
    .flatMap((task) => {
      const stats = statsOf(task);
      if (stats === undefined) return [];
      const { executor, componentId } = task;
      return [{ executor, componentId, ...placeOf(task), stats: completeStats(stats) }];
    });
}

/** The totals of one executor over one window. */
export function totalsOfExecutor(row: StatsRow, window: string, includeSystem: boolean): Totals {
  const { stats, executor } = row;
  return {
    ...totalsOfWindow(stats, window, includeSystem),
    executors: 1,
    tasks: executor[1] - executor[0] + 1,
    capacity: capacityOf(stats),
  };
}

/** The first task of every executor, ascending. */
export function executorsOfPlan(plan: PackingPlan): PlannedTask[] {
  return plan.tasks
    .filter((task) => task.taskId === task.executor[0])
    .sort((left, right) => left.taskId - right.taskId);
}

export function placesOf(plan: PackingPlan): (task: PlannedTask) => { hostname: string; port: number } {
  const containers = new Map(plan.containers.map((container) => [container.containerId, container]));
  return (task) => {
    const container = containers.get(task.containerId);
    return { hostname: container?.hostname ?? '', port: container?.slotPort ?? 0 };
  };
}

/**
 * The statistics of an executor as the container that it is placed in reports them: after a move, the former
 * container may still report the time before.
 */
function statsByExecutor(
  heartbeats: readonly HeartbeatRecord[],
): (task: PlannedTask) => ExecutorStatsRecord | undefined {
  const keyOf = (containerId: number, executor: ExecutorId): string => `${containerId} ${executor.join('-')}`;
  const byKey = new Map(
    heartbeats.flatMap(({ containerId, executors }) =>
      executors.map((stats) => [keyOf(containerId, stats.executor), stats] as const),
    ),
  );
  return ({ containerId, executor }) => byKey.get(keyOf(containerId, executor));
}

/**
 * Storm's view of a component: everything is a spout that is neither a bolt nor the system's, a log source
 * included.
 */
export function kindOfComponent(components: readonly Component[], componentId: string): 'spout' | 'bolt' {
  const component = components.find(({ id }) => id === componentId);
  if (component?.kind === 'bolt') return 'bolt';
  return isSystemId(componentId) && component?.kind !== 'spout' ? 'bolt' : 'spout';
}

const noCounts: CountsByWindow = Object.fromEntries(statsWindows.map((window) => [window, {}]));

/** Statistics with an entry for every window, so that a reader who looks one up finds it. */
export function completeStats(record: ExecutorStatsRecord): ExecutorStatsRecord {
  const fill = (values: CountsByWindow): CountsByWindow => ({ ...noCounts, ...values });
  const { specific } = record;
  return {
    ...record,
    emitted: fill(record.emitted),
    transferred: fill(record.transferred),
    specific:
      specific.kind === 'spout'
        ? {
            kind: 'spout',
            acked: fill(specific.acked),
            failed: fill(specific.failed),
            completeMsAvg: fill(specific.completeMsAvg),
          }
        : {
            kind: 'bolt',
            acked: fill(specific.acked),
            failed: fill(specific.failed),
            processMsAvg: fill(specific.processMsAvg),
            executed: fill(specific.executed),
            executeMsAvg: fill(specific.executeMsAvg),
          },
  };
}
