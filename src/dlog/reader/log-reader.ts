import { deferred, GatewayError, throwIfAborted } from '../../base/index.ts';
import type { Dlsn } from '../format/dlsn.ts';
import { corrupt } from '../storage/faults.ts';
import { DecodedRecords } from './decoded-records.ts';
import { EntryFetcher, type FetcherDeps } from './entry-fetcher.ts';
import { ReadPosition } from './read-position.ts';
import type { EntriesRead, ReadEntriesResult, ReadResult } from './read-result.ts';
import { type ReadFrom, type Start, startOf } from './start.ts';

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

/**
 * Reads a stream from a position on, never past what is committed. Only one read may run at a time. Rejects
 * with `LOG_GAP` when a segment or a record is missing, and with `SEGMENT_CORRUPT`: it never skips.
 */
export class LogReader {
  readonly #deps: FetcherDeps;
  readonly #stream: string;
  readonly #options: Required<ReaderOptions>;
  readonly #attached: Disposable;
  readonly #position: ReadPosition;
  readonly #fetcher: EntryFetcher;
  /** Invariant: these records directly precede #position. */
  readonly #decoded: DecodedRecords;
  #isClosed = false;

  private constructor(deps: FetcherDeps, stream: string, start: Start & { readonly options: ReaderOptions }) {
    this.#deps = deps;
    this.#stream = stream;
    this.#options = { pollEveryMs: 10, idleErrorMs: Number.POSITIVE_INFINITY, ...start.options };
    this.#position = new ReadPosition(stream, start.at);
    const { pollEveryMs } = this.#options;
    this.#fetcher = new EntryFetcher(deps, { stream, position: this.#position, pollEveryMs });
    this.#decoded = new DecodedRecords(start.skipBelow);
    this.#attached = deps.hub.attach(stream);
  }

  /** Rejects with `STREAM_UNKNOWN`. The first read reports a position that was truncated. */
  static async open(
    deps: FetcherDeps,
    stream: { readonly name: string; readonly from: ReadFrom },
    options: ReaderOptions = {},
  ): Promise<LogReader> {
    await deps.storage.settings(stream.name);
    const start = await startOf(deps, stream.name, stream.from);
    return new LogReader(deps, stream.name, { ...start, options });
  }

  /** The position of the next record, or of where it will be. */
  get next(): Dlsn {
    const { first } = this.#decoded;
    if (first !== undefined) return { lssn: first.lssn, entry: first.entry, slot: first.slot };
    return this.#position.next;
  }

  async read(limits: ReadLimits = {}): Promise<ReadResult> {
    for (;;) {
      if (this.#decoded.first !== undefined) {
        throwIfAborted(limits.signal);
        return { kind: 'records', records: this.#decoded.take(limits.recordsMax ?? 1000) };
      }
      const found = await this.readEntries(limits);
      if (found.kind !== 'entries') return found;
      this.#decode(found);
    }
  }

  /**
   * Reads stored entries without decoding them, for callers that forward them. A start by transaction id is
   * where its entry begins. A reader must use either this method or the one that decodes, never both.
   */
  async readEntries(limits: Omit<ReadLimits, 'recordsMax'> = {}): Promise<ReadEntriesResult> {
    const { bytesMax = 256 * 1024, waitMs = 0, signal } = limits;
    const { clock, hub } = this.#deps;
    const deadlineMs = clock.monotonicMs() + waitMs;
    for (;;) {
      throwIfAborted(signal);
      const found = this.#position.take();
      if (found !== undefined) return found;
      // Subscribe before reading, so that no change in between is missed.
      const changed = hub.changed(this.#stream);
      const fetched = await this.#fetcher.fetch(bytesMax);
      if (fetched === 'more') continue;
      if (fetched === 'end') return { kind: 'end' };
      if (fetched !== 'tail') return fetched;
      const nowMs = clock.monotonicMs();
      const idleForMs = nowMs - this.#fetcher.seenAtMs;
      if (idleForMs >= this.#options.idleErrorMs) throw this.#idle(idleForMs);
      if (nowMs >= deadlineMs) return { kind: 'idle', idleForMs };
      await this.#pause(changed, Math.min(deadlineMs - nowMs, this.#options.pollEveryMs), signal);
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#attached[Symbol.dispose]();
    await this.#fetcher.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Stops before an entry that cannot be decoded, and throws if there is nothing before it. */
  #decode({ entries, firstSlot }: EntriesRead): void {
    const count = this.#decoded.add(entries, firstSlot);
    const damaged = entries[count];
    if (damaged === undefined) return;
    this.#position.putBack(entries.slice(count), count === 0 ? firstSlot : 0);
    if (this.#decoded.first === undefined)
      throw corrupt({ stream: this.#stream, lssn: damaged.lssn }, 'its records');
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

  #idle(idleForMs: number): GatewayError {
    return new GatewayError('READER_IDLE', `${this.#stream}: nothing was written for ${idleForMs} ms`, {
      retryable: true,
      facts: { stream: this.#stream, idleForMs },
    });
  }
}
