import type { CountsByWindow, ExecutorStatsRecord } from '../../records/index.ts';
import type { LatencyCountsByWindow } from '../../topology/index.ts';

/** One record for two parts of an executor: counts add up, averages are weighted by what was measured. */
export function mergeRecords(one: ExecutorStatsRecord, other: ExecutorStatsRecord): ExecutorStatsRecord {
  return {
    ...one,
    uptimeSecs: Math.max(one.uptimeSecs, other.uptimeSecs),
    emitted: add(one.emitted, other.emitted),
    transferred: add(one.transferred, other.transferred),
    specific: mergeSpecific(one.specific, other.specific),
    latencies: join(one.latencies, other.latencies),
  };
}

/** Pairs of bucket and count may stand in any order, and a bucket twice. */
function join(
  one: LatencyCountsByWindow | undefined,
  other: LatencyCountsByWindow | undefined,
): LatencyCountsByWindow | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Object.fromEntries(
    Object.entries(one).map(([window, counts]) => [window, [...counts, ...(other[window] ?? [])]]),
  );
}

type Specific = ExecutorStatsRecord['specific'];

function mergeSpecific(one: Specific, other: Specific): Specific {
  const counts = { acked: add(one.acked, other.acked), failed: add(one.failed, other.failed) };
  if (one.kind === 'spout' && other.kind === 'spout') {
    const completeMsAvg = weigh([one.completeMsAvg, one.acked], [other.completeMsAvg, other.acked]);
    return { ...one, ...counts, completeMsAvg };
  }
  if (one.kind === 'bolt' && other.kind === 'bolt') {
    return {
      ...{ ...one, ...counts },
      processMsAvg: weigh([one.processMsAvg, one.acked], [other.processMsAvg, other.acked]),
      executed: add(one.executed, other.executed),
      executeMsAvg: weigh([one.executeMsAvg, one.executed], [other.executeMsAvg, other.executed]),
    };
  }
  return one; // not of one component
}

function add(one: CountsByWindow, other: CountsByWindow): CountsByWindow {
  return combine(one, other, (window, key) => (one[window]?.[key] ?? 0) + (other[window]?.[key] ?? 0));
}

type Weighed = readonly [averages: CountsByWindow, counts: CountsByWindow];

function weigh(one: Weighed, other: Weighed): CountsByWindow {
  return combine(one[0], other[0], (window, key) => {
    const parts = [one, other].map(([averages, counts]) => ({
      average: averages[window]?.[key] ?? 0,
      count: counts[window]?.[key] ?? 0,
    }));
    const count = parts.reduce((sum, part) => sum + part.count, 0);
    return count === 0 ? 0 : parts.reduce((sum, part) => sum + part.average * part.count, 0) / count;
  });
}

function combine(
  one: CountsByWindow,
  other: CountsByWindow,
  value: (window: string, key: string) => number,
): CountsByWindow {
  const windows = new Set([...Object.keys(one), ...Object.keys(other)]);
  return Object.fromEntries(
    [...windows].map((window) => {
      const keys = new Set([...Object.keys(one[window] ?? {}), ...Object.keys(other[window] ?? {})]);
      return [window, Object.fromEntries([...keys].map((key) => [key, value(window, key)]))];
    }),
  );
}
