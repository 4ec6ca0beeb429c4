import { type Entry, entryBytesMax } from '../format/entry.ts';
import { scanEntries } from '../format/scan.ts';
import { decodeSegmentHeader, type SegmentHeader, segmentHeaderBytes } from '../format/segment-header.ts';
import { corrupt, segmentMissing } from './faults.ts';
import type { FileSystem, OpenFile } from './file-system.ts';
import { ignoring, readUpTo, type StreamFiles } from './local-files.ts';
import { readSeal } from './local-segment-appender.ts';
import type { SeekBy, SegmentReader, StandingSeal, StoredSegment } from './storage.ts';

export interface LocalSegment {
  readonly fs: FileSystem;
  readonly files: StreamFiles;
  readonly stream: string;
  readonly lssn: number;
}

/** Where the next read begins, and what its first entry must continue. */
interface Cursor {
  readonly entry: number;
  readonly offset: number;
  readonly sequenceId: number | undefined;
  readonly transactionId: number;
}

const chunkBytes = 256 * 1024;
/** The size of a read at the end of an open segment, where there is little to read, but often. */
const tailBytes = 16 * 1024;

/** Reads one segment's file, from its current position on or from the nearest index point of its seal. */
export class LocalSegmentReader implements SegmentReader {
  readonly #segment: LocalSegment;
  readonly #file: OpenFile;
  readonly #header: SegmentHeader;
  readonly #seed: number;
  #sealed: StandingSeal | undefined;
  #cursor: Cursor;
  /** The last read: not all of it may have been confirmed, and the rest is read again. */
  #last: { readonly begin: Cursor; readonly entries: readonly Entry[] } | undefined;
  #isAtTail = false;
  #isClosed = false;

  private constructor(segment: LocalSegment, file: OpenFile, stored: StoredSegment) {
    this.#segment = segment;
    this.#file = file;
    this.#header = stored.header;
    this.#seed = stored.seed;
    this.#sealed = stored.sealed;
    this.#cursor = this.#start();
  }

