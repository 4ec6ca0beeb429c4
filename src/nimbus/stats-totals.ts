import type { CountsByWindow, ExecutorStatsRecord } from '../records/index.ts';
import type { ComponentAggregateStats, ErrorInfo } from '../rpc/index.ts';
import type { ExecutorId } from '../topology/index.ts';

/**
 * Sums over executors as Storm's pages show them (StatsUtil 2.8). Latencies are added up weighted by what was counted
 * and divided at the end; the process latency of a bolt by the tuples it executed, not by those it acked, as Storm does.
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
  /** The highest of the executors added up: of a full ten minutes, the share spent in execute. */
  capacity: number;
}

/** An executor that is placed and has sent statistics. */
export interface StatsRow {
  readonly executor: ExecutorId;
  readonly componentId: string;
  readonly host: string;
  readonly port: number;
  readonly stats: ExecutorStatsRecord;
}

type Counts = Readonly<Record<string, number>>;

const capacityWindow = '600';
const capacitySecsMax = 600;

export function zeroTotals(): Totals {
  return {
    executors: 0,
    tasks: 0,
    emitted: 0,
    transferred: 0,
    acked: 0,
    failed: 0,
    executed: 0,
    executeMs: 0,
    processMs: 0,
    completeMs: 0,
    capacity: 0,
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

/** One executor over one window. Without `includeSystem` emits on streams of the system do not count. */
export function totalsOfExecutor(row: StatsRow, window: string, includeSystem: boolean): Totals {
  const { stats, executor } = row;
  return {
    ...totalsOfWindow(stats, window, includeSystem),
    executors: 1,
    tasks: executor[1] - executor[0] + 1,
    capacity: capacityOf(stats),
  };
}

/** What an executor counted in a window, and nothing about the executor itself. */
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

/** Share of the last ten minutes, or of its life where that is shorter, that a bolt spent in execute. */
function capacityOf({ specific, uptimeSecs }: ExecutorStatsRecord): number {
  if (specific.kind === 'spout' || uptimeSecs === 0) return 0;
  const executeMs = weightedSum(specific.executeMsAvg[capacityWindow], specific.executed[capacityWindow]);
  return executeMs / (1000 * Math.min(uptimeSecs, capacitySecsMax));
}

/** The streams of a window, those of the system left out unless they are asked for. */
export function visible(counts: Counts | undefined, includeSystem: boolean): Counts {
  if (counts === undefined) return {};
  if (includeSystem) return counts;
  return Object.fromEntries(Object.entries(counts).filter(([stream]) => !isSystemId(stream)));
}

/** Ids that begin with two underscores are the system's (Utils.isSystemId 2.8). */
export function isSystemId(id: string): boolean {
  return id.startsWith('__');
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

/** Totals in Thrift's terms; a latency of nothing is 0. */
export function aggregateStats(
  kind: 'spout' | 'bolt',
  totals: Totals,
  lastError?: ErrorInfo,
): ComponentAggregateStats {
  const share = (sum: number, count: number): number => (count > 0 ? sum / count : 0);
  return {
    type: kind === 'spout' ? 'SPOUT' : 'BOLT',
    common_stats: {
      num_executors: totals.executors,
      num_tasks: totals.tasks,
      emitted: count(totals.emitted),
      transferred: count(totals.transferred),
      acked: count(totals.acked),
      failed: count(totals.failed),
    },
    specific_stats:
      kind === 'spout'
        ? { kind, value: { complete_latency_ms: share(totals.completeMs, totals.acked) } }
        : {
            kind,
            value: {
              execute_latency_ms: share(totals.executeMs, totals.executed),
              process_latency_ms: share(totals.processMs, totals.executed),
              executed: count(totals.executed),
              capacity: totals.capacity,
            },
          },
    last_error: lastError,
  };
}

function count(value: number): bigint {
  return BigInt(Math.round(value));
}

/** Sums of some counts for each window that any executor has. */
export function sumByWindow(
  counts: readonly CountsByWindow[],
  includeSystem: boolean,
): ReadonlyMap<string, bigint> {
  const sums = new Map<string, number>();
  for (const each of counts) {
    for (const [window, streams] of Object.entries(each)) {
      sums.set(window, (sums.get(window) ?? 0) + sumOf(visible(streams, includeSystem)));
    }
  }
  return new Map([...sums].map(([window, sum]) => [window, count(sum)]));
}

/** The complete latency of spouts for each window in which any tree completed. */
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
