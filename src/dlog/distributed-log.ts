import { type Clock, GatewayError, type JsonValue, type Logger, type RandomSource } from '../base/index.ts';
import type { StateStore } from '../coordination/index.ts';
import { checkAll } from './check/check-all.ts';
import type { CheckResult } from './check/finding.ts';
import { compareDlsn, type Dlsn, formatDlsn } from './format/dlsn.ts';
import { SegmentCatalogue, type SegmentRecord } from './ownership/catalogue.ts';
import { type Owner, ownerOf } from './ownership/ownership.ts';
import { SubscriberPositions } from './ownership/subscribers.ts';
import { CommitHub } from './reader/commit-hub.ts';
import { LogReader, type ReaderOptions } from './reader/log-reader.ts';
import { type ReadFrom, startOf, tailOf, unconfirmedEndOf } from './reader/start.ts';
import type { RepairChoice } from './repair/choice.ts';
import { type RepairResult, repairStream } from './repair/repair-stream.ts';
import { cutOff, firstKept, type RetentionPolicy } from './retention.ts';
import { parseSettings, retentionOf } from './settings.ts';
import { checkDurability, checkStreamName } from './storage/faults.ts';
import type { LogStorage } from './storage/storage.ts';
import { StreamCount } from './stream-count.ts';
import { type OpenWriterResult, openWriter } from './writer/open-writer.ts';
import type { WriterOptions } from './writer/writer-options.ts';

export interface DistributedLogDeps {
  readonly storage: LogStorage;
  readonly store: StateStore;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
  /** The most streams that may exist. Default: no limit. */
  readonly streamsMax?: number;
}

/**
 * The log as one process sees it. Streams are named `namespace/name`. What the storage contains is shared
 * with every other process that uses the same storage and state store. Calls reject with `STREAM_UNKNOWN`,
 * `STREAM_INVALID` for a bad name, `STATE_UNAVAILABLE`, and the errors of the classes behind them.
 */
export class DistributedLog {
  /** How far subscribers have read. */
  readonly subscribers: SubscriberPositions;
  readonly #deps: DistributedLogDeps & { readonly hub: CommitHub };
  readonly #count: StreamCount;

  constructor(deps: DistributedLogDeps) {
    this.#deps = { ...deps, hub: new CommitHub() };
    this.#count = new StreamCount(deps, deps.streamsMax ?? Number.POSITIVE_INFINITY);
    this.subscribers = new SubscriberPositions(deps);
  }

  /**
   * Applies the settings that {@link StreamSettings} names; any others belong to the caller and are stored as
   * they are. Rejects with `STREAM_INVALID` for an invalid setting, and with `STREAM_LIMIT` when the maximum
   * number of streams exists.
   */
  async createStream(stream: string, settings: JsonValue = null): Promise<'created' | 'exists'> {
    const { storage } = this.#deps;
    const { durability } = parseSettings(stream, settings);
    if (durability !== undefined) checkDurability(storage, durability);
    checkStreamName(stream);
    return this.#count.create(stream, () => storage.createStream(stream, settings));
  }

  settings(stream: string): Promise<JsonValue> {
    return this.#deps.storage.settings(stream);
  }

  namespaces(): Promise<readonly string[]> {
    return this.#deps.storage.namespaces();
  }

  streams(namespace: string): Promise<readonly string[]> {
    return this.#deps.storage.streams(namespace);
  }

  /** Returns false if the stream did not exist. Fences its writer; its readers find that it is gone. */
  async deleteStream(stream: string): Promise<boolean> {
    const isDeleted = await this.#deps.storage.deleteStream(stream);
    if (isDeleted) this.#count.deleted();
    await this.#deps.store.removeAll(`dlog/${stream}/`);
    return isDeleted;
  }

