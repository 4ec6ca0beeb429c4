import { type Clock, describeError, type Logger } from '../base/index.ts';
import type { RecordKey } from './key.ts';
import { RecordGuard } from './record-guard.ts';
import type { RecordStore } from './record-store.ts';

export interface RecordFollowerOptions<T> {
  readonly store: RecordStore;
  readonly key: RecordKey<T>;
  readonly clock: Clock;
  readonly log: Logger;
  /**
   * Each time the record was read. The follower waits for it; what it throws counts as a store that does not
   * answer.
   */
  readonly onSight: (sight: Sight<T>) => void | Promise<void>;
}

/** A damaged record says nothing: its follower keeps what was read before. */
export type Sight<T> =
  | { readonly kind: 'read'; readonly record: T }
  | { readonly kind: 'missing' }
  | { readonly kind: 'damaged' };

/**
 * How often the record is read although no change was notified: a notification may be lost with the
 * connection.
 */
const askEveryMs = 10_000;

/**
 * Follows one record of the state store: reads it at every notification of a change, and every 10 s. A store
 * that does not answer changes nothing; the follower reads again when it is back.
 */
export class RecordFollower<T> {
  readonly #options: RecordFollowerOptions<T>;
  readonly #guard: RecordGuard;
  #watch: AsyncDisposable | undefined;
  #opening: Promise<void> | undefined;
  #timer: Disposable | undefined;
  /**
   * Invariant: while there is one, no second read is in flight, so records are seen in the order in which
   * they were read.
   */
  #asking: Promise<void> | undefined;
  #mustAsk = false;
  #isClosed = false;

  constructor(options: RecordFollowerOptions<T>) {
    this.#options = options;
    this.#guard = new RecordGuard(options.log, options.key);
  }

  /** Resolves when the record was asked for once. Never rejects. */
  async start(): Promise<void> {
    this.#timer = this.#options.clock.every(askEveryMs, () => {
      this.#openWatch();
      void this.ask();
    });
    this.#openWatch();
    await this.ask();
  }

  /** Reads the record once more; resolves when that is done. One read at a time. Never rejects. */
  async ask(): Promise<void> {
    this.#mustAsk = true;
    this.#asking ??= this.#ask();
    await this.#asking;
  }

  /** Idempotent. Nothing is seen afterwards. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.[Symbol.dispose]();
    await this.#asking;
    const watch = this.#watch;
    this.#watch = undefined;
    await watch?.[Symbol.asyncDispose]();
  }

  async #ask(): Promise<void> {
    const { store, key, log, onSight } = this.#options;
    while (this.#mustAsk && !this.#isClosed) {
      this.#mustAsk = false;
      try {
        const found = await store.read(key);
        if (this.#hasClosed()) break;
        const record = this.#guard.pass(found);
        if (record !== undefined) await onSight({ kind: 'read', record });
        else await onSight({ kind: found === undefined ? 'missing' : 'damaged' });
      } catch (error) {
        log.debug({ event: 'record.not-read', key: key.path, reason: describeError(error) });
      }
    }
    this.#asking = undefined;
  }

  #openWatch(): void {
    if (this.#watch !== undefined || this.#isClosed) return;
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined;
    });
  }

  async #open(): Promise<void> {
    const { store, key, log } = this.#options;
    try {
      const watch = await store.watch({ prefix: key.path }, () => void this.ask());
      if (this.#hasClosed()) await watch[Symbol.asyncDispose]();
      else this.#watch = watch;
      // A change between the last read and this moment was not notified.
      await this.ask();
    } catch (error) {
      log.warn({ event: 'record.not-watched', key: key.path, reason: describeError(error) });
    }
  }

  #hasClosed(): boolean {
    return this.#isClosed;
  }
}
