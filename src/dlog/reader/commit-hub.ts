import { type Deferred, deferred } from '../../base/index.ts';
import { entryAt } from '../format/entry.ts';
import { SegmentEntry } from '../format/segment-entry.ts';

/** Readers may read the entries of the segment below `confirmed`, and all earlier segments. */
export interface CommitPosition {
  readonly lssn: number;
  readonly confirmed: number;
  /** The writer has sealed the segment: nothing follows in it. */
  readonly isSealed?: boolean;
}

/** The most bytes kept of the newest entries of a stream that has a reader in this process. */
const freshBytesMax = 4 * 1024 * 1024;

/**
 * What the writers of this process have confirmed, for its readers. Readers see a record as soon as its
 * writer is notified, and get the newest records without asking the storage. Readers of other processes learn
 * it from the entries that follow.
 */
export class CommitHub {
  readonly #positions = new Map<string, CommitPosition>();
  readonly #waiting = new Map<string, Deferred<undefined>>();
  readonly #fresh = new Map<string, FreshEntries>();

  /** A segment has begun or ended. A late message of an earlier owner is ignored. */
  publish(stream: string, position: CommitPosition): void {
    if (!this.#accept(stream, position)) return;
    this.#fresh.get(stream)?.clear();
    this.wake(stream);
  }

  /**
   * Confirms an entry: readers can see it from now on, and {@link wake} wakes those that wait. Copies
   * `bytes`.
   */
  confirm(stream: string, position: CommitPosition, bytes: Buffer): void {
    if (this.#accept(stream, position)) this.#fresh.get(stream)?.add(position.lssn, bytes);
  }

  /** The writer of that segment is gone: from now on the storage decides. */
  retract(stream: string, lssn: number): void {
    if (this.#positions.get(stream)?.lssn === lssn) this.#positions.delete(stream);
    this.wake(stream);
  }

  position(stream: string): CommitPosition | undefined {
    return this.#positions.get(stream);
  }

  /** Keeps the newest entries of the stream until it is disposed. */
  attach(stream: string): Disposable {
    let entries = this.#fresh.get(stream);
    if (entries === undefined) {
      entries = new FreshEntries();
      this.#fresh.set(stream, entries);
    }
    entries.readers += 1;
    const attached = entries;
    return {
      [Symbol.dispose]: () => {
        attached.readers -= 1;
        if (attached.readers === 0) this.#fresh.delete(stream);
      },
    };
  }

  /**
   * Confirmed entries from that one on, without a gap, as many as begin within `bytesMax`; none when that one
   * is not kept.
   */
  fresh(at: {
    readonly stream: string;
    readonly lssn: number;
    readonly entry: number;
    readonly bytesMax: number;
  }): readonly SegmentEntry[] {
    return this.#fresh.get(at.stream)?.from(at.lssn, at.entry, at.bytesMax) ?? [];
  }

  /** Resolves at the next change; all waiting readers share one promise. */
  changed(stream: string): Promise<undefined> {
    let waiting = this.#waiting.get(stream);
    if (waiting === undefined) {
      waiting = deferred<undefined>();
      this.#waiting.set(stream, waiting);
    }
    return waiting.promise;
  }

  /**
   * Wakes the readers that wait. It is separate from {@link confirm} so that readers work while the disk
   * does.
   */
  wake(stream: string): void {
    const waiting = this.#waiting.get(stream);
    if (waiting === undefined) return;
    this.#waiting.delete(stream);
    waiting.resolve(undefined);
  }

  #accept(stream: string, position: CommitPosition): boolean {
    if ((this.#positions.get(stream)?.lssn ?? 0) > position.lssn) return false;
    this.#positions.set(stream, position);
    return true;
  }
}

/** The newest entries of one segment, without gaps. */
class FreshEntries {
  readers = 0;
  #lssn = 0;
  #entries: SegmentEntry[] = [];
  #bytes = 0;

  add(lssn: number, bytes: Buffer): void {
    const entry = entryAt(Buffer.from(bytes), 0);
    const isNext = lssn === this.#lssn && entry.entry === (this.#entries.at(-1)?.entry.entry ?? -1) + 1;
    if (!isNext) this.clear();
    this.#lssn = lssn;
    this.#entries.push(new SegmentEntry(lssn, entry, () => this.readers > 1));
    this.#bytes += entry.bytes;
    while (this.#bytes > freshBytesMax && this.#entries.length > 1)
      this.#bytes -= this.#entries.shift()!.entry.bytes;
  }

  clear(): void {
    this.#entries = [];
    this.#bytes = 0;
  }

  from(lssn: number, entry: number, bytesMax: number): readonly SegmentEntry[] {
    const first = this.#entries[0]?.entry.entry;
    if (lssn !== this.#lssn || first === undefined || entry < first) return [];
    const begin = entry - first;
    let end = begin;
    for (let bytes = 0; end < this.#entries.length && bytes < bytesMax; end++)
      bytes += this.#entries[end]!.entry.bytes;
    return this.#entries.slice(begin, end);
  }
}
