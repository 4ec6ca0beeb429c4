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
  /** A submission being written looks like a leftover, and is none. */
  readonly isUnderWay: (topologyId: string) => boolean;
  /** What is removed frees space, so it may use what is kept for that. */
  readonly freeing: Freeing;
}

/** While a removed topology's containers end, and when the store is away. */
const retryMs = 500;
/** Finds what nobody announced: Storm's `nimbus.monitor.freq.secs`. */
const patrolMs = 10_000;

/**
 * Ends topologies whose wait after a kill is over. Removing the record makes the scheduler end the containers, and frees
 * the name; when the last container is gone the topology's files, errors and plans go too. In a store that was emptied
 * nothing is removed until the scheduler has filled it again. One sweep at a time; a sweep
 * can be asked for at any moment.
 */
export class Reaper {
  readonly #deps: ReaperDeps;
  #timer: Disposable | undefined;
  #sweeping: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(deps: ReaperDeps) {
    this.#deps = deps;
  }

  /** Sweeps now, and from then on when something is due. */
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

  /** Answers when to look again. */
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

  /** Names whose topology never came to be, and what is left of topologies that are no more. Answers when to look again. */
  async #removeLeftovers(): Promise<number> {
    const { topologies, code, store, clock } = this.#deps;
    const marker = await markerOf(store);
    // Leftovers are read first: what is submitted in between is then found alive.
    const [claims, codeIds] = [await topologies.claims(), await code.ids()];
    const { stored, unreadable } = await topologies.listAll();
    // What belongs to a record that cannot be read stays: the record may be restored.
    const alive = new Set([...stored.map(({ record }) => record.id), ...unreadable.map(({ id }) => id)]);
    // Emptied before or while we read: what is missing was not removed, and the scheduler writes it again.
    if (marker === undefined || (await markerOf(store)) !== marker) return clock.nowMs() + retryMs;
    const isGone = (id: string): boolean => !alive.has(id) && !this.#deps.isUnderWay(id);
    for (const claim of claims) {
      if (claim.id === undefined || isGone(claim.id)) await topologies.dropClaim(claim);
    }
    for (const { record } of stored) {
      if (claims.some(({ name, id }) => name === record.name && id === record.id)) continue;
      // Its claim was lost or damaged: without one it could not be killed, and its name could be taken.
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
      // Last: as long as it is there, a sweep that failed is made up for.
      await code.remove(id);
      this.#deps.log.info({ event: 'topology.cleaned', topology: id });
    }
    return this.#deps.clock.nowMs() + againInMs;
  }
}

async function markerOf(store: RecordStore): Promise<string | undefined> {
  return recordOf(await store.read(keys.marker))?.id;
}
