import { type Entry, entryBytesMax, recordsOf } from '../format/entry.ts';
import { hasConfirmedAfter, scanEntries } from '../format/scan.ts';
import { decodeSeal, type Seal } from '../format/seal.ts';
import { decodeSegmentHeader, type SegmentHeader, segmentHeaderBytes } from '../format/segment-header.ts';
import { SegmentTally } from '../format/tally.ts';
import type { FileSystem, OpenFile } from '../storage/file-system.ts';
import { ignoring, padded, readUpTo, readWhole, type StreamFiles } from '../storage/local-files.ts';
import type { StandingSeal } from '../storage/storage.ts';
import { damage, type Finding, note } from './finding.ts';

export interface SegmentPlace {
  readonly fs: FileSystem;
  readonly files: StreamFiles;
  readonly stream: string;
  readonly lssn: number;
}

export interface CheckedSegment {
  readonly lssn: number;
  /** Undefined when the header cannot be read; then nothing more is known about the segment. */
  readonly header: SegmentHeader | undefined;
  readonly sealed: StandingSeal | undefined;
  /** All whole entries from the beginning. */
  readonly tally: SegmentTally | undefined;
  readonly findings: readonly Finding[];
}

/** Undefined when the segment does not exist, or no longer exists. */
export async function checkSegment(place: SegmentPlace): Promise<CheckedSegment | undefined> {
  const { fs, files, lssn } = place;
  const file = await ignoring('ENOENT', fs.open(files.log(lssn), 'read'));
  if (file === undefined) return undefined;
  try {
    return await new SegmentCheck(place, file).run();
  } finally {
    await file.close();
  }
}

export function logName(lssn: number): string {
  return `segments/${padded(lssn)}.log`;
}

export function sealName(lssn: number): string {
  return `segments/${padded(lssn)}.seal`;
}

const chunkBytes = 1024 * 1024;

/**
 * Checks one segment in one pass: its header, its seal, every entry, and that the seal agrees with the
 * entries.
 */
class SegmentCheck {
  readonly #place: SegmentPlace;
  readonly #file: OpenFile;
  readonly #findings: Finding[] = [];
  #seed = 0;

  constructor(place: SegmentPlace, file: OpenFile) {
    this.#place = place;
    this.#file = file;
  }

