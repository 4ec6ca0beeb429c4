import { type Clock, describeError, type Logger } from '../../base/index.ts';
import type { StateStore } from '../../coordination/index.ts';
import { keys, RecordStore } from '../../records/index.ts';
import type { PhysicalPlan } from '../../topology/index.ts';

const retryMs = 1000;

/**
 * Writes the newest plan to the state store for those who only look. One write at a time; a plan overtaken by a newer
 * one before its turn is never written; a store that is away gets the newest one when it is back.
 */
export class PlanRecorder {
  readonly #store: RecordStore;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #ending = new AbortController();
  #next: PhysicalPlan | undefined;
  #writing: Promise<void> | undefined;

  constructor(deps: { readonly store: StateStore; readonly clock: Clock; readonly log: Logger }) {
    this.#store = new RecordStore(deps.store);
    this.#clock = deps.clock;
    this.#log = deps.log;
  }

  record(physical: PhysicalPlan): void {
    this.#next = physical;
    this.#writing ??= this.#write();
  }

  /** Resolves when the write that is under way has ended. Idempotent; never rejects. */
  async close(): Promise<void> {
    this.#next = undefined;
    this.#ending.abort();
    await this.#writing;
  }

  async #write(): Promise<void> {
    while (this.#next !== undefined) {
      const physical = this.#next;
      try {
        await this.#store.put(keys.physicalPlan(physical.topologyId), physical);
        if (this.#next === physical) this.#next = undefined;
      } catch (error) {
        this.#log.warn({ event: 'plan.not-recorded', epoch: physical.epoch, reason: describeError(error) });
        await this.#clock.sleep(retryMs, this.#ending.signal).catch(() => undefined);
        if (this.#ending.signal.aborted) break;
      }
    }
    this.#writing = undefined;
  }
}
