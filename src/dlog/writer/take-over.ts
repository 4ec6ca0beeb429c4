import { errorCode, GatewayError } from '../../base/index.ts';
import { fenced } from '../storage/faults.ts';
import type { LogStorage, Permit, StandingSeal, StoredSegment } from '../storage/storage.ts';

/** The end of the stream, where its next segment begins. */
export interface StreamEnd {
  readonly lssn: number;
  readonly isEnded: boolean;
  readonly sequenceId: number;
  readonly transactionId: number;
  readonly writtenAtMs: number;
  /** The CRC of the last segment's seal, or 0 if there is none. */
  readonly sealCrc: number;
  /** All retained segments, now sealed, in order. */
  readonly segments: readonly StoredSegment[];
}

/**
 * Seals what earlier owners left behind, oldest first, and finds the end of the stream. Rejects with
 * `LOG_GAP` when a segment is missing, and with `SEGMENT_CORRUPT` when one is unreadable before its confirmed
 * end: no owner continues after a segment that it cannot account for.
 */
export async function takeOver(storage: LogStorage, permit: Permit, nowMs: number): Promise<StreamEnd> {
  try {
    return await sealAndCount(storage, permit, nowMs);
  } catch (error) {
    // An owner that was fenced meanwhile sees a stream that its successor changes and truncates.
    const result = errorCode(error) === 'LOG_GAP' ? await storage.fence(permit) : undefined;
    throw result?.kind === 'refused' ? fenced(permit, result.promised) : error;
  }
}

async function sealAndCount(storage: LogStorage, permit: Permit, nowMs: number): Promise<StreamEnd> {
  const all = await storage.segments(permit.stream);
  // The mark is read after the list: segments that were removed before the list was read lie below it.
  const mark = await storage.truncation(permit.stream);
  const counted: (StoredSegment & { readonly sealed: StandingSeal })[] = [];
  for (const segment of all) {
    // Segments below the mark have no readers: removal may be in progress there, or a late owner may have
    // re-created one.
    if (mark !== undefined && segment.header.lssn < mark.lssn) continue;
    const sealed = segment.sealed ?? (await storage.recoverSegment(permit, segment.header.lssn, nowMs));
    counted.push({ ...segment, sealed });
  }
  checkFirst(permit.stream, counted[0], mark?.lssn);
  for (const [index, segment] of counted.entries()) checkFollows(permit.stream, segment, counted[index - 1]);
  const last = counted.at(-1);
  return {
    lssn: Math.max(last?.header.lssn ?? 0, (mark?.lssn ?? 1) - 1),
    isEnded: last?.sealed.seal.isEndOfStream ?? false,
    sequenceId: last === undefined ? 0 : last.header.firstSequenceId + last.sealed.seal.records,
    transactionId: last?.sealed.seal.lastTransactionId ?? 0,
    writtenAtMs: Math.max(0, ...counted.map(({ sealed }) => sealed.seal.lastWrittenAtMs)),
    sealCrc: last?.sealed.crc ?? 0,
    segments: counted,
  };
}

function checkFirst(stream: string, first: StoredSegment | undefined, markLssn: number | undefined): void {
  const expected = markLssn ?? 1;
  if (first?.header.lssn === expected || (first === undefined && markLssn === undefined)) return;
  const found = first === undefined ? 'there is none' : `the first is ${first.header.lssn}`;
  throw new GatewayError('LOG_GAP', `${stream}: segment ${expected} is missing, ${found}`, {
    facts: { stream, expected, found: first?.header.lssn },
  });
}

function checkFollows(
  stream: string,
  { header }: StoredSegment,
  before: (StoredSegment & { readonly sealed: StandingSeal }) | undefined,
): void {
  if (before === undefined) return;
  const expected = before.header.lssn + 1;
  const isNext = header.lssn === expected && header.previousSealCrc === before.sealed.crc;
  if (isNext) return;
  throw new GatewayError(
    'LOG_GAP',
    `${stream}: segment ${header.lssn} does not follow segment ${before.header.lssn} as it ends now`,
    { facts: { stream, expected, found: header.lssn } },
  );
}
