import { compareDlsn, type DistributedLog, type Dlsn, type LogReader } from '../dlog/index.ts';
import { type Block, type Blocks, behind, blockOf, firstOf } from './block.ts';

/** The approximate cost of a block beside its bytes. */
const blockOverheadBytes = 160;

interface TailOptions {
  readonly bytesMax: number;
  readonly nowMs: number;
  /** Called when new entries arrived. */
  readonly onGrown: () => void;
}

export type TailLook = Blocks | 'behind' | 'empty' | 'end';

/**
 * The newest entries of a stream, shared by all clients that read at its end: one reader of the log feeds
 * them all, with the same bytes. A client that has fallen behind these entries reads the storage itself.
 * Contains only committed entries.
 */
export class StreamTail {
  readonly #reader: LogReader;
  readonly #bytesMax: number;
  readonly #onGrown: () => void;
  readonly #ended = new AbortController();
  /** The blocks below this index were evicted. */
  #from = 0;
  #blocks: (Block | undefined)[] = [];
  #bytes = 0;
  /** All entries from this position on are kept. */
  #start: Dlsn;
  #isEnd = false;
  #isClosed = false;
  readonly #waiting = new Set<() => void>();
  usedAtMs: number;
  readonly #feeding: Promise<void>;

  private constructor(reader: LogReader, { bytesMax, nowMs, onGrown }: TailOptions) {
    this.#reader = reader;
    this.#bytesMax = bytesMax;
    this.#onGrown = onGrown;
    this.#start = reader.next;
    this.usedAtMs = nowMs;
    this.#feeding = this.#feed().catch(() => undefined);
  }

  /** Rejects as DistributedLog.openReader does. */
  static async open(log: DistributedLog, stream: string, options: TailOptions): Promise<StreamTail> {
    return new StreamTail(await log.openReader(stream, 'latest'), options);
  }

  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Evicts the oldest entry; a client that still needs it reads it from the storage. Returns false when there
   * is none.
   */
  dropOldest(): boolean {
    const oldest = this.#blocks[this.#from];
    if (oldest === undefined) return false;
    this.#letGo(this.#from + 1, behind(oldest));
    return true;
  }

  /**
   * True when the tail was closed, or its reader failed. Clients then read the storage themselves, and
   * receive the reason there.
   */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Whole blocks from that position on: as many as begin within the bytes. */
  look(at: Dlsn, bytesMax: number): TailLook {
    if (this.#isClosed || compareDlsn(at, this.#start) < 0) return 'behind';
    const index = this.#indexOf(at);
    const first = this.#blocks[index];
    if (first === undefined) return this.#isEnd ? 'end' : 'empty';
    const isInside = first.lssn === at.lssn && first.entry === at.entry;
    // Evicted blocks lie before the index.
    const blocks = firstOf(this.#blocks as Block[], bytesMax, index);
    return { blocks, firstSlot: isInside ? at.slot : 0 };
  }

  /** Calls `wake` at the next change, unless it is disposed first. */
  onChange(wake: () => void): Disposable {
    this.#waiting.add(wake);
    return { [Symbol.dispose]: () => this.#waiting.delete(wake) };
  }

  async close(): Promise<void> {
    this.#ended.abort();
    await this.#feeding;
  }

  async #feed(): Promise<void> {
    const { signal } = this.#ended;
    try {
      for (;;) {
        const result = await this.#reader.readEntries({ waitMs: Number.POSITIVE_INFINITY, signal });
        if (result.kind === 'moved') this.#letGo(this.#blocks.length, result.to);
        else if (result.kind === 'entries') this.#keep(result.entries.map(blockOf));
        else if (result.kind === 'end') {
          this.#isEnd = true;
          this.#wake();
          return;
        }
      }
    } finally {
      this.#isClosed = !this.#isEnd;
      this.#wake();
      await this.#reader.close();
    }
  }

  #keep(blocks: readonly Block[]): void {
    for (const block of blocks) {
      this.#blocks.push(block);
      this.#bytes += sizeOf(block);
    }
    let surplus = this.#from;
    for (let bytes = this.#bytes; bytes > this.#bytesMax && surplus < this.#blocks.length - 1; surplus++)
      bytes -= sizeOf(this.#blocks[surplus]!);
    if (surplus > this.#from) this.#letGo(surplus, behind(this.#blocks[surplus - 1]!));
    this.#onGrown();
    this.#wake();
  }

  #letGo(end: number, start: Dlsn): void {
    for (; this.#from < end; this.#from++) {
      this.#bytes -= sizeOf(this.#blocks[this.#from]!);
      this.#blocks[this.#from] = undefined;
    }
    this.#start = start;
    // The array is compacted only now and then, so that an eviction does not move all blocks.
    if (this.#from * 2 < this.#blocks.length) return;
    this.#blocks = this.#blocks.slice(this.#from);
    this.#from = 0;
  }

  /** The index of the block with the first record that is not before `at`. */
  #indexOf(at: Dlsn): number {
    let low = this.#from;
    let high = this.#blocks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const { lssn, entry, count } = this.#blocks[middle]!;
      if (compareDlsn({ lssn, entry, slot: count - 1 }, at) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }
}

function sizeOf({ bytes }: Block): number {
  return bytes.length + blockOverheadBytes;
}