  static async open(segment: LocalSegment): Promise<LocalSegmentReader> {
    const file = await ignoring('ENOENT', segment.fs.open(segment.files.log(segment.lssn), 'read'));
    if (file === undefined) throw segmentMissing(segment.stream, segment.lssn);
    try {
      return new LocalSegmentReader(segment, file, await readStored(segment, file));
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  get segment(): StoredSegment {
    return { header: this.#header, seed: this.#seed, sealed: this.#sealed };
  }

  async read(from: number, bytesMax: number): Promise<readonly Entry[]> {
    if (from !== this.#cursor.entry) await this.#moveTo(from);
    const begin = this.#cursor;
    const { entries } = await this.#scan(bytesMax);
    this.#last = { begin, entries };
    return entries;
  }

  passed(entries: readonly Entry[]): void {
    const at = this.#cursor.entry - (entries[0]?.entry ?? Number.POSITIVE_INFINITY);
    if (at >= 0 && at < entries.length)
      this.#cursor = stepped(this.#cursor, entries.slice(at), Number.POSITIVE_INFINITY);
  }

  async seek({ field, value }: SeekBy): Promise<number> {
    const points = this.#sealed?.seal.points ?? [];
    const pointField = field === 'writtenAtMs' ? 'writtenAtMs' : 'transactionId';
    const point = points.findLast((each) => each[pointField] < value);
    this.#cursor = point === undefined ? this.#start() : cursorAt(point);
    for (;;) {
      const { entries } = await this.#scan(chunkBytes);
      const found = entries.find((entry) => entry[field] >= value);
      if (found !== undefined) return found.entry;
      if (entries.length === 0) return this.#cursor.entry;
    }
  }

  async refresh(): Promise<StandingSeal | undefined> {
    const { fs, files, lssn } = this.#segment;
    if (this.#sealed !== undefined) return this.#sealed;
    if (fs.exists(files.seal(lssn))) this.#sealed = await readSeal(this.#segment, this.#seed);
    else if (!fs.exists(files.log(lssn))) throw segmentMissing(this.#segment.stream, lssn);
    return this.#sealed;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#file.close();
  }

  async #moveTo(entry: number): Promise<void> {
    const last = this.#last;
    if (last !== undefined && last.begin.entry <= entry && entry < this.#cursor.entry)
      this.#cursor = stepped(last.begin, last.entries, entry);
    const point = this.#sealed?.seal.points.findLast((each) => each.entry <= entry);
    if (this.#cursor.entry > entry || (point !== undefined && point.entry > this.#cursor.entry))
      this.#cursor = point === undefined ? this.#start() : cursorAt(point);
    while (this.#cursor.entry < entry) {
      const before = this.#cursor;
      const { entries } = await this.#scan(chunkBytes);
      if (entries.length === 0) return;
      if (this.#cursor.entry > entry) this.#cursor = stepped(before, entries, entry);
    }
  }

  /** Reads from the cursor on, and moves it behind what was read. */
  async #scan(bytesMax: number): Promise<{ readonly entries: readonly Entry[] }> {
    const end = this.#sealed?.seal;
    const isAtEnd = end !== undefined && this.#cursor.entry >= end.entries;
    if (isAtEnd) return { entries: [] };
    const first = Math.max(this.#isAtTail ? Math.min(bytesMax, tailBytes) : bytesMax, 4096);
    for (let wanted = first; ; wanted *= 4) {
      const limit = Math.min(wanted, (end?.bytes ?? Number.POSITIVE_INFINITY) - this.#cursor.offset);
      const bytes = await readUpTo(this.#file, Buffer.allocUnsafe(limit), this.#cursor.offset);
      this.#isAtTail = bytes.length < limit;
      const place = { ...this.#cursor, seed: this.#seed };
      const scan = scanEntries(bytes, place);
      if (scan.entries.length > 0) {
        this.#cursor = stepped(this.#cursor, scan.entries, Number.POSITIVE_INFINITY);
        return { entries: scan.entries };
      }
      const isAll = bytes.length < limit || limit < wanted || wanted > entryBytesMax;
      if (scan.stop === 'short' && !isAll) continue;
      if (end !== undefined)
        throw corrupt(this.#segment, `entry ${this.#cursor.entry} of ${end.entries} cannot be read`);
      return { entries: [] };
    }
  }

  #start(): Cursor {
    const { firstSequenceId: sequenceId, transactionIdFloor: transactionId } = this.#header;
    return { entry: 0, offset: segmentHeaderBytes, sequenceId, transactionId };
  }
}

/** The segment's header and, if it has one, its seal; undefined when the segment does not exist. */
export async function readStoredSegment(segment: LocalSegment): Promise<StoredSegment | undefined> {
  const file = await ignoring('ENOENT', segment.fs.open(segment.files.log(segment.lssn), 'read'));
  if (file === undefined) return undefined;
  try {
    return await ignoring('LOG_GAP', readStored(segment, file));
  } finally {
    await file.close();
  }
}

async function readStored(segment: LocalSegment, file: OpenFile): Promise<StoredSegment> {
  const decoded = decodeSegmentHeader(
    segment.stream,
    await readUpTo(file, Buffer.alloc(segmentHeaderBytes), 0),
  );
  if (decoded?.header.lssn !== segment.lssn) throw corrupt(segment, 'its header cannot be read');
  const isSealed = segment.fs.exists(segment.files.seal(segment.lssn));
  // A removal takes the log first: without this check a sealed segment could look as if it were still
  // written.
  if (!isSealed && !segment.fs.exists(segment.files.log(segment.lssn)))
    throw segmentMissing(segment.stream, segment.lssn);
  return { ...decoded, sealed: isSealed ? await readSeal(segment, decoded.seed) : undefined };
}

function cursorAt(point: {
  readonly entry: number;
  readonly offset: number;
  readonly transactionId: number;
}): Cursor {
  const { entry, offset, transactionId } = point;
  return { entry, offset, transactionId, sequenceId: undefined };
}

/** The cursor behind those entries that come before number `until`. */
function stepped(from: Cursor, entries: readonly Entry[], until: number): Cursor {
  let { entry, offset, transactionId, sequenceId } = from;
  for (const each of entries) {
    if (each.entry >= until) break;
    entry = each.entry + 1;
    offset += each.bytes;
    sequenceId = each.firstSequenceId + each.count;
    transactionId = each.lastTransactionId;
  }
  return { entry, offset, sequenceId, transactionId };
}
