import { type Clock, describeError, type Logger } from '../../base/index.ts';
import type { StateStore } from '../../coordination/index.ts';
import { keys, RecordStore } from '../../records/index.ts';
import type { PhysicalPlan } from '../../topology/index.ts';

const retryMs = 1000;

/**
 * Writes the newest physical plan to the state store for its readers, such as Nimbus. One write at a time; a
 * plan is skipped when a newer one arrives before its turn. When the store is away, the newest plan is
 * written once it is back.
 */
export class PlanRecorder {
  readonly #store: RecordStore;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #ending = new AbortController();
  /** The plan to be written. Invariant: no plan of a lower epoch than the last one recorded. */
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

  /** Resolves when the write in progress has ended. Idempotent; never rejects. */
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
