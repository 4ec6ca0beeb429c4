import { type Clock, deferred, errorCode, GatewayError, throwIfAborted } from '../../base/index.ts';
import { compareDlsn, type Dlsn, formatDlsn } from '../format/dlsn.ts';
import type { Entry, LogRecord } from '../format/entry.ts';
import { SegmentEntry } from '../format/segment-entry.ts';
import { corrupt } from '../storage/faults.ts';
import type { LogStorage, SegmentReader } from '../storage/storage.ts';
import type { CommitHub } from './commit-hub.ts';
import { type ReadFrom, startOf } from './start.ts';

export interface ReaderDeps {
  readonly storage: LogStorage;
  readonly hub: CommitHub;
  readonly clock: Clock;
}

export interface ReaderOptions {
  /** How often a waiting read polls the storage for what writers of other processes added. Default 10. */
  readonly pollEveryMs?: number;
  /** A read rejects with `READER_IDLE` when nothing at all was written for this long. Default: never. */
  readonly idleErrorMs?: number;
}

export interface ReadLimits {
  /** Default 1000. */
  readonly recordsMax?: number;
  /** How much to read at once; a larger entry is returned whole. Default 256 KiB. */
  readonly bytesMax?: number;
  /** How long to wait when there is nothing yet. Default 0. */
  readonly waitMs?: number;
  readonly signal?: AbortSignal;
}

export type ReadResult =
  /** At least one record, in order, without a gap. */
  { readonly kind: 'records'; readonly records: readonly LogRecord[] } | NothingRead;

/** Whole entries that have records. The records of the first entry before `firstSlot` were not requested. */
export type ReadEntriesResult =
  | { readonly kind: 'entries'; readonly entries: readonly SegmentEntry[]; readonly firstSlot: number }
  | NothingRead;

type NothingRead =
  /** There is nothing more yet; `idleForMs` is the time since the reader last saw something. */
  | { readonly kind: 'idle'; readonly idleForMs: number }
  /**
   * The next records were truncated: reading continues at `to`. Returned once, before the records from there.
   */
  | { readonly kind: 'moved'; readonly from: Dlsn; readonly to: Dlsn }
  /** The stream is sealed and all of it was read. */
  | { readonly kind: 'end' };

/** How far a fill came. */
type Filled = 'more' | 'tail' | 'end' | { readonly from: Dlsn; readonly to: Dlsn };

/**
 * Reads a stream from a position on, never past what is committed. Only one read may run at a time. Rejects
 * with `LOG_GAP` when a segment or a record is missing, and with `SEGMENT_CORRUPT`: it never skips.
 */
export class LogReader {
  readonly #deps: ReaderDeps;
  readonly #stream: string;
  readonly #options: Required<ReaderOptions>;
  readonly #attached: Disposable;
  #reader: SegmentReader | undefined;
  /** The segment and entry to fetch next. Invariant: together they never decrease. */
  #lssn: number;
  #entry: number;
  /** Records before this slot of the first entry, or below this transaction id, are skipped. */
  #skipSlots: number;
  #skipBelow: number;
  /**
   * Invariant: entries of segment #lssn below this number are confirmed. Later entries of the segment say so.
   */
  #confirmed = 0;
  /** Invariant: the first sequence id of entry #entry; undefined until an entry was read here. */
  #nextSequenceId: number | undefined;
  /**
   * Entries that were fetched and not yet taken. The caller does not want records of the first one before
   * #waitingSlot. Invariant: consecutive, and the last one directly precedes #entry of #lssn.
   */
  #waiting: SegmentEntry[] = [];
  #waitingSlot = 0;
  #ready: LogRecord[] = [];
  /** Invariant: at most the length of #ready. The records before it were returned. */
  #readyFrom = 0;
  #seenAtMs: number;
  /** When the storage last returned nothing. */
  #askedAtMs = Number.NEGATIVE_INFINITY;
  /** Invariant: a segment is reopened at most once between two successful reads. */
  #hasReopened = false;
  #isClosed = false;

