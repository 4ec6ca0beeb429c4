import { entryBytesMax } from '../format/entry.ts';
import { hasConfirmedAfter, scanEntries } from '../format/scan.ts';
import { encodeSeal } from '../format/seal.ts';
import { decodeSegmentHeader, type SegmentHeader, segmentHeaderBytes } from '../format/segment-header.ts';
import { SegmentTally } from '../format/tally.ts';
import { corrupt, fenced, segmentMissing } from './faults.ts';
import type { FileSystem, OpenFile } from './file-system.ts';
import { ignoring, readUpTo, type StreamFiles, writeAll } from './local-files.ts';
import { readSeal } from './local-segment-appender.ts';
import type { Permit, StandingSeal } from './storage.ts';

interface Recovery {
  readonly fs: FileSystem;
  readonly files: StreamFiles;
  readonly permit: Permit;
  readonly lssn: number;
  readonly sealedAtMs: number;
}

const chunkBytes = 1024 * 1024;

/**
 * Implements LogStorage.recoverSegment. The permit was granted before, so everything acknowledged is in the
 * file.
 */
export async function recoverLocalSegment(recovery: Recovery): Promise<StandingSeal> {
  const { fs, files, permit, lssn } = recovery;
  const segment = { fs, files, stream: permit.stream, lssn };
  const file = await ignoring('ENOENT', fs.open(files.log(lssn), 'write'));
  if (file === undefined) throw segmentMissing(permit.stream, lssn);
  try {
    const decoded = decodeSegmentHeader(
      permit.stream,
      await readUpTo(file, Buffer.alloc(segmentHeaderBytes), 0),
    );
    if (decoded?.header.lssn !== lssn) throw corrupt(segment, 'its header cannot be read');
    const { header, seed } = decoded;
    if (!fs.exists(files.seal(lssn))) {
      const found = await countUp({ file, header, seed, segment });
      await makeDurable(file, found);
      if (!fs.exists(files.fence(permit.epoch))) throw fenced(permit);
      const { sealedAtMs } = recovery;
      const seal = found.tally.seal({ epoch: permit.epoch, sealedAtMs, isEndOfStream: false });
      await files.writeOnce(files.seal(lssn), encodeSeal(seal, seed));
    }
    return await readSeal(segment, seed);
  } finally {
    await file.close();
  }
}

interface Source {
  readonly file: OpenFile;
  readonly header: SegmentHeader;
  readonly seed: number;
  readonly segment: { readonly stream: string; readonly lssn: number };
}

interface Found {
  readonly tally: SegmentTally;
  /** No entry from here on has been confirmed by a later one. */
  readonly unconfirmedFrom: number;
}

/** Tallies all whole entries. */
async function countUp(source: Source): Promise<Found> {
  const { file, header, seed } = source;
  const tally = new SegmentTally(header);
  const starts: number[] = [];
  let confirmed = 0;
  for (let wanted = chunkBytes; ; ) {
    const { bytes, isAll } = await readFrom(file, tally.bytes, wanted);
    const { entries: entry, lastTransactionId: transactionId } = tally;
    const place = { seed, entry, transactionId, sequenceId: header.firstSequenceId + tally.records };
    const scan = scanEntries(bytes, place);
    for (const each of scan.entries) {
      starts.push(tally.bytes);
      confirmed = Math.max(confirmed, each.confirmed);
      tally.add(each);
    }
    if (scan.entries.length > 0 && !(isAll && scan.stop === 'end')) continue;
    if (!isAll && scan.stop === 'short' && wanted <= entryBytesMax) {
      wanted *= 4;
      continue;
    }
    if (scan.stop !== 'end') await refuseDamage(source, tally);
    return { tally, unconfirmedFrom: starts[confirmed] ?? tally.bytes };
  }
}

/** A torn tail is no damage, but everything that was confirmed must exist. */
async function refuseDamage(source: Source, tally: SegmentTally): Promise<void> {
  const { file, header, seed, segment } = source;
  const { bytes: rest } = await readFrom(file, tally.bytes, 2 * entryBytesMax);
  const place = { seed, entry: tally.entries, sequenceId: 0, transactionId: 0 };
  // Without a sync the disk may have kept a later entry and lost an earlier one, so nothing certain is known
  // about what was acknowledged.
  if (header.durability === 'fsync' && hasConfirmedAfter(rest, place))
    throw corrupt(segment, `entry ${tally.entries} cannot be read, but had been confirmed`);
}

/**
 * Up to `bytesMax` bytes, and whether the file ends with them. Takes no more memory than the file has: most
 * segments that are recovered are short, and there may be many at once.
 */
async function readFrom(
  file: OpenFile,
  at: number,
  bytesMax: number,
): Promise<{ readonly bytes: Buffer; readonly isAll: boolean }> {
  // One byte more than there is shows that nothing was appended meanwhile.
  const wanted = Math.min(bytesMax, Math.max(0, (await file.size()) - at) + 1);
  const bytes = await readUpTo(file, Buffer.allocUnsafe(wanted), at);
  return { bytes, isAll: bytes.length < wanted };
}

/**
 * Rewrites everything that may not be durable: the same bytes in the same place. A sync of the owner may have
 * failed. After that the cache shows bytes that are not on the disk, and another sync alone reports success.
 */
async function makeDurable(file: OpenFile, { tally, unconfirmedFrom }: Found): Promise<void> {
  for (let at = unconfirmedFrom; at < tally.bytes; at += chunkBytes) {
    const bytes = await readUpTo(file, Buffer.alloc(Math.min(chunkBytes, tally.bytes - at)), at);
    await writeAll(file, bytes, at);
  }
  await file.dataSync();
}
