import { type Clock, describeError, GatewayError, type Logger } from '../base/index.ts';
import { type CodeDirectories, overlay, readMergedConf, readOverrides } from '../code/index.ts';
import { type ConfText, readConfText, writeConfText } from '../config/index.ts';
import { readAssignment, type StoredTopology } from '../queries/index.ts';
import { keys, type PendingRebalance, type RecordStore, type TopologyRecord } from '../records/index.ts';
import type { RebalanceOptions } from '../rpc/index.ts';
import { isSystemId } from '../topology/index.ts';
import { messageTimeoutSecs } from './message-timeout.ts';
import type { Topologies } from './topologies.ts';

export interface RebalancesDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly store: RecordStore;
  readonly topologies: Topologies;
  readonly code: CodeDirectories;
  readonly clusterConf: ConfText;
}

/** Retry interval while the store or the disk is unavailable. */
const retryMs = 1000;
/** Finds changes that were not announced. */
const patrolMs = 10_000;

type Asked = Omit<PendingRebalance, 'phase' | 'statusBefore'>;

/**
 * Accepts rebalances and carries them out: after the wait, the record takes over what was asked for; once the
 * scheduler has packed accordingly, the former status is restored. All state is in the records, so a gateway
 * that takes over resumes where another was killed. Sweeps run one at a time; a sweep may be requested at any
 * time.
 */
