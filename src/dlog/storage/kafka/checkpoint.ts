import { crc32c } from '@node-rs/crc32';
import type { JsonValue } from '../../../base/index.ts';
import type { Dlsn } from '../../format/dlsn.ts';
import { decodeSeal, encodeSeal, type Seal } from '../../format/seal.ts';
import { decodeSegmentHeader, encodeSegmentHeader } from '../../format/segment-header.ts';
import { SegmentTally } from '../../format/tally.ts';
import type { Permit } from '../storage.ts';
import { type FoldedSegment, StreamFold } from './fold.ts';

/**
 * A summary of a partition before `upTo`, written into the partition: four bytes of CRC-32C, then JSON. It
 * describes records that no longer change, so it is true whichever process wrote it and wherever it lies
 * behind them. The next process that opens the stream continues from `upTo`, and the records before it may
 * then be removed.
 */
interface CheckpointText {
  readonly upTo: number;
  readonly incarnation: string;
  readonly settings: JsonValue;
  readonly promised: Pick<Permit, 'epoch' | 'token'>;
  readonly mark: Dlsn | null;
  readonly notes: readonly (readonly [string, JsonValue])[];
  readonly segments: readonly SegmentText[];
}

interface SegmentText {
  readonly header: string;
  readonly base: number;
  readonly end: number | null;
  readonly damage: string | null;
  /**
   * For a sealed segment, the seal and its CRC, without the index points, which are of no use here. For any
   * other, the totals so far.
   */
  readonly seal: string;
  readonly sealCrc: number | null;
  readonly lastCrc: number;
}

export function encodeCheckpoint(fold: StreamFold): Buffer {
  const { incarnation, settings } = fold.origin!;
  const text: CheckpointText = {
    upTo: fold.next,
    incarnation,
    settings,
    promised: fold.promised,
    mark: fold.mark ?? null,
    notes: [...fold.notes],
    segments: [...fold.segments.values()].map((segment) => segmentText(fold.stream, segment)),
  };
  const bytes = Buffer.from(`0000${JSON.stringify(text)}`);
  bytes.writeUInt32LE(crc32c(bytes.subarray(4)));
  return bytes;
}

/** Undefined when it is damaged. */
export function decodeCheckpoint(stream: string, value: Buffer, offset: number): StreamFold | undefined {
  if (value.length < 4 || crc32c(value.subarray(4)) !== value.readUInt32LE()) return undefined;
  const text = JSON.parse(value.subarray(4).toString()) as CheckpointText;
  const fold = new StreamFold(stream, text.upTo);
  fold.origin = { incarnation: text.incarnation, settings: text.settings };
  fold.promised = text.promised;
  fold.mark = text.mark ?? undefined;
  fold.checkpoint = offset;
  for (const [name, note] of text.notes) fold.notes.set(name, note);
  for (const each of text.segments) {
    const segment = foldedSegment(stream, each);
    if (segment === undefined) return undefined;
    fold.segments.set(segment.header.lssn, segment);
  }
  return fold;
}

function segmentText(stream: string, segment: FoldedSegment): SegmentText {
  const { header, seed, base, end, damage, tally, sealed } = segment;
  const seal: Seal =
    sealed === undefined
      ? tally!.seal({ epoch: 0, sealedAtMs: 0, isEndOfStream: false })
      : { ...sealed.seal, points: [] };
  return {
    header: encodeSegmentHeader(stream, header).toString('base64'),
    base,
    end: end ?? null,
    damage: damage ?? null,
    seal: encodeSeal(seal, seed).toString('base64'),
    sealCrc: sealed?.crc ?? null,
    lastCrc: tally?.lastCrc ?? 0,
  };
}

function foldedSegment(stream: string, text: SegmentText): FoldedSegment | undefined {
  const decoded = decodeSegmentHeader(stream, Buffer.from(text.header, 'base64'));
  if (decoded === undefined) return undefined;
  const standing = decodeSeal(Buffer.from(text.seal, 'base64'), decoded.seed);
  if (standing === undefined) return undefined;
  const isSealed = text.sealCrc !== null;
  return {
    ...decoded,
    base: text.base,
    end: text.end ?? undefined,
    damage: text.damage ?? undefined,
    tally: isSealed ? undefined : SegmentTally.resume(decoded.header, standing.seal, text.lastCrc),
    sealed: isSealed ? { seal: standing.seal, crc: text.sealCrc } : undefined,
  };
}
