import { statsWindows } from '../../queries/index.ts';
import type { CountsByWindow, ExecutorStatsRecord, InputCountsByWindow } from '../../records/index.ts';
import type { ExecutorStats, GlobalStreamId } from '../../rpc/index.ts';

/** Every window has an entry, so that a client that looks one up finds it. */
const noCounts: CountsByWindow = Object.fromEntries(statsWindows.map((window) => [window, {}]));

/** Projects the statistics of an executor. */
export function thriftStats(record: ExecutorStatsRecord): ExecutorStats {
  return {
    emitted: counts(record.emitted),
    transferred: counts(record.transferred),
    specific: specificStats(record.specific),
    rate: record.rate,
  };
}

/** The statistics of an executor before its first heartbeat. */
export function emptyStats(kind: 'spout' | 'bolt'): ExecutorStats {
  const specific: ExecutorStatsRecord['specific'] =
    kind === 'spout'
      ? { kind, acked: {}, failed: {}, completeMsAvg: {} }
      : { kind, acked: {}, failed: {}, processMsAvg: {}, executed: {}, executeMsAvg: {} };
  return { emitted: counts({}), transferred: counts({}), specific: specificStats(specific), rate: 1 };
}

function specificStats(specific: ExecutorStatsRecord['specific']): ExecutorStats['specific'] {
  if (specific.kind === 'spout') {
    return {
      kind: 'spout',
      value: {
        acked: counts(specific.acked),
        failed: counts(specific.failed),
        complete_ms_avg: byWindow(specific.completeMsAvg, (streams) => new Map(Object.entries(streams))),
      },
    };
  }
  return {
    kind: 'bolt',
    value: {
      acked: inputCounts(specific.acked),
      failed: inputCounts(specific.failed),
      process_ms_avg: inputAverages(specific.processMsAvg),
      executed: inputCounts(specific.executed),
      execute_ms_avg: inputAverages(specific.executeMsAvg),
    },
  };
}

function byWindow<T>(
  values: CountsByWindow,
  convert: (streams: Readonly<Record<string, number>>) => T,
): Map<string, T> {
  const complete = { ...noCounts, ...values };
  return new Map(Object.entries(complete).map(([window, streams]) => [window, convert(streams)]));
}

function counts(values: CountsByWindow): Map<string, Map<string, bigint>> {
  return byWindow(
    values,
    (streams) =>
      new Map(Object.entries(streams).map(([stream, count]) => [stream, BigInt(Math.round(count))])),
  );
}

function inputCounts(values: InputCountsByWindow): Map<string, [GlobalStreamId, bigint][]> {
  return byWindow(values, (sources) =>
    Object.entries(sources).map(([source, count]) => [globalStreamId(source), BigInt(Math.round(count))]),
  );
}

function inputAverages(values: InputCountsByWindow): Map<string, [GlobalStreamId, number][]> {
  return byWindow(values, (sources) =>
    Object.entries(sources).map(([source, average]) => [globalStreamId(source), average]),
  );
}

/** Reads `component \0 stream`, as the records write it. */
function globalStreamId(source: string): GlobalStreamId {
  const [componentId, streamId] = source.split('\0', 2) as [string, string];
  return { componentId, streamId };
}