export class Rebalances {
  readonly #deps: RebalancesDeps;
  #timer: Disposable | undefined;
  #watch: AsyncDisposable | undefined;
  #sweeping: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(deps: RebalancesDeps) {
    this.#deps = deps;
  }

  /** Resumes what an earlier gateway began. Rejects with `STATE_UNAVAILABLE`. */
  async open(): Promise<void> {
    const { store } = this.#deps;
    this.#watch = await store.watch(keys.assignments, () => void this.wake());
    await this.wake();
  }

  /**
   * Checks a request in Storm's order (Nimbus.rebalance, 2.8) and records it. Throws `TOPOLOGY_NOT_ALIVE`,
   * `TOPOLOGY_INVALID` or `CONFIG_INVALID` (to the client both InvalidTopologyException),
   * `TRANSITION_REFUSED`.
   */
  async begin(name: string, options: RebalanceOptions): Promise<void> {
    const { topologies, log } = this.#deps;
    const { record } = await topologies.byName(name);
    const asked = await this.#read(record, options);
    await topologies.step(name, { kind: 'rebalance', asked });
    log.info({ event: 'topology.rebalancing', topology: record.id, ...asked });
    void this.wake();
  }

  /** Sweeps now, and again whenever something is due. */
  wake(): Promise<void> {
    this.#sweeping = this.#sweeping.then(() => this.#sweep());
    return this.#sweeping;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.[Symbol.dispose]();
    await this.#watch?.[Symbol.asyncDispose]();
    await this.#sweeping;
  }

  async #read(record: TopologyRecord, options: RebalanceOptions): Promise<Asked> {
    const { clock, code, clusterConf } = this.#deps;
    await this.#checkExecutors(record, options.num_executors ?? new Map<string, number>());
    if ((options.topology_resources_overrides?.size ?? 0) > 0) {
      throw new GatewayError(
        'TOPOLOGY_INVALID',
        'topology_resources_overrides are for the resource-aware scheduler, which is not available yet: leave out -r',
      );
    }
    const overrides = await this.#readOverrides(record, options.topology_conf_overrides ?? '');
    const workers = options.num_workers ?? overrides.workers;
    if (workers !== undefined && workers <= 0) {
      throw new GatewayError('TOPOLOGY_INVALID', 'Number of workers must be greater than 0');
    }
    const waitSecs = options.wait_secs ?? (await messageTimeoutSecs(code, record, clusterConf));
    return {
      dueAtMs: clock.nowMs() + Math.max(0, waitSecs) * 1000,
      ...(workers === undefined ? {} : { workers }),
      ...((options.num_executors?.size ?? 0) === 0
        ? {}
        : { executors: Object.fromEntries(options.num_executors!) }),
      ...(overrides.conf.size === 0 ? {} : { confOverrides: writeConfText(overrides.conf, 'java') }),
    };
  }

  async #checkExecutors(record: TopologyRecord, wanted: ReadonlyMap<string, number>): Promise<void> {
    const { spouts, bolts } = (await this.#deps.code.readTopology(record.id)) ?? notAlive(record);
    const valid = [...spouts.keys(), ...bolts.keys()].sort();
    for (const [id, count] of wanted) {
      if (!isSystemId(id) && !valid.includes(id)) {
        throw new GatewayError(
          'TOPOLOGY_INVALID',
          `Invalid component ${id} for topology ${record.name}, valid values are ${valid.join(',')}`,
        );
      }
      if (count <= 0)
        throw new GatewayError('TOPOLOGY_INVALID', 'Number of executors must be greater than 0');
    }
  }

  /** Checks the overrides against the tasks now, so that a refusal does not come only after the wait. */
  async #readOverrides(record: TopologyRecord, text: string): ReturnType<typeof readOverrides> {
    if (text.trim() === '') return { workers: undefined, conf: new Map(), deprecatedKeys: [] };
    const overrides = await readOverrides(text, await readMergedConf(this.#deps, record.id));
    for (const deprecated of overrides.deprecatedKeys) {
      this.#deps.log.warn({ event: 'config.key-deprecated', topology: record.id, ...deprecated });
    }
    if (overrides.conf.size > 0) await overlay(this.#deps, record.id, overrides.conf);
    return overrides;
  }

  async #sweep(): Promise<void> {
    if (this.#isClosed) return;
    this.#timer?.[Symbol.dispose]();
    const { clock, log, topologies } = this.#deps;
    let againAtMs = clock.nowMs() + retryMs;
    try {
      const due = await Promise.all((await topologies.list()).map((stored) => this.#advance(stored)));
      againAtMs = Math.min(clock.nowMs() + patrolMs, ...due);
    } catch (error) {
      log.warn({ event: 'rebalance.postponed', reason: describeError(error) });
    }
    if (this.#hasClosed()) return;
    this.#timer = clock.after(Math.max(0, againAtMs - clock.nowMs()), () => void this.wake());
  }

  /** Returns the time of the next check; infinite if only an announced change can bring one about. */
  async #advance(stored: StoredTopology): Promise<number> {
    const { clock, store, topologies, log } = this.#deps;
    const { rebalance, id, rebalances = 0 } = stored.record;
    if (rebalance === undefined) return Number.POSITIVE_INFINITY;
    if (rebalance.phase === 'waiting') {
      if (rebalance.dueAtMs > clock.nowMs()) return rebalance.dueAtMs;
      await this.#layOver(id, rebalance);
      // If the record changed meanwhile (a kill), the next sweep reads it again.
      await topologies.stepOnce(stored, { kind: 'place' });
      return clock.nowMs();
    }
    const assignment = await readAssignment(store, id);
    if ((assignment?.rebalances ?? 0) < rebalances) return Number.POSITIVE_INFINITY;
    const isDone = await topologies.stepOnce(stored, { kind: 'rebalanced' });
    if (isDone) log.info({ event: 'topology.rebalanced', topology: id, status: rebalance.statusBefore });
    return isDone ? Number.POSITIVE_INFINITY : clock.nowMs();
  }

  /** Idempotent: a gateway may be killed between this and the write of the record. */
  async #layOver(topologyId: string, { confOverrides }: PendingRebalance): Promise<void> {
    if (confOverrides === undefined) return;
    const { code } = this.#deps;
    const overrides = await readConfText(confOverrides, `the overrides of ${topologyId}`);
    await code.rewrite(topologyId, await overlay(this.#deps, topologyId, overrides));
  }

  #hasClosed(): boolean {
    return this.#isClosed;
  }
}

function notAlive(record: TopologyRecord): never {
  throw new GatewayError('TOPOLOGY_NOT_ALIVE', `${record.name} is not alive`, {
    facts: { topology: record.id },
  });
}
