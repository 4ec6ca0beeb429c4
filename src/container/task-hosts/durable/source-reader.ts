import {
  type BackoffLimits,
  backoffMs,
  type Clock,
  type Deferred,
  deferred,
  type JsonObject,
  type Logger,
  type RandomSource,
} from '../../../base/index.ts';
import { compareDlsn, type DistributedLog, type Dlsn } from '../../../dlog/index.ts';
import { logSubscriber } from '../../../topology/index.ts';
import type { ReplayWindow } from './replay-window.ts';
import type { Retention } from './settings.ts';
import { WholeReader } from './whole-reader.ts';

export interface SourceReaderOptions {
  readonly stream: string;
  readonly settings: JsonObject;
  /** Identifies this reader; no other reader ever has the same name. */
  readonly member: string;
  readonly openLog: () => Promise<DistributedLog>;
  readonly window: ReplayWindow;
  readonly retention: Retention;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
  /** There is more in the window. */
  readonly filled: () => void;
  readonly fault: (error: unknown) => void;
  /** The window has restarted from a new position. */
  readonly begun: () => void;
}

/**
 * How a session ends, according to the position in the state store: it was moved, or another reader took it
 * over.
 */
type Ended = 'rewound' | 'taken';

const commitEveryMs = 250;
/** How often a source that has no new position to commit checks whether its position was moved. */
const lookEveryMs = 1000;
const retainEveryMs = 10_000;
const readWaitMs = 500;
const readRecordsMax = 256;
const readBytesMax = 256 * 1024;
const retryBackoff: BackoffLimits = { firstMs: 100, maxMs: 10_000, factor: 2, jitter: 0.2 };

/**
 * Fills a window from one stream of the log, within its bounds, and commits the window's position a few times
 * a second and at the end. Taking the position over starts a new generation. A reader that finds its position
 * moved restarts from there; one that finds that another reader took it over stops for good.
 */
export class SourceReader {
  readonly #options: SourceReaderOptions;
  #room: Deferred<undefined> | undefined;
  #committed: Dlsn | undefined;
  #generation = 0;
  #failures = 0;

  constructor(options: SourceReaderOptions) {
    this.#options = options;
  }

  /** There may be room in the window again. */
  roomMade(): void {
    if (this.#room === undefined || this.#options.window.isFull) return;
    this.#room.resolve(undefined);
    this.#room = undefined;
  }

  /** Until the signal, or until another reads. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random, log, stream, fault } = this.#options;
    while (!signal.aborted) {
      try {
        const ended = await this.#session(signal);
        if (ended === 'taken') {
          log.warn({ event: 'log-source.taken-over', stream });
          return;
        }
        if (ended === 'rewound') log.info({ event: 'log-source.rewound', stream });
      } catch (error) {
        if (hasEnded(signal)) return;
        fault(error);
        await clock.sleep(backoffMs(this.#failures++, retryBackoff, random), signal).catch(() => undefined);
      }
    }
  }

  /** Runs one generation of the position. Resolves to undefined when the signal aborts. */
  async #session(signal: AbortSignal): Promise<Ended | undefined> {
    const { stream, settings, member, window, log: logger } = this.#options;
    const log = await this.#options.openLog();
    await log.createStream(stream, settings);
    const { generation, next } = await log.subscribers.takeOver(stream, logSubscriber, member);
    this.#generation = generation;
    this.#committed = next;
    logger.info({ event: 'log-source.reads', stream, generation, next: next ?? 'earliest' });
    window.begin(next);
    this.#options.begun();
    const { fault } = this.#options;
    const reader = await WholeReader.open({ log, stream, from: next, broken: fault });
    const session = new AbortController();
    const both = AbortSignal.any([signal, session.signal]);
    const positions = this.#keepPosition(log, both).finally(() => session.abort());
    try {
      await this.#fill(reader, both);
    } catch (error) {
      if (!both.aborted) throw error;
    } finally {
      session.abort();
      await reader.close();
    }
    const ended = await positions;
    if (ended === undefined) await this.#commit(log);
    return ended;
  }

