import { type Deferred, deferred } from '../base/index.ts';
import {
  compareDlsn,
  type DistributedLog,
  type Dlsn,
  type LogReader,
  type LogRecord,
} from '../dlog/index.ts';

/** What a record costs beside its payload, roughly. */
const recordOverheadBytes = 96;

export type TailLook = readonly LogRecord[] | 'behind' | 'empty' | 'end';

/**
 * The newest records of a stream, kept for all who read at its end: one reader of the log feeds them all. Who is behind what is kept
 * reads for itself. Holds nothing but what is committed.
 */
export class StreamTail {
  readonly #reader: LogReader;
  readonly #bytesMax: number;
  readonly #ended = new AbortController();
  /** Records below this index were let go. */
  #from = 0;
  #records: LogRecord[] = [];
  #bytes = 0;
  /** Everything from here on is kept. */
  #start: Dlsn;
  #isEnd = false;
  #isClosed = false;
  #changed: Deferred<undefined> = deferred();
  usedAtMs: number;
  readonly #feeding: Promise<void>;

  private constructor(reader: LogReader, bytesMax: number, nowMs: number) {
    this.#reader = reader;
    this.#bytesMax = bytesMax;
    this.#start = reader.next;
    this.usedAtMs = nowMs;
    this.#feeding = this.#feed().catch(() => undefined);
  }

  /** Rejects as DistributedLog.openReader does. */
  static async open(
    log: DistributedLog,
    stream: string,
    options: { readonly bytesMax: number; readonly nowMs: number },
  ): Promise<StreamTail> {
    return new StreamTail(await log.openReader(stream, 'latest'), options.bytesMax, options.nowMs);
  }

  /** True when it was closed, or its reader failed: those who read for themselves are told why. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** At most `recordsMax` records from that position on. */
  look(at: Dlsn, recordsMax: number): TailLook {
    if (this.#isClosed || compareDlsn(at, this.#start) < 0) return 'behind';
    const index = this.#indexOf(at);
    if (index < this.#records.length) return this.#records.slice(index, index + recordsMax);
    return this.#isEnd ? 'end' : 'empty';
  }

  /** Resolves at the next change. */
  changed(): Promise<undefined> {
    return this.#changed.promise;
  }

  async close(): Promise<void> {
    this.#ended.abort();
    await this.#feeding;
  }

  async #feed(): Promise<void> {
    const { signal } = this.#ended;
    try {
      for (;;) {
        const result = await this.#reader.read({ waitMs: Number.POSITIVE_INFINITY, signal });
        if (result.kind === 'moved') this.#letGo(this.#records.length, result.to);
        else if (result.kind === 'records') this.#keep(result.records);
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

  #keep(records: readonly LogRecord[]): void {
    for (const record of records) {
      this.#records.push(record);
      this.#bytes += sizeOf(record);
    }
    let surplus = this.#from;
    for (let bytes = this.#bytes; bytes > this.#bytesMax && surplus < this.#records.length - 1; surplus++)
      bytes -= sizeOf(this.#records[surplus]!);
    if (surplus > this.#from) this.#letGo(surplus, this.#records[surplus]!);
    this.#wake();
  }

  #letGo(end: number, start: Dlsn): void {
    for (; this.#from < end; this.#from++) this.#bytes -= sizeOf(this.#records[this.#from]!);
    this.#start = { lssn: start.lssn, entry: start.entry, slot: start.slot };
    // Now and then, so that letting one go does not move all.
    if (this.#from * 2 < this.#records.length) return;
    this.#records = this.#records.slice(this.#from);
    this.#from = 0;
  }

  #indexOf(at: Dlsn): number {
    let low = this.#from;
    let high = this.#records.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareDlsn(this.#records[middle]!, at) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #wake(): void {
    const before = this.#changed;
    this.#changed = deferred();
    before.resolve(undefined);
  }
}

function sizeOf({ payload }: LogRecord): number {
  return payload.length + recordOverheadBytes;
}
