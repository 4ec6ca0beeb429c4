import { type Clock, describeError, type Freeing, type Logger } from '../base/index.ts';
import type { CodeDirectories } from '../code/index.ts';
import { keys, type RecordStore, recordOf } from '../records/index.ts';
import type { Topologies } from './topologies.ts';

export interface ReaperDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly store: RecordStore;
  readonly topologies: Topologies;
  readonly code: CodeDirectories;
  /** True while a submission is being written: its files look like leftovers but are not. */
  readonly isUnderWay: (topologyId: string) => boolean;
  /** Removing frees disk space, so it may use the disk reserve. */
  readonly freeing: Freeing;
}

/** Retry interval while a removed topology's containers end, and while the store is unavailable. */
const retryMs = 500;
/** Finds changes that were not announced, like Storm's `nimbus.monitor.freq.secs`. */
const patrolMs = 10_000;

/**
 * Removes topologies whose wait after a kill is over. Removing the record makes the scheduler stop the
 * containers, and releases the name; once the last container has ended, the reaper removes the topology's
 * files, errors and plans. From an emptied store it removes nothing until the scheduler has refilled it.
 * Sweeps run one at a time; a sweep may be requested at any time.
 */
export class Reaper {
  readonly #deps: ReaperDeps;
  #timer: Disposable | undefined;
  #sweeping: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(deps: ReaperDeps) {
    this.#deps = deps;
  }

  /** Sweeps now, and again whenever something is due. */
  wake(): Promise<void> {
    this.#sweeping = this.#sweeping.then(() => this.#sweep());
    return this.#sweeping;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.[Symbol.dispose]();
    await this.#sweeping;
  }

  async #sweep(): Promise<void> {
    if (this.#isClosed) return;
    this.#timer?.[Symbol.dispose]();
    const { clock, log } = this.#deps;
    let againAtMs = clock.nowMs() + retryMs;
    try {
      againAtMs = await this.#deps.freeing('removing what was killed', async () =>
        Math.min(await this.#removeDue(), await this.#removeLeftovers()),
      );
    } catch (error) {
      log.warn({ event: 'reaper.postponed', reason: describeError(error) });
    }
    this.#timer = clock.after(Math.max(0, againAtMs - clock.nowMs()), () => void this.wake());
  }

  /** Returns the time of the next check. */
  async #removeDue(): Promise<number> {
    const nowMs = this.#deps.clock.nowMs();
    let againAtMs = nowMs + patrolMs;
    for (const stored of await this.#deps.topologies.list()) {
      const { id, removeAtMs } = stored.record;
      if (removeAtMs === undefined) continue;
      if (removeAtMs > nowMs) {
        againAtMs = Math.min(againAtMs, removeAtMs);
      } else if (await this.#deps.topologies.remove(stored)) {
        this.#deps.log.info({ event: 'topology.removed', topology: id });
      } else {
        againAtMs = nowMs;
      }
    }
    return againAtMs;
  }

  /**
   * Removes claims without a topology and files of removed topologies. Returns the time of the next check.
   */
  async #removeLeftovers(): Promise<number> {
    const { topologies, code, store, clock } = this.#deps;
    const marker = await markerOf(store);
    // Read leftovers before records: a topology that is submitted in between is then found alive.
    const [claims, codeIds] = [await topologies.claims(), await code.ids()];
    const { stored, unreadable } = await topologies.listAll();
    // Keep everything of an unreadable record: it may be restored.
    const alive = new Set([...stored.map(({ record }) => record.id), ...unreadable.map(({ id }) => id)]);
    // The store was emptied before or during the reads: missing records were not removed; the scheduler
    // rewrites them.
    if (marker === undefined || (await markerOf(store)) !== marker) return clock.nowMs() + retryMs;
    const isGone = (id: string): boolean => !alive.has(id) && !this.#deps.isUnderWay(id);
    for (const claim of claims) {
      if (claim.id === undefined || isGone(claim.id)) await topologies.dropClaim(claim);
    }
    for (const { record } of stored) {
      if (claims.some(({ name, id }) => name === record.name && id === record.id)) continue;
      // Its claim was lost or damaged. Without a claim it cannot be killed, and another topology could take
      // its name.
      if (await topologies.claimName(record.name, record.id)) {
        this.#deps.log.warn({ event: 'topology.name-claimed-again', topology: record.id });
      }
    }
    let againInMs = patrolMs;
    for (const id of codeIds.filter(isGone)) {
      const containers = await store.list(keys.containers(id));
      if (containers.length > 0 || (await store.read(keys.assignment(id))) !== undefined) {
        againInMs = retryMs;
        continue;
      }
      await store.removeAll(keys.errorsOf(id));
      await store.removeAll(keys.heartbeats(id));
      await store.remove(keys.physicalPlan(id));
      // Remove the directory last: while it exists, the next sweep repeats a failed one.
      await code.remove(id);
      this.#deps.log.info({ event: 'topology.cleaned', topology: id });
    }
    return this.#deps.clock.nowMs() + againInMs;
  }
}

async function markerOf(store: RecordStore): Promise<string | undefined> {
  return recordOf(await store.read(keys.marker))?.id;
}