  async #fill(reader: WholeReader, signal: AbortSignal): Promise<void> {
    const { window, filled, fault, stream } = this.#options;
    while (!signal.aborted) {
      if (window.isFull) await this.#waitForRoom(signal);
      const result = await reader.read({
        ...{ recordsMax: readRecordsMax, bytesMax: readBytesMax, waitMs: readWaitMs },
        signal,
      });
      if (result.kind === 'end') throw new Error(`${stream} was sealed, and all of it was read`);
      if (result.kind === 'moved')
        fault(new Error(`what lay before ${JSON.stringify(result.to)} was cut off before it had been read`));
      if (result.kind !== 'records') continue;
      this.#failures = 0;
      for (const record of result.records) this.#push(record);
      filled();
    }
  }

  #push(record: Parameters<ReplayWindow['push']>[0]): void {
    try {
      this.#options.window.push(record);
    } catch (error) {
      this.#options.fault(error); // the record is skipped: no sink wrote it
    }
  }

  async #waitForRoom(signal: AbortSignal): Promise<void> {
    const room = deferred<undefined>();
    this.#room = room;
    const stop = (): void => room.resolve(undefined);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    await room.promise;
    signal.removeEventListener('abort', stop);
  }

  /** Commits and checks the position until the signal aborts or the position is no longer this reader's. */
  async #keepPosition(log: DistributedLog, signal: AbortSignal): Promise<Ended | undefined> {
    const { clock, fault } = this.#options;
    let lookAtMs = clock.monotonicMs() + lookEveryMs;
    let retainAtMs = clock.monotonicMs() + retainEveryMs;
    while (!signal.aborted) {
      await clock.sleep(commitEveryMs, signal).catch(() => undefined);
      if (hasEnded(signal)) return undefined;
      const nowMs = clock.monotonicMs();
      try {
        let isOwn = await this.#commit(log);
        if (isOwn === 'unchanged' && nowMs >= lookAtMs) isOwn = await this.#look(log);
        if (isOwn !== 'unchanged') lookAtMs = nowMs + lookEveryMs;
        if (isOwn === 'stale') return await this.#whoMoved(log);
        if (nowMs >= retainAtMs) {
          retainAtMs = nowMs + retainEveryMs;
          await this.#retain(log);
        }
      } catch (error) {
        // The position stands where it was: at worst more is read again.
        fault(error);
      }
    }
    return undefined;
  }

  async #commit(log: DistributedLog): Promise<'own' | 'stale' | 'unchanged'> {
    const { stream, window } = this.#options;
    const { position } = window;
    const isNew =
      position !== undefined && (this.#committed === undefined || compareDlsn(position, this.#committed) > 0);
    if (!isNew) return 'unchanged';
    const subscriber = logSubscriber;
    const result = await log.subscribers.advance(
      { stream, subscriber, generation: this.#generation },
      position,
    );
    if (result.kind === 'stale') return 'stale';
    this.#committed = position;
    return 'own';
  }

  async #look(log: DistributedLog): Promise<'own' | 'stale'> {
    const position = await log.subscribers.position(this.#options.stream, logSubscriber);
    return position?.generation === this.#generation ? 'own' : 'stale';
  }

  async #whoMoved(log: DistributedLog): Promise<Ended> {
    const position = await log.subscribers.position(this.#options.stream, logSubscriber);
    // Moved without a reader, or forgotten with the state store: it is ours to take over again.
    return position === undefined || position.member === '' ? 'rewound' : 'taken';
  }

  async #retain(log: DistributedLog): Promise<void> {
    const { stream, retention } = this.#options;
    if (this.#committed === undefined) return;
    await log.retain(stream, { ...retention, keepFrom: this.#committed.lssn });
  }
}

/** A question to be asked again after each wait. */
function hasEnded(signal: AbortSignal): boolean {
  return signal.aborted;
}
