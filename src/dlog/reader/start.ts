import type { Dlsn } from '../format/dlsn.ts';
import type { LogStorage, SeekBy, StoredSegment } from '../storage/storage.ts';
import type { CommitHub } from './commit-hub.ts';

/**
 * Where to begin: the oldest retained record, behind the last one, a position, the first record with that
 * transaction id or a higher one, or the first entry written at or after a time.
 */
export type ReadFrom =
  | 'earliest'
  | 'latest'
  | { readonly dlsn: Dlsn }
  | { readonly transactionId: number }
  | { readonly timeMs: number };

export interface Start {
  readonly at: Dlsn;
  /** Leading records with lower transaction ids are skipped. */
  readonly skipBelow: number;
}

const first: Dlsn = { lssn: 1, entry: 0, slot: 0 };

export async function startOf(
  { storage, hub }: { readonly storage: LogStorage; readonly hub: CommitHub },
  stream: string,
  from: ReadFrom,
): Promise<Start> {
  if (from === 'earliest') return { at: (await storage.truncation(stream)) ?? first, skipBelow: 0 };
  if (from === 'latest') return { at: await tailOf({ storage, hub }, stream), skipBelow: 0 };
  if ('dlsn' in from) return { at: from.dlsn, skipBelow: 0 };
  const by: SeekBy =
    'transactionId' in from
      ? { field: 'lastTransactionId', value: from.transactionId }
      : { field: 'writtenAtMs', value: from.timeMs };
  const skipBelow = 'transactionId' in from ? from.transactionId : 0;
  return { at: await seek(storage, stream, by), skipBelow };
}

async function seek(storage: LogStorage, stream: string, by: SeekBy): Promise<Dlsn> {
  const all = await storage.segments(stream);
  const mark = (await storage.truncation(stream)) ?? first;
  const kept = all.filter(({ header }) => header.lssn >= mark.lssn);
  const found = kept.find((segment) => mayHold(segment, by)) ?? kept.at(-1);
  if (found === undefined) return mark;
  const reader = await storage.openSegment(stream, found.header.lssn);
  try {
    const at = { lssn: found.header.lssn, entry: await reader.seek(by), slot: 0 };
    return at.lssn === mark.lssn && at.entry <= mark.entry ? mark : at;
  } finally {
    await reader.close();
  }
}

function mayHold({ sealed }: StoredSegment, { field, value }: SeekBy): boolean {
  if (sealed === undefined) return true;
  const { entries, lastTransactionId, lastWrittenAtMs } = sealed.seal;
  return entries > 0 && (field === 'writtenAtMs' ? lastWrittenAtMs : lastTransactionId) >= value;
}

/**
 * The position behind what is confirmed, as this process's writer knows it, or else as the last entries say.
 */
export async function tailOf(
  { storage, hub }: { readonly storage: LogStorage; readonly hub: CommitHub },
  stream: string,
): Promise<Dlsn> {
  const position = hub.position(stream);
  if (position !== undefined) return { lssn: position.lssn, entry: position.confirmed, slot: 0 };
  const last = (await storage.segments(stream)).at(-1);
  if (last === undefined) return (await storage.truncation(stream)) ?? first;
  const { lssn } = last.header;
  const reader = await storage.openSegment(stream, lssn);
  try {
    if (last.sealed !== undefined) return { lssn, entry: last.sealed.seal.entries, slot: 0 };
    const end = await reader.seek({ field: 'writtenAtMs', value: Number.POSITIVE_INFINITY });
    const lastEntry = end === 0 ? undefined : (await reader.read(end - 1, 1))[0];
    return { lssn, entry: lastEntry?.confirmed ?? 0, slot: 0 };
  } finally {
    await reader.close();
  }
}

/**
 * The last entry, when nothing confirms it yet. Either its owner is about to confirm it, or its owner is dead
 * and the next one decides. Undefined when everything that exists can be read.
 */
export async function unconfirmedEndOf(
  { storage, hub }: { readonly storage: LogStorage; readonly hub: CommitHub },
  stream: string,
): Promise<Dlsn | undefined> {
  const last = (await storage.segments(stream)).at(-1);
  if (last === undefined || last.sealed !== undefined) return undefined;
  const { lssn } = last.header;
  if (hub.position(stream)?.lssn === lssn) return undefined;
  const reader = await storage.openSegment(stream, lssn);
  try {
    const end = await reader.seek({ field: 'writtenAtMs', value: Number.POSITIVE_INFINITY });
    const entry = end === 0 ? undefined : (await reader.read(end - 1, 1))[0];
    return entry === undefined || entry.kind === 'control' ? undefined : { lssn, entry: end - 1, slot: 0 };
  } finally {
    await reader.close();
  }
}
