import type { Clock, JsonValue, Logger, RandomSource } from '../base/index.ts';
import type { StateStore } from '../coordination/index.ts';
import type { Dlsn } from './format/dlsn.ts';
import { SegmentCatalogue, type SegmentRecord } from './ownership/catalogue.ts';
import { ownerAddress } from './ownership/ownership.ts';
import { SubscriberPositions } from './ownership/subscribers.ts';
import { CommitHub } from './reader/commit-hub.ts';
import { LogReader, type ReaderOptions } from './reader/log-reader.ts';
import { type ReadFrom, tailOf, unconfirmedEndOf } from './reader/start.ts';
import { cutOff, firstKept, type RetentionPolicy } from './retention.ts';
import type { LogStorage } from './storage/storage.ts';
import { LogWriter, type OpenWriterResult, type WriterOptions } from './writer/log-writer.ts';

export interface DistributedLogDeps {
  readonly storage: LogStorage;
  readonly store: StateStore;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
}

/**
 * The log as one process sees it. Streams are named `namespace/name`; what lies in the storage is shared with every other process that
 * uses the same storage and state store. Calls reject with `STREAM_UNKNOWN`, `STREAM_INVALID` for a bad name, `STATE_UNAVAILABLE`, and with
 * what the classes behind them say.
 */
export class DistributedLog {
  /** How far subscribers have come. */
  readonly subscribers: SubscriberPositions;
  readonly #deps: DistributedLogDeps & { readonly hub: CommitHub };

  constructor(deps: DistributedLogDeps) {
    this.#deps = { ...deps, hub: new CommitHub() };
    this.subscribers = new SubscriberPositions(deps);
  }

  /** Settings are the caller's; the log keeps them. */
  createStream(stream: string, settings: JsonValue = null): Promise<'created' | 'exists'> {
    return this.#deps.storage.createStream(stream, settings);
  }

  settings(stream: string): Promise<JsonValue> {
    return this.#deps.storage.settings(stream);
  }

  streams(namespace: string): Promise<readonly string[]> {
    return this.#deps.storage.streams(namespace);
  }

  /** False when there was none. Its writer is fenced off, its readers find it gone. */
  async deleteStream(stream: string): Promise<boolean> {
    const isDeleted = await this.#deps.storage.deleteStream(stream);
    await this.#deps.store.removeAll(`dlog/${stream}/`);
    return isDeleted;
  }

  /** Becomes the stream's owner, as of {@link LogWriter.open}. */
  openWriter(
    stream: string,
    options: Partial<WriterOptions> & { readonly signal?: AbortSignal } = {},
  ): Promise<OpenWriterResult> {
    const token = this.#deps.random.uuid().replaceAll('-', '').slice(0, 16);
    const { signal, ...rest } = options;
    const named = signal === undefined ? { name: stream, token } : { name: stream, token, signal };
    return LogWriter.open(this.#deps, named, rest);
  }

  openReader(stream: string, from: ReadFrom, options: ReaderOptions = {}): Promise<LogReader> {
    return LogReader.open(this.#deps, { name: stream, from }, options);
  }

  /** Behind the last record that is known to be committed. */
  tail(stream: string): Promise<Dlsn> {
    return tailOf(this.#deps, stream);
  }

  /** The last entry, where a dead owner may have left it so that no reader sees it before the next owner has taken over. */
  unconfirmedEnd(stream: string): Promise<Dlsn | undefined> {
    return unconfirmedEndOf(this.#deps, stream);
  }

  /** Cuts off all before a position that is committed. Only ever more: answers where the stream begins now. */
  truncate(stream: string, at: Dlsn): Promise<Dlsn> {
    return cutOff(this.#deps, stream, at);
  }

  /** Cuts off whole segments by age and size. Answers where the stream begins now, or undefined when nothing was ever cut off. */
  async retain(stream: string, policy: RetentionPolicy): Promise<Dlsn | undefined> {
    const { storage, clock } = this.#deps;
    const segments = await storage.segments(stream);
    const mark = await storage.truncation(stream);
    const kept = segments.filter(({ header }) => header.lssn >= (mark?.lssn ?? 1));
    const lssn = firstKept(kept, policy, clock.nowMs());
    if (lssn === undefined || lssn <= (mark?.lssn ?? 1)) return mark;
    return cutOff(this.#deps, stream, { lssn, entry: 0, slot: 0 });
  }

  /** The address of the stream's owner, as the state store has it; undefined while there is none. */
  owner(stream: string): Promise<string | undefined> {
    return ownerAddress(this.#deps.store, stream);
  }

  /** The segments as the state store lists them. */
  segments(stream: string): Promise<readonly SegmentRecord[]> {
    return new SegmentCatalogue(this.#deps.store, stream).list();
  }

  /** Makes the state store say what the storage holds. Answers how many records were wrong or missing. */
  rebuild(stream: string): Promise<number> {
    return new SegmentCatalogue(this.#deps.store, stream).rebuild(this.#deps.storage);
  }
}