  async run(): Promise<CheckedSegment> {
    const { lssn } = this.#place;
    const header = await this.#header();
    if (header === undefined)
      return { lssn, header, sealed: undefined, tally: undefined, findings: this.#findings };
    const sealed = await this.#seal();
    const tally = new SegmentTally(header);
    if (await this.#scan(header, tally, sealed?.seal)) this.#compare(tally, sealed?.seal);
    return { lssn, header, sealed, tally, findings: this.#findings };
  }

  async #header(): Promise<SegmentHeader | undefined> {
    const { stream, lssn } = this.#place;
    const bytes = await readUpTo(this.#file, Buffer.alloc(segmentHeaderBytes), 0);
    const decoded = decodeSegmentHeader(stream, bytes);
    if (decoded?.header.lssn === lssn) {
      this.#seed = decoded.seed;
      return decoded.header;
    }
    const what =
      bytes.length < segmentHeaderBytes
        ? `the file has ${bytes.length} of the header's ${segmentHeaderBytes} bytes`
        : decoded === undefined
          ? "the header's checksum is wrong, or it is another stream's"
          : `the header is that of segment ${decoded.header.lssn}`;
    this.#add(damage(logName(lssn), 'byte 0', `${what}: no record of the segment can be read`));
    return undefined;
  }

  async #seal(): Promise<StandingSeal | undefined> {
    const { fs, files, lssn } = this.#place;
    const bytes = await readWhole(fs, files.seal(lssn));
    if (bytes === undefined) return undefined;
    const decoded = decodeSeal(bytes, this.#seed);
    if (decoded?.seal.lssn === lssn) return decoded;
    this.#add(
      damage(
        sealName(lssn),
        '',
        "the seal's checksum is wrong, or it is another segment's: the end of the segment is unknown, so reading and writing stop here",
      ),
    );
    return undefined;
  }

  /** Tallies whole entries. Returns false when it has reported something that stopped it. */
  async #scan(header: SegmentHeader, tally: SegmentTally, seal: Seal | undefined): Promise<boolean> {
    const end = seal?.bytes ?? Number.POSITIVE_INFINITY;
    for (let wanted = chunkBytes; ; ) {
      const limit = Math.min(wanted, end - tally.bytes);
      const bytes = await readUpTo(this.#file, Buffer.allocUnsafe(Math.max(0, limit)), tally.bytes);
      const scan = scanEntries(bytes, placeOf(header, tally, this.#seed));
      for (const entry of scan.entries) if (!this.#take(header, tally, entry)) return false;
      if (scan.entries.length > 0 && scan.bytes > 0 && !(scan.stop === 'end' && bytes.length < wanted))
        continue;
      const isAll = bytes.length < wanted;
      if (scan.stop === 'short' && !isAll && wanted <= entryBytesMax) {
        wanted *= 4;
        continue;
      }
      if (scan.stop === 'end') return true;
      // An entry that was being written meanwhile may be whole by now.
      if (seal === undefined && (await this.#grew(header, tally))) continue;
      return this.#broken(header, tally, seal);
    }
  }

  #take(header: SegmentHeader, tally: SegmentTally, entry: Entry): boolean {
    const { lssn } = this.#place;
    const where = `byte ${tally.bytes}, entry ${entry.entry}`;
    if (entry.epoch !== header.epoch) {
      const meaning = `it is of epoch ${entry.epoch}, the segment of ${header.epoch}: two owners wrote one segment`;
      this.#add(damage(logName(lssn), where, meaning));
      return false;
    }
    if (entry.kind === 'data' && recordsOf(lssn, entry) === undefined) {
      this.#add(damage(logName(lssn), where, 'its records are not what its header says: readers stop here'));
      return false;
    }
    tally.add(entry);
    return true;
  }

  async #grew(header: SegmentHeader, tally: SegmentTally): Promise<boolean> {
    const bytes = await readUpTo(this.#file, Buffer.allocUnsafe(2 * entryBytesMax), tally.bytes);
    return scanEntries(bytes, placeOf(header, tally, this.#seed)).entries.length > 0;
  }

  async #broken(header: SegmentHeader, tally: SegmentTally, seal: Seal | undefined): Promise<boolean> {
    const { lssn } = this.#place;
    const where = `byte ${tally.bytes}, entry ${tally.entries}`;
    if (seal !== undefined) {
      const lost = seal.entries - tally.entries;
      const records = seal.records - tally.records;
      const meaning = `the entry cannot be read: it and ${lost - 1} after it (${records} records) were committed, and readers stop here`;
      this.#add(damage(logName(lssn), where, meaning));
      return false;
    }
    const rest = await readUpTo(this.#file, Buffer.allocUnsafe(2 * entryBytesMax), tally.bytes);
    const place = { seed: this.#seed, entry: tally.entries, sequenceId: 0, transactionId: 0 };
    if (hasConfirmedAfter(rest, place) && header.durability === 'fsync')
      this.#add(
        damage(
          logName(lssn),
          where,
          'the entry cannot be read although it was confirmed: no owner can continue from here',
        ),
      );
    else
      this.#add(
        note(
          logName(lssn),
          where,
          'a torn tail: what was being written when its owner died, and never acknowledged',
        ),
      );
    return false;
  }

  #compare(tally: SegmentTally, seal: Seal | undefined): void {
    if (seal === undefined) return;
    const { lssn } = this.#place;
    const counted = tally.seal(seal);
    for (const field of ['entries', 'records', 'bytes', 'lastTransactionId', 'chainCrc'] as const) {
      if (counted[field] === seal[field]) continue;
      const meaning = `the seal says ${field} ${seal[field]}, the entries make ${counted[field]}: the segment is not what was sealed`;
      this.#add(damage(sealName(lssn), '', meaning));
      return;
    }
    const wrong = seal.points.find((point, index) => counted.points[index]?.offset !== point.offset);
    if (wrong !== undefined)
      this.#add(
        damage(
          sealName(lssn),
          `index point of entry ${wrong.entry}`,
          'searches would begin in the wrong place',
        ),
      );
  }

  #add(finding: Finding): void {
    this.#findings.push(finding);
  }
}

function placeOf(header: SegmentHeader, tally: SegmentTally, seed: number) {
  const { entries: entry, lastTransactionId: transactionId } = tally;
  return { seed, entry, transactionId, sequenceId: header.firstSequenceId + tally.records };
}
