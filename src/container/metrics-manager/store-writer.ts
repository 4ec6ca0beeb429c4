import { type Clock, describeError, type Logger } from '../../base/index.ts';
import type { StateStore } from '../../coordination/index.ts';
import {
  type ErrorRecord,
  errorsKeptMax,
  type HeartbeatRecord,
  keys,
  RecordStore,
} from '../../records/index.ts';
import type { TaskId } from '../../topology/index.ts';

/** Errors that wait for a store that is away; beyond it the oldest go. */
const waitingErrorsMax = 200;
const retryMs = 1000;

export interface StoreWriterDeps {
  readonly topologyId: string;
  readonly containerId: TaskId;
  readonly store: StateStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly heartbeatExpireMs: number;
}

/**
 * Writes errors and the newest heartbeat, one write at a time and never more than one behind. A store that is
 * away costs memory for 200 errors at most, and gets them when it is back.
 */
export class StoreWriter {
  readonly #deps: StoreWriterDeps;
  readonly #store: RecordStore;
  readonly #errors: { readonly componentId: string; readonly record: ErrorRecord }[] = [];
  readonly #ending = new AbortController();
  #heartbeat: HeartbeatRecord | undefined;
  #writing: Promise<void> | undefined;
  #isAway = false;
  #droppedErrors = 0;

  constructor(deps: StoreWriterDeps) {
    this.#deps = deps;
    this.#store = new RecordStore(deps.store);
  }

  /** Errors that were given up because the store was away too long. */
  get droppedErrors(): number {
    return this.#droppedErrors;
  }

  heartbeat(record: HeartbeatRecord): void {
    this.#heartbeat = record;
    this.#wake();
  }

  error(componentId: string, record: ErrorRecord): void {
    if (this.#errors.length >= waitingErrorsMax) {
      this.#errors.shift();
      if (this.#droppedErrors++ === 0) {
        this.#deps.log.warn({ event: 'errors.dropped', waiting: waitingErrorsMax });
      }
    }
    this.#errors.push({ componentId, record });
    this.#wake();
  }

  /** Writes what waits, at most for `limitMs`, and takes the heartbeat out of the store. Never rejects. */
  async close(limitMs: number): Promise<void> {
    const { clock, topologyId, containerId, log } = this.#deps;
    this.#heartbeat = undefined;
    const limit = clock.after(limitMs, () => this.#ending.abort());
    await this.#writing;
    try {
      if (!this.#isAway) await this.#store.remove(keys.heartbeat(topologyId, containerId));
    } catch (error) {
      log.debug({ event: 'heartbeat.not-removed', reason: describeError(error) });
    }
    limit[Symbol.dispose]();
    this.#ending.abort();
  }

  #wake(): void {
    if (!this.#ending.signal.aborted) this.#writing ??= this.#write();
  }

  async #write(): Promise<void> {
    while ((this.#errors.length > 0 || this.#heartbeat !== undefined) && !this.#ending.signal.aborted) {
      try {
        await this.#writeNext();
        this.#isAway = false;
      } catch (error) {
        if (!this.#isAway) this.#deps.log.warn({ event: 'store.away', reason: describeError(error) });
        this.#isAway = true;
        await this.#deps.clock.sleep(retryMs, this.#ending.signal).catch(() => undefined);
      }
    }
    this.#writing = undefined;
  }

  async #writeNext(): Promise<void> {
    const { topologyId, containerId, heartbeatExpireMs } = this.#deps;
    const heartbeat = this.#heartbeat;
    if (heartbeat !== undefined) {
      const key = keys.heartbeat(topologyId, containerId);
      await this.#store.put(key, heartbeat, { expireMs: heartbeatExpireMs });
      if (this.#heartbeat === heartbeat) this.#heartbeat = undefined;
    }
    const next = this.#errors[0];
    if (next === undefined) return;
    await this.#store.append(keys.errors(topologyId, next.componentId), next.record, errorsKeptMax);
    // While we waited it may have been dropped to make room.
    if (this.#errors[0] === next) this.#errors.shift();
  }
}