  /** Becomes the stream's owner, as the function {@link openWriter} describes. */
  openWriter(
    stream: string,
    options: Partial<WriterOptions> & { readonly signal?: AbortSignal } = {},
  ): Promise<OpenWriterResult> {
    const token = this.#deps.random.uuid().replaceAll('-', '').slice(0, 16);
    const { signal, ...rest } = options;
    const named = signal === undefined ? { name: stream, token } : { name: stream, token, signal };
    return openWriter(this.#deps, named, rest);
  }

  openReader(stream: string, from: ReadFrom, options: ReaderOptions = {}): Promise<LogReader> {
    return LogReader.open(this.#deps, { name: stream, from }, options);
  }

  /** Returns the position behind the last record that is known to be committed. */
  tail(stream: string): Promise<Dlsn> {
    return tailOf(this.#deps, stream);
  }

  /**
   * The last entry, if its owner may have died before it confirmed it. No reader sees that entry before the
   * next owner has taken over.
   */
  unconfirmedEnd(stream: string): Promise<Dlsn | undefined> {
    return unconfirmedEndOf(this.#deps, stream);
  }

  /**
   * Truncates everything before a committed position. The mark never moves backwards: returns where the
   * stream begins now.
   */
  truncate(stream: string, at: Dlsn): Promise<Dlsn> {
    return cutOff(this.#deps, stream, at);
  }

  /**
   * Truncates whole segments by age and size. Returns where the stream begins now, or undefined when nothing
   * was truncated.
   */
  async retain(stream: string, policy: RetentionPolicy): Promise<Dlsn | undefined> {
    const { storage, clock } = this.#deps;
    const segments = await storage.segments(stream);
    const mark = await storage.truncation(stream);
    const kept = segments.filter(({ header }) => header.lssn >= (mark?.lssn ?? 1));
    const lssn = firstKept(kept, policy, clock.nowMs());
    if (lssn === undefined || lssn <= (mark?.lssn ?? 1)) return undefined;
    return cutOff(this.#deps, stream, { lssn, entry: 0, slot: 0 });
  }

  /**
   * Applies the stream's own retention settings. Returns undefined when nothing was truncated, or the stream
   * has no retention.
   */
  async retainAsSet(stream: string): Promise<Dlsn | undefined> {
    const policy = retentionOf(parseSettings(stream, await this.settings(stream)));
    return policy === undefined ? undefined : this.retain(stream, policy);
  }

  /**
   * Moves a subscriber to a retained position or to the end; backwards is allowed. Its current reader becomes
   * stale. Returns the position. Rejects with `STREAM_INVALID` for a position that was truncated or does not
   * exist yet.
   */
  async moveSubscriber(stream: string, subscriber: string, to: ReadFrom): Promise<Dlsn> {
    const { storage } = this.#deps;
    await storage.settings(stream);
    const { at } = await startOf(this.#deps, stream, to);
    const begin = (await storage.truncation(stream)) ?? { lssn: 1, entry: 0, slot: 0 };
    const end = await this.tail(stream);
    if (compareDlsn(at, begin) < 0 || compareDlsn(at, end) > 0)
      throw new GatewayError(
        'STREAM_INVALID',
        `${stream} has records from ${formatDlsn(begin)} to ${formatDlsn(end)}: ${formatDlsn(at)} is not among them`,
        { facts: { stream, at, begin, end } },
      );
    return (await this.subscribers.moveTo({ stream, subscriber }, at)).next ?? at;
  }

  /** The address of the stream's owner, as the state store has it; undefined while there is none. */
  async owner(stream: string): Promise<string | undefined> {
    return (await ownerOf(this.#deps.store, stream))?.address;
  }

  /** The owners of a namespace's streams that have one. */
  async owners(namespace: string): Promise<readonly (Owner & { readonly stream: string })[]> {
    const found: (Owner & { readonly stream: string })[] = [];
    for (const stream of await this.streams(namespace)) {
      const owner = await ownerOf(this.#deps.store, stream);
      if (owner !== undefined) found.push({ stream, ...owner });
    }
    return found;
  }

  /** The segments in the state store's list. */
  segments(stream: string): Promise<readonly SegmentRecord[]> {
    return new SegmentCatalogue(this.#deps.store, stream).list();
  }

  /** Rebuilds the state store's list from the storage. Returns how many records were wrong or missing. */
  rebuild(stream: string): Promise<number> {
    return new SegmentCatalogue(this.#deps.store, stream).rebuild(this.#deps.storage);
  }

  /**
   * Checks everything that is kept of a stream, one part at a time, and changes nothing; see {@link
   * checkStream}.
   */
  check(stream: string, fromLssn = 0): Promise<CheckResult> {
    return checkAll(this.#deps, stream, fromLssn);
  }

  /** Repairs the stream; see {@link repairStream}. */
  repair(stream: string, choice: RepairChoice, address: string): Promise<RepairResult> {
    return repairStream(this.#deps, { stream, address }, choice);
  }
}
