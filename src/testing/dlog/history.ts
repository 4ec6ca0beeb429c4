import { compareDlsn, type Dlsn, formatDlsn } from '../../dlog/format/dlsn.ts';

/** One record as an owner wrote it or a reader read it. */
export interface Sighting {
  readonly dlsn: Dlsn;
  readonly id: string;
  readonly sequenceId: number;
  readonly transactionId: number;
}

export type Fate = 'committed' | 'refused' | 'unknown' | 'pending';

export interface AppendEvent {
  /** One owner's time as owner. Its appends are in the order of its calls. */
  readonly session: string;
  readonly ids: readonly string[];
  fate: Fate;
  first?: Dlsn;
}

/** What one reader saw, in order. A new list begins when the reader was moved. */
export type ReadRun = Sighting[];

export interface History {
  readonly appends: AppendEvent[];
  readonly runs: ReadRun[];
  /** All that is there in the end, from `mark` on. */
  readonly final: ReadRun;
  readonly mark: Dlsn | undefined;
}

/** What a history says against the log, one line each: nothing when it kept its word. */
export function violationsOf(history: History): string[] {
  return [
    ...lostWrites(history),
    ...abortedReads(history),
    ...inconsistent(history),
    ...duplicates(history),
    ...history.runs.flatMap(disorder),
    ...disorder(history.final),
    ...vanished(history),
    ...tornBatches(history),
    ...holes(history),
  ];
}

function isKept({ mark }: History, dlsn: Dlsn): boolean {
  return mark === undefined || compareDlsn(dlsn, mark) >= 0;
}

function finalPlaces({ final }: History): Map<string, string> {
  return new Map(final.map(({ dlsn, id }) => [formatDlsn(dlsn), id]));
}

function lostWrites(history: History): string[] {
  const places = finalPlaces(history);
  return history.appends.flatMap(({ fate, first, ids }) => {
    if (fate !== 'committed' || first === undefined) return [];
    return ids.flatMap((id, index) => {
      const dlsn = { ...first, slot: first.slot + index };
      const isThere = !isKept(history, dlsn) || places.get(formatDlsn(dlsn)) === id;
      return isThere ? [] : [`lost write: ${id} was acknowledged at ${formatDlsn(dlsn)}`];
    });
  });
}

function abortedReads({ appends, runs, final }: History): string[] {
  const refused = new Set(appends.flatMap(({ fate, ids }) => (fate === 'refused' ? ids : [])));
  const read = [...runs, final].flat().filter(({ id }) => refused.has(id));
  return read.map(({ id, dlsn }) => `aborted read: ${id} was refused and read at ${formatDlsn(dlsn)}`);
}

function inconsistent({ runs, final }: History): string[] {
  const seen = new Map<string, string>();
  return [...runs, final].flat().flatMap(({ dlsn, id, sequenceId }) => {
    const place = formatDlsn(dlsn);
    const value = `${id} (${sequenceId})`;
    const before = seen.get(place) ?? value;
    seen.set(place, before);
    return before === value ? [] : [`inconsistent offset: ${place} was ${before} and ${value}`];
  });
}

function duplicates({ runs, final }: History): string[] {
  const seen = new Map<string, string>();
  return [...runs, final].flat().flatMap(({ dlsn, id }) => {
    const place = formatDlsn(dlsn);
    const before = seen.get(id) ?? place;
    seen.set(id, before);
    return before === place ? [] : [`duplicate: ${id} at ${before} and ${place}`];
  });
}

function disorder(run: ReadRun): string[] {
  return run.flatMap((record, index) => {
    const before = run[index - 1];
    if (before === undefined) return [];
    const at = `${formatDlsn(before.dlsn)} then ${formatDlsn(record.dlsn)}`;
    if (compareDlsn(before.dlsn, record.dlsn) >= 0) return [`non-monotonic: ${at}`];
    if (record.sequenceId !== before.sequenceId + 1)
      return [`poll-skip: ${at}, sequence ids ${before.sequenceId} and ${record.sequenceId}`];
    return record.transactionId < before.transactionId ? [`transaction ids go back: ${at}`] : [];
  });
}

function vanished(history: History): string[] {
  const places = finalPlaces(history);
  const gone = history.runs
    .flat()
    .filter(({ dlsn, id }) => isKept(history, dlsn) && places.get(formatDlsn(dlsn)) !== id);
  return gone.map(({ dlsn, id }) => `vanished: ${id} was read at ${formatDlsn(dlsn)} and is not there`);
}

function tornBatches(history: History): string[] {
  const there = new Map(history.final.map((record) => [record.id, record.dlsn]));
  return history.appends.flatMap(({ ids }) => {
    const found = ids.map((id) => there.get(id)).filter((dlsn) => dlsn !== undefined);
    const isCut = history.mark?.lssn === found[0]?.lssn && history.mark?.entry === found[0]?.entry;
    const isWhole = found.length === 0 || found.length === ids.length || isCut;
    return isWhole ? [] : [`torn batch: ${found.length} of ${ids.length} beginning with ${ids[0]}`];
  });
}

/**
 * One owner's appends stand in the order of its calls, and nothing is acknowledged behind one that was not.
 */
function holes({ appends, final }: History): string[] {
  const faults: string[] = [];
  const places = new Map(final.map((record, index) => [record.id, index]));
  const sessions = new Map<string, { isBroken: boolean; last: number }>();
  for (const { session, fate, ids } of appends) {
    const state = sessions.get(session) ?? { isBroken: false, last: -1 };
    sessions.set(session, state);
    if (fate === 'committed' && state.isBroken) faults.push(`hole: ${ids[0]} behind one not acknowledged`);
    state.isBroken ||= fate !== 'committed';
    for (const id of ids) {
      const place = places.get(id);
      if (place !== undefined && place < state.last) faults.push(`out of order: ${id}`);
      state.last = Math.max(state.last, place ?? -1);
    }
  }
  return faults;
}
