import { type Clock, errorCode } from '../../base/index.ts';
import { compareDlsn, type Dlsn } from '../format/dlsn.ts';
import type { Entry } from '../format/entry.ts';
import { SegmentEntry } from '../format/segment-entry.ts';
import { corrupt } from '../storage/faults.ts';
import type { LogStorage, SegmentReader } from '../storage/storage.ts';
import type { CommitHub } from './commit-hub.ts';
import type { ReadPosition } from './read-position.ts';
import type { Moved } from './read-result.ts';

export interface FetcherDeps {
  readonly storage: LogStorage;
  readonly hub: CommitHub;
  readonly clock: Clock;
}

/** How far a fetch came: `tail` means that there is nothing more yet, `end` that nothing follows. */
export type Fetched = 'more' | 'tail' | 'end' | Moved;

/**
 * Fetches the confirmed entries of a stream in order, segment by segment, and advances the position past
 * them. The newest come from the hub when a writer of this process has just committed them, the others from
 * the storage. Rejects with `LOG_GAP` and `SEGMENT_CORRUPT`.
 */
export class EntryFetcher {
  readonly #deps: FetcherDeps;
  readonly #stream: string;
  readonly #position: ReadPosition;
  readonly #pollEveryMs: number;
  /** Invariant: reads the segment of #position. */
  #reader: SegmentReader | undefined;
  /**
   * Invariant: entries of the segment of #position below this number are confirmed. Later entries of the
   * segment say so.
   */
  #confirmed = 0;
  #seenAtMs: number;
  /** When the storage last returned nothing. */
  #askedAtMs = Number.NEGATIVE_INFINITY;
  /** Invariant: a segment is reopened at most once between two successful reads. */
  #hasReopened = false;

  constructor(
    deps: FetcherDeps,
    from: { readonly stream: string; readonly position: ReadPosition; readonly pollEveryMs: number },
  ) {
    this.#deps = deps;
    this.#stream = from.stream;
    this.#position = from.position;
    this.#pollEveryMs = from.pollEveryMs;
    this.#seenAtMs = deps.clock.monotonicMs();
  }

  /** When an entry was last fetched; at first, when this fetcher was created. */
  get seenAtMs(): number {
    return this.#seenAtMs;
  }

  /** Fetches what follows, or finds that there is nothing more. One call at a time. */
  async fetch(bytesMax: number): Promise<Fetched> {
    const reader = this.#reader ?? (await this.#open());
    if (reader === 'tail' || !('segment' in reader)) return reader;
    const { sealed } = reader.segment;
    if (sealed !== undefined && this.#position.entry >= sealed.seal.entries) return this.#leave(reader);
    if (this.#takeFresh(reader, bytesMax)) return 'more';
    const known = this.#limit(reader);
    if (this.#position.entry >= known && this.#isFollowing()) return 'tail';
    const entries = await this.#read(reader, bytesMax);
    if (entries === undefined) return 'more';
    for (const entry of entries) this.#confirmed = Math.max(this.#confirmed, entry.confirmed);
    // Entries that were confirmed during the read may be returned as well, because an entry is written only
    // once at its place.
    const limit = Math.max(this.#limit(reader), this.#confirmed);
    const readable = entries.filter((entry) => entry.entry < limit);
    if (readable.length > 0) {
      for (const entry of readable) this.#deliver(new SegmentEntry(this.#position.lssn, entry));
      return 'more';
    }
    const { lssn, entry: missing } = this.#position;
    if (entries.length === 0 && missing < known)
      throw corrupt({ stream: this.#stream, lssn }, `entry ${missing} cannot be read`);
    if (reader.segment.sealed === undefined && (await this.#isOver(reader))) return 'more';
    this.#askedAtMs = this.#deps.clock.monotonicMs();
    return 'tail';
  }

  async close(): Promise<void> {
    await this.#reader?.close();
  }

  /**
   * Whether a writer of this process says where the end is, and the storage agreed a moment ago. Only a
   * writer of another process could add something meanwhile, and that is found no later than where there is
   * none here.
   */
  #isFollowing(): boolean {
    const position = this.#deps.hub.position(this.#stream);
    const isWrittenHere = position?.lssn === this.#position.lssn && position.isSealed !== true;
    return isWrittenHere && this.#deps.clock.monotonicMs() - this.#askedAtMs < this.#pollEveryMs;
  }

  /**
   * Undefined when its records are gone, perhaps because they were truncated meanwhile; opening the segment
   * again shows that.
   */
  async #read(reader: SegmentReader, bytesMax: number): Promise<readonly Entry[] | undefined> {
    try {
      const entries = await reader.read(this.#position.entry, bytesMax);
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
    return position?.lssn === this.#position.lssn ? position.confirmed : 0;
  }

  /** Records that a writer of this process has just committed need no read from the storage. */
  #takeFresh(reader: SegmentReader, bytesMax: number): boolean {
    const { lssn, entry: from } = this.#position;
    const fresh = this.#deps.hub.fresh({ stream: this.#stream, lssn, entry: from, bytesMax });
    for (const entry of fresh) this.#deliver(entry);
    reader.passed(fresh.map(({ entry }) => entry));
    return fresh.length > 0;
  }

  #deliver(entry: SegmentEntry): void {
    this.#position.fetched(entry);
    this.#seenAtMs = this.#deps.clock.monotonicMs();
  }

  /** Goes to the next segment, unless the stream ends here. */
  async #leave(reader: SegmentReader): Promise<'more' | 'end'> {
    const { sealed, header } = reader.segment;
    if (sealed!.seal.isEndOfStream) return 'end';
    this.#position.nextSegment(header.firstSequenceId + sealed!.seal.records);
    this.#confirmed = 0;
    this.#reader = undefined;
    await reader.close();
    return 'more';
  }

  /** Opens the segment of the position, or reports that it does not exist yet or was truncated. */
  async #open(): Promise<SegmentReader | 'tail' | Moved> {
    const { storage } = this.#deps;
    const mark = await storage.truncation(this.#stream);
    const { next, lssn } = this.#position;
    if (mark !== undefined && compareDlsn(next, mark) < 0) return this.#move(next, mark);
    const reader = await this.#find();
    if (reader === undefined) {
      // The segment was truncated meanwhile, or did not exist yet. In the second case a later segment may
      // exist only if this one was created meanwhile; otherwise opening it reports the gap.
      const last = (await storage.segments(this.#stream)).at(-1)?.header.lssn ?? 0;
      const after = await storage.truncation(this.#stream);
      if (after !== undefined && compareDlsn(next, after) < 0) return this.#move(next, after);
      this.#reader = last > lssn ? await storage.openSegment(this.#stream, lssn) : undefined;
    } else this.#reader = reader;
    if (this.#reader === undefined) return 'tail';
    this.#position.opened(this.#reader.segment.header.firstSequenceId);
    return this.#reader;
  }

  async #find(): Promise<SegmentReader | undefined> {
    try {
      return await this.#deps.storage.openSegment(this.#stream, this.#position.lssn);
    } catch (error) {
      if (errorCode(error) === 'LOG_GAP') return undefined;
      throw error;
    }
  }

  #move(from: Dlsn, to: Dlsn): Moved {
    this.#position.move(to);
    this.#confirmed = 0;
    return { kind: 'moved', from, to };
  }
}