  private constructor(
    deps: ReaderDeps,
    stream: string,
    start: { readonly at: Dlsn; readonly skipBelow: number; readonly options: ReaderOptions },
  ) {
    this.#deps = deps;
    this.#stream = stream;
    this.#options = { pollEveryMs: 10, idleErrorMs: Number.POSITIVE_INFINITY, ...start.options };
    this.#lssn = start.at.lssn;
    this.#entry = start.at.entry;
    this.#skipSlots = start.at.slot;
    this.#skipBelow = start.skipBelow;
    this.#seenAtMs = deps.clock.monotonicMs();
    this.#attached = deps.hub.attach(stream);
  }

  /** Rejects with `STREAM_UNKNOWN`. The first read reports a position that was truncated. */
  static async open(
    deps: ReaderDeps,
    stream: { readonly name: string; readonly from: ReadFrom },
    options: ReaderOptions = {},
  ): Promise<LogReader> {
    await deps.storage.settings(stream.name);
    const start = await startOf(deps, stream.name, stream.from);
    return new LogReader(deps, stream.name, { ...start, options });
  }

  /** The position of the next record, or of where it will be. */
  get next(): Dlsn {
    const ready = this.#ready[this.#readyFrom];
    if (ready !== undefined) return { lssn: ready.lssn, entry: ready.entry, slot: ready.slot };
    const [waiting] = this.#waiting;
    if (waiting !== undefined)
      return { lssn: waiting.lssn, entry: waiting.entry.entry, slot: this.#waitingSlot };
    return { lssn: this.#lssn, entry: this.#entry, slot: this.#skipSlots };
  }

  async read(limits: ReadLimits = {}): Promise<ReadResult> {
    for (;;) {
      if (this.#readyFrom < this.#ready.length) {
        throwIfAborted(limits.signal);
        return { kind: 'records', records: this.#takeReady(limits.recordsMax ?? 1000) };
      }
      const found = await this.readEntries(limits);
      if (found.kind !== 'entries') return found;
      this.#decode(found.entries, found.firstSlot);
    }
  }

  /**
   * Reads stored entries without decoding them, for callers that forward them. A start by transaction id is
   * where its entry begins. A reader must use either this method or the one that decodes, never both.
   */
  async readEntries(limits: Omit<ReadLimits, 'recordsMax'> = {}): Promise<ReadEntriesResult> {
    const { bytesMax = 256 * 1024, waitMs = 0, signal } = limits;
    const { clock } = this.#deps;
    const deadlineMs = clock.monotonicMs() + waitMs;
    for (;;) {
      throwIfAborted(signal);
      if (this.#waiting.length > 0) return this.#takeWaiting();
      // Subscribe before reading, so that no change in between is missed.
      const changed = this.#deps.hub.changed(this.#stream);
      const filled = await this.#fill(bytesMax);
      if (filled === 'more') continue;
      if (filled === 'end') return { kind: 'end' };
      if (filled !== 'tail') return { kind: 'moved', ...filled };
      const nowMs = clock.monotonicMs();
      const idleForMs = nowMs - this.#seenAtMs;
      if (idleForMs >= this.#options.idleErrorMs) throw this.#idle(idleForMs);
      if (nowMs >= deadlineMs) return { kind: 'idle', idleForMs };
      await this.#pause(changed, Math.min(deadlineMs - nowMs, this.#options.pollEveryMs), signal);
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#attached[Symbol.dispose]();
    await this.#reader?.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #takeWaiting(): ReadEntriesResult {
    const [entries, firstSlot] = [this.#waiting, this.#waitingSlot];
    this.#waiting = [];
    this.#waitingSlot = 0;
    return { kind: 'entries', entries, firstSlot };
  }

  /** Stops before an entry that cannot be decoded, and throws if there is nothing before it. */
  #decode(entries: readonly SegmentEntry[], firstSlot: number): void {
    for (const [index, entry] of entries.entries()) {
      const slot = index === 0 ? firstSlot : 0;
      const records = entry.records();
      if (records === undefined) {
        this.#waiting = entries.slice(index);
        this.#waitingSlot = slot;
        if (this.#ready.length > 0) return;
        throw corrupt({ stream: this.#stream, lssn: entry.lssn }, 'its records');
      }
      for (const record of records) {
        if (record.slot < slot || record.transactionId < this.#skipBelow) continue;
        this.#skipBelow = 0;
        this.#ready.push(record);
      }
    }
  }

  #takeReady(recordsMax: number): LogRecord[] {
    const records = this.#ready.slice(this.#readyFrom, this.#readyFrom + recordsMax);
    this.#readyFrom += records.length;
    if (this.#readyFrom === this.#ready.length) {
      this.#ready = [];
      this.#readyFrom = 0;
    }
    return records;
  }

  async #pause(changed: Promise<undefined>, ms: number, signal: AbortSignal | undefined): Promise<void> {
    const over = deferred<undefined>();
    const onOver = (): void => over.resolve(undefined);
    const timer = this.#deps.clock.after(ms, onOver);
    if (signal?.aborted === true) onOver();
    else signal?.addEventListener('abort', onOver, { once: true });
    try {
      await Promise.race([changed, over.promise]);
    } finally {
      timer[Symbol.dispose]();
      signal?.removeEventListener('abort', onOver);
    }
  }

  /** Reads on to the next records, or to the point where there is nothing more. */
  async #fill(bytesMax: number): Promise<Filled> {
    const reader = this.#reader ?? (await this.#open());
    if (!('segment' in reader)) return reader.kind === 'tail' ? 'tail' : reader;
    const isEnd = reader.segment.sealed !== undefined && this.#entry >= reader.segment.sealed.seal.entries;
    if (isEnd) return this.#leave(reader);
    if (this.#takeFresh(reader, bytesMax)) return 'more';
    const known = this.#limit(reader);
    if (this.#entry >= known && this.#isFollowing()) return 'tail';
    const entries = await this.#readOf(reader, bytesMax);
    if (entries === undefined) return 'more';
    for (const entry of entries) this.#confirmed = Math.max(this.#confirmed, entry.confirmed);
    // Entries that were confirmed during the read may be returned as well, because an entry is written only
    // once at its place.
    const limit = Math.max(this.#limit(reader), this.#confirmed);
    const readable = entries.filter((entry) => entry.entry < limit);
    if (readable.length > 0) {
      for (const entry of readable) this.#deliver(new SegmentEntry(this.#lssn, entry));
      return 'more';
    }
    if (entries.length === 0 && this.#entry < known)
      throw corrupt({ stream: this.#stream, lssn: this.#lssn }, `entry ${this.#entry} cannot be read`);
    if (reader.segment.sealed === undefined && (await this.#isOver(reader))) return 'more';
    this.#askedAtMs = this.#deps.clock.monotonicMs();
    return 'tail';
  }

  /**
   * Whether a writer of this process says where the end is, and the storage agreed a moment ago. Only a
   * writer of another process could add something meanwhile, and that is found no later than where there is
   * none here.
   */
  #isFollowing(): boolean {
    const position = this.#deps.hub.position(this.#stream);
    const isWrittenHere = position?.lssn === this.#lssn && position.isSealed !== true;
    return isWrittenHere && this.#deps.clock.monotonicMs() - this.#askedAtMs < this.#options.pollEveryMs;
  }

  /**
   * Undefined when its records are gone, perhaps because they were truncated meanwhile; opening the segment
   * again shows that.
   */
  async #readOf(reader: SegmentReader, bytesMax: number): Promise<readonly Entry[] | undefined> {
    try {
      const entries = await reader.read(this.#entry, bytesMax);
      this.#hasReopened = false;
      return entries;
    } catch (error) {
      if (errorCode(error) !== 'LOG_GAP' || this.#hasReopened) throw error;
      this.#hasReopened = true;
      this.#reader = undefined;
      await reader.close();
      return undefined;
    }
  }

  /** Whether the segment was sealed or truncated while it was read. */
  async #isOver(reader: SegmentReader): Promise<boolean> {
    try {
      return (await reader.refresh()) !== undefined;
    } catch (error) {
      if (errorCode(error) !== 'LOG_GAP') throw error;
      this.#reader = undefined;
      await reader.close();
      return true;
    }
  }

  /** Entries below this number are known to be confirmed. */
  #limit(reader: SegmentReader): number {
    if (reader.segment.sealed !== undefined) return reader.segment.sealed.seal.entries;
    const position = this.#deps.hub.position(this.#stream);
    return position?.lssn === this.#lssn ? position.confirmed : 0;
  }

  /** Records that a writer of this process has just committed need no read from the storage. */
  #takeFresh(reader: SegmentReader, bytesMax: number): boolean {
    const at = { stream: this.#stream, lssn: this.#lssn, entry: this.#entry, bytesMax };
    const fresh = this.#deps.hub.fresh(at);
    for (const entry of fresh) this.#deliver(entry);
    reader.passed(fresh.map(({ entry }) => entry));
    return fresh.length > 0;
  }

  #deliver(segmentEntry: SegmentEntry): void {
    const { entry } = segmentEntry;
    const isNext = this.#nextSequenceId === undefined || entry.firstSequenceId === this.#nextSequenceId;
    if (!isNext) throw this.#gap(`sequence id ${this.#nextSequenceId}`, entry.firstSequenceId);
    if (entry.count > this.#skipSlots) {
      if (this.#waiting.length === 0) this.#waitingSlot = this.#skipSlots;
      this.#waiting.push(segmentEntry);
    }
    this.#skipSlots = 0;
    this.#entry = entry.entry + 1;
    this.#nextSequenceId = entry.firstSequenceId + entry.count;
    this.#seenAtMs = this.#deps.clock.monotonicMs();
  }

  /** Goes to the next segment, unless the stream ends here. */
  async #leave(reader: SegmentReader): Promise<'more' | 'end'> {
    const { sealed, header } = reader.segment;
    if (sealed!.seal.isEndOfStream) return 'end';
    this.#nextSequenceId = header.firstSequenceId + sealed!.seal.records;
    this.#lssn += 1;
    this.#entry = 0;
    this.#skipSlots = 0;
    this.#confirmed = 0;
    this.#reader = undefined;
    await reader.close();
    return 'more';
  }

  /** Opens the segment of the position, or reports that it does not exist yet or was truncated. */
  async #open(): Promise<
    | SegmentReader
    | { readonly kind: 'tail' }
    | { readonly kind: 'moved'; readonly from: Dlsn; readonly to: Dlsn }
  > {
    const { storage } = this.#deps;
    const mark = await storage.truncation(this.#stream);
    const { next } = this;
    if (mark !== undefined && compareDlsn(next, mark) < 0) return this.#move(next, mark);
    const reader = await this.#find();
    if (reader === undefined) {
      // The segment was truncated meanwhile, or did not exist yet. In the second case a later segment may
      // exist only if this one was created meanwhile; otherwise opening it reports the gap.
      const last = (await storage.segments(this.#stream)).at(-1)?.header.lssn ?? 0;
      const after = await storage.truncation(this.#stream);
      if (after !== undefined && compareDlsn(next, after) < 0) return this.#move(next, after);
      this.#reader = last > this.#lssn ? await storage.openSegment(this.#stream, this.#lssn) : undefined;
    } else this.#reader = reader;
    if (this.#reader === undefined) return { kind: 'tail' };
    const { firstSequenceId } = this.#reader.segment.header;
    if (this.#entry === 0 && this.#nextSequenceId !== undefined && firstSequenceId !== this.#nextSequenceId)
      throw this.#gap(`sequence id ${this.#nextSequenceId}`, firstSequenceId);
    return this.#reader;
  }

  async #find(): Promise<SegmentReader | undefined> {
    try {
      return await this.#deps.storage.openSegment(this.#stream, this.#lssn);
    } catch (error) {
      if (errorCode(error) === 'LOG_GAP') return undefined;
      throw error;
    }
  }

  #move(from: Dlsn, to: Dlsn): { readonly kind: 'moved'; readonly from: Dlsn; readonly to: Dlsn } {
    this.#lssn = to.lssn;
    this.#entry = to.entry;
    this.#skipSlots = to.slot;
    this.#confirmed = 0;
    this.#nextSequenceId = undefined;
    return { kind: 'moved', from, to };
  }

  #gap(expected: string, found: number): GatewayError {
    return new GatewayError(
      'LOG_GAP',
      `${this.#stream}: ${expected} is missing at ${formatDlsn(this.next)}, found ${found}`,
      { facts: { stream: this.#stream, expected, found } },
    );
  }

  #idle(idleForMs: number): GatewayError {
    return new GatewayError('READER_IDLE', `${this.#stream}: nothing was written for ${idleForMs} ms`, {
      retryable: true,
      facts: { stream: this.#stream, idleForMs },
    });
  }
}
