import type { CountsByWindow, ExecutorStatsRecord } from '../records/index.ts';
import { isSystemId } from '../topology/index.ts';

/** The windows of Storm's statistics, as their keys: seconds, and everything since the start. */
export const statsWindows = ['600', '10800', '86400', ':all-time'] as const;

/** What executors counted over one window, added up. Counts are exact numbers of tuples. */
export type WindowStats = SpoutWindowStats | BoltWindowStats;

interface TupleCounts {
  readonly emitted: number;
  /** Emitted tuples times the tasks that each was sent to. */
  readonly transferred: number;
  readonly acked: number;
  readonly failed: number;
}

export interface SpoutWindowStats extends TupleCounts {
  readonly kind: 'spout';
  /** Average time from emit to ack, weighted by acks; 0 when nothing was acked. */
  readonly completeLatencyMs: number;
}

export interface BoltWindowStats extends TupleCounts {
  readonly kind: 'bolt';
  readonly executed: number;
  /** Average time in execute; 0 when nothing was executed. */
  readonly executeLatencyMs: number;
  /** Average time from delivery to ack. Divided by executed tuples, not by acked ones, as Storm does. */
  readonly processLatencyMs: number;
  /**
   * Share of the last ten minutes (of its life, if shorter) that the busiest executor spent in execute: 0 to
   * 1.
   */
  readonly capacity: number;
}

/**
 * Running sums over executors, as Storm's pages add them up (StatsUtil 2.8). Latencies are sums weighted by
 * the number of tuples; windowStats divides them.
 */
export interface Totals {
  executors: number;
  tasks: number;
  emitted: number;
  transferred: number;
  acked: number;
  failed: number;
  executed: number;
  executeMs: number;
  processMs: number;
  completeMs: number;
  /** The highest of the executors added up. */
  capacity: number;
}

type Counts = Readonly<Record<string, number>>;

const capacityWindow = '600';
const capacitySecsMax = 600;

export function zeroTotals(): Totals {
  return {
    ...{ executors: 0, tasks: 0, emitted: 0, transferred: 0, acked: 0, failed: 0, executed: 0 },
    ...{ executeMs: 0, processMs: 0, completeMs: 0, capacity: 0 },
  };
}

export function addTotals(into: Totals, more: Totals): void {
  into.executors += more.executors;
  into.tasks += more.tasks;
  into.emitted += more.emitted;
  into.transferred += more.transferred;
  into.acked += more.acked;
  into.failed += more.failed;
  into.executed += more.executed;
  into.executeMs += more.executeMs;
  into.processMs += more.processMs;
  into.completeMs += more.completeMs;
  into.capacity = Math.max(into.capacity, more.capacity);
}

/** What one executor counted in a window. Without `includeSystem`, emits on system streams do not count. */
export function totalsOfWindow(stats: ExecutorStatsRecord, window: string, includeSystem: boolean): Totals {
  const { specific } = stats;
  const totals = zeroTotals();
  totals.emitted = sumOf(visible(stats.emitted[window], includeSystem));
  totals.transferred = sumOf(visible(stats.transferred[window], includeSystem));
  totals.acked = sumOf(specific.acked[window]);
  totals.failed = sumOf(specific.failed[window]);
  if (specific.kind === 'spout') {
    totals.completeMs = weightedSum(specific.completeMsAvg[window], specific.acked[window]);
  } else {
    totals.executed = sumOf(specific.executed[window]);
    totals.executeMs = weightedSum(specific.executeMsAvg[window], specific.executed[window]);
    totals.processMs = weightedSum(specific.processMsAvg[window], specific.executed[window]);
  }
  return totals;
}

/**
 * Share of the last ten minutes, or of its life if that is shorter, that a bolt's executor spent in execute.
 */
export function capacityOf({ specific, uptimeSecs }: ExecutorStatsRecord): number {
  if (specific.kind === 'spout' || uptimeSecs === 0) return 0;
  const executeMs = weightedSum(specific.executeMsAvg[capacityWindow], specific.executed[capacityWindow]);
  return executeMs / (1000 * Math.min(uptimeSecs, capacitySecsMax));
}

/** Totals with the latencies divided; the latency of no tuples is 0. */
export function windowStats(kind: 'spout' | 'bolt', totals: Totals): WindowStats {
  const { emitted, transferred, acked, failed, executed, capacity } = totals;
  const average = (sumMs: number, tuples: number): number => (tuples > 0 ? sumMs / tuples : 0);
  const counts = { emitted, transferred, acked, failed };
  if (kind === 'spout') return { kind, ...counts, completeLatencyMs: average(totals.completeMs, acked) };
  return {
    kind,
    ...counts,
    executed,
    executeLatencyMs: average(totals.executeMs, executed),
    processLatencyMs: average(totals.processMs, executed),
    capacity,
  };
}

/** The counts by stream of a window, without the system streams unless they are asked for. */
export function visible(counts: Counts | undefined, includeSystem: boolean): Counts {
  if (counts === undefined) return {};
  if (includeSystem) return counts;
  return Object.fromEntries(Object.entries(counts).filter(([stream]) => !isSystemId(stream)));
}

/** Sums of counts for each window that any executor has. */
export function sumByWindow(
  counts: readonly CountsByWindow[],
  includeSystem: boolean,
): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const each of counts) {
    for (const [window, streams] of Object.entries(each)) {
      sums.set(window, (sums.get(window) ?? 0) + sumOf(visible(streams, includeSystem)));
    }
  }
  return sums;
}

/** The average complete latency of spouts, in milliseconds, for each window in which any tree completed. */
export function completeLatencies(stats: readonly ExecutorStatsRecord[]): ReadonlyMap<string, number> {
  const latencies = new Map<string, number>();
  const windows = new Set(stats.flatMap(({ specific }) => Object.keys(specific.acked)));
  for (const window of windows) {
    const totals = zeroTotals();
    for (const each of stats) addTotals(totals, totalsOfWindow(each, window, true));
    if (totals.acked > 0) latencies.set(window, totals.completeMs / totals.acked);
  }
  return latencies;
}

function sumOf(counts: Counts | undefined): number {
  return Object.values(counts ?? {}).reduce((sum, count) => sum + count, 0);
}

function weightedSum(averages: Counts | undefined, counts: Counts | undefined): number {
  return Object.entries(averages ?? {}).reduce(
    (sum, [key, average]) => sum + (Number.isFinite(average) ? average * (counts?.[key] ?? 0) : 0),
    0,
  );
}
