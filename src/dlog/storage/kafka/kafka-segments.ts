import { GatewayError } from '../../../base/index.ts';
import { encodeSeal } from '../../format/seal.ts';
import { type Durability, encodeSegmentHeader, type SegmentHeader } from '../../format/segment-header.ts';
import { corrupt, fenced, segmentExists, segmentMissing } from '../faults.ts';
import type { Permit, SegmentAppender, SegmentReader, StandingSeal, StoredSegment } from '../storage.ts';
import type { KafkaBrokers } from './broker.ts';
import type { FoldedSegment, StreamFold } from './fold.ts';
import { KafkaSegmentAppender } from './kafka-appender.ts';
import { KafkaSegmentReader } from './kafka-reader.ts';
import type { StreamView, ViewDeps } from './stream-view.ts';
import { durabilitiesOf } from './topic.ts';

/** How often a seal is tried while entries of the owner itself still arrive in between. */
const sealTriesMax = 5;

/** All segments, in order. Throws `SEGMENT_CORRUPT` if one is damaged. */
export function storedSegments(fold: StreamFold): readonly StoredSegment[] {
  return [...fold.segments.values()]
    .map((segment) => whole(fold, segment))
    .map(({ header, seed, sealed }) => ({ header, seed, sealed }))
    .sort((left, right) => left.header.lssn - right.header.lssn);
}

/**
 * Writes the header of a segment. If another record came first, rejects with `SEGMENT_FENCED` or
 * `SEGMENT_EXISTS`. Rejects with `DURABILITY_UNSUPPORTED` if the topic cannot give what the header promises.
 */
export async function createSegment(
  deps: ViewDeps,
  view: StreamView,
  { permit, header }: { readonly permit: Permit; readonly header: SegmentHeader },
): Promise<SegmentAppender> {
  const { stream, epoch, token } = permit;
  const { fold } = view;
  checkDurability(view, header.durability);
  checkInForce(fold, permit);
  if (fold.segments.has(header.lssn)) throw segmentExists(stream, header.lssn);
  const following = await view.follow();
  try {
    const at = await view.write(
      { kind: 'segment', epoch, token, lssn: header.lssn },
      encodeSegmentHeader(stream, header),
    );
    const segment = fold.segments.get(header.lssn);
    if (segment?.base === at) {
      view.makeCheckpointWhenDue();
      return new KafkaSegmentAppender(deps, { view, permit, segment, following });
    }
    checkInForce(fold, permit);
    throw segmentExists(stream, header.lssn);
  } catch (error) {
    following[Symbol.dispose]();
    throw error;
  }
}

/**
 * Seals a segment that its owner left behind. After its owner's fence nothing is added to the segment:
 * everything that counts has been read by then, and the seal says how much that is. Rejects with `LOG_GAP`,
 * `SEGMENT_CORRUPT` and `SEGMENT_FENCED`.
 */
export async function recoverSegment(
  view: StreamView,
  permit: Permit,
  { lssn, sealedAtMs }: { readonly lssn: number; readonly sealedAtMs: number },
): Promise<StandingSeal> {
  const { epoch, token } = permit;
  for (let tries = 0; ; tries++) {
    checkInForce(view.fold, permit);
    const { sealed, tally, seed } = segmentOf(view.fold, lssn);
    if (sealed !== undefined) return sealed;
    if (tries === sealTriesMax) throw fenced(permit);
    const seal = tally!.seal({ epoch, sealedAtMs, isEndOfStream: false });
    await view.write({ kind: 'seal', epoch, token, lssn }, encodeSeal(seal, seed));
  }
}

/** Follows the partition while the segment may grow. Rejects with `LOG_GAP` and `SEGMENT_CORRUPT`. */
export async function openSegment(
  kafka: KafkaBrokers,
  view: StreamView,
  lssn: number,
): Promise<SegmentReader> {
  const segment = segmentOf(view.fold, lssn);
  const following = segment.sealed === undefined ? await view.follow() : undefined;
  return new KafkaSegmentReader(kafka, { view, segment, following });
}

function checkInForce(fold: StreamFold, permit: Permit): void {
  if (!fold.isInForce(permit)) throw fenced(permit, fold.promised.epoch);
}

function checkDurability({ facts, topic }: StreamView, durability: Durability): void {
  const found = durabilitiesOf(facts);
  if (found.includes(durability)) return;
  const remedy =
    durability === 'fsync' ? 'flush.messages=1' : 'more than one replica and min.insync.replicas=2';
  throw new GatewayError(
    'DURABILITY_UNSUPPORTED',
    `durability ${durability} is not to be had of Kafka topic ${topic}: it needs ${remedy}`,
    { facts: { durability, topic, supported: found } },
  );
}

function segmentOf(fold: StreamFold, lssn: number): FoldedSegment {
  const found = fold.segments.get(lssn);
  if (found === undefined) throw segmentMissing(fold.stream, lssn);
  return whole(fold, found);
}

function whole({ stream }: StreamFold, segment: FoldedSegment): FoldedSegment {
  if (segment.damage !== undefined) throw corrupt({ stream, lssn: segment.header.lssn }, segment.damage);
  return segment;
}
