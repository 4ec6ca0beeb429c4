import { GatewayError } from '../base/index.ts';
import type { StateStore } from '../coordination/index.ts';
import { compareDlsn, type Dlsn, formatDlsn } from './format/dlsn.ts';
import { SegmentCatalogue } from './ownership/catalogue.ts';
import type { CommitHub } from './reader/commit-hub.ts';
import { tailOf } from './reader/start.ts';
import type { LogStorage, StoredSegment } from './storage/storage.ts';

export interface RetentionPolicy {
  /** Segments that were sealed longer ago are deleted. */
  readonly ageMs?: number;
  /** The oldest segments are deleted while the sealed ones exceed this size. */
  readonly bytesMax?: number;
  /** This segment and later ones stay whatever their age and size: a reader has not passed them. */
  readonly keepFrom?: number;
}

/**
 * The number of the first segment to keep. Only whole sealed segments are deleted, and never the last, which
 * holds the end of the stream.
 */
export function firstKept(
  segments: readonly StoredSegment[],
  policy: RetentionPolicy,
  nowMs: number,
): number | undefined {
  const { ageMs = Number.POSITIVE_INFINITY, bytesMax = Number.POSITIVE_INFINITY } = policy;
  const { keepFrom = Number.POSITIVE_INFINITY } = policy;
  // Invariant: the bytes of the sealed segments from the current one on.
  let bytes = segments.reduce((sum, { sealed }) => sum + (sealed?.seal.bytes ?? 0), 0);
  for (const { header, sealed } of segments.slice(0, -1)) {
    if (header.lssn >= keepFrom) return header.lssn;
    const isExpired = sealed !== undefined && (bytes > bytesMax || nowMs - sealed.seal.sealedAtMs >= ageMs);
    if (!isExpired) return header.lssn;
    bytes -= sealed.seal.bytes;
  }
  return segments.at(-1)?.header.lssn;
}

interface CutDeps {
  readonly storage: LogStorage;
  readonly store: StateStore;
  readonly hub: CommitHub;
}

/**
 * Truncates the stream below a position: writes the mark first, durably, and then removes the segments that
 * lie wholly below it. Returns the mark, which may be higher. Rejects with `STREAM_INVALID` for a position
 * behind what is committed.
 */
export async function cutOff({ storage, store, hub }: CutDeps, stream: string, at: Dlsn): Promise<Dlsn> {
  const tail = await tailOf({ storage, hub }, stream);
  if (compareDlsn(at, tail) > 0) {
    throw new GatewayError(
      'STREAM_INVALID',
      `${stream}: ${formatDlsn(at)} cannot be cut off at, the stream is committed to ${formatDlsn(tail)}`,
      { facts: { stream, at, tail } },
    );
  }
  const mark = await storage.truncate(stream, at);
  const catalogue = new SegmentCatalogue(store, stream);
  for (const { header } of await storage.segments(stream)) {
    if (header.lssn >= mark.lssn) break;
    await storage.removeSegment(stream, header.lssn);
    await catalogue.forget(header.lssn);
  }
  return mark;
}
