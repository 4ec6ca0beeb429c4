import {
  asJson,
  type Clock,
  deferred,
  type JsonObject,
  type Logger,
  untilAborted,
} from '../../base/index.ts';
import { LeaseKeeper, type LeaseNews, type StateStore } from '../../coordination/index.ts';
import {
  type AssignmentRecord,
  type ContainerSpec,
  keys,
  type MasterRecord,
  RecordFollower,
  RecordStore,
  readStreamManagerAddress,
  recordOf,
} from '../../records/index.ts';
import type { PhysicalPlan } from '../../topology/index.ts';
import type { Incoming, Listener, Network } from '../links/index.ts';
import { FrameConnection, listenAddress, protocolVersion } from '../links/index.ts';
import {
  initialMasterState,
  type MasterEffect,
  type MasterEvent,
  type MasterState,
  type Registration,
  stepMaster,
} from './machine.ts';
import { PlanRecorder } from './plan-recorder.ts';

export interface TopologyMasterDeps {
  readonly spec: ContainerSpec;
  readonly conf: JsonObject;
  readonly network: Network;
  readonly store: StateStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly status: PhysicalPlan['status'];
  /** How many rebalances the topology's record asks for. */
  readonly rebalances?: number;
  /** How long the lease lasts without renewal: after a sudden end the next master waits that long. */
  readonly leaseMs?: number;
}

const leaseMsDefault = 4000;
/** How often to ask for a lease that another master holds. */
const seekEveryMs = 250;
/** How long a stream manager may be disconnected before the plan is published without it. */
const graceMs = 5000;
const helloMs = 3000;
/** How long spouts pause for moving tasks. Longer than one JVM may take to end and the next one to start. */
const moveMsMax = 15_000;
/** How long to wait for the store to say whether a registration is stale; then the master decides alone. */
const askStoreMs = 300;
const connectionsMax = 4096;

/**
 * Container 0: owns the physical plan of one topology. Containers find it by the lease it holds, register,
 * and receive the plan at every change. The decisions are in machine.ts; this class carries them out.
 */
export class TopologyMaster {
  readonly #deps: TopologyMasterDeps;
  #server: Listener | undefined;
  readonly #connections = new Map<number, FrameConnection>();
  readonly #registered = new Set<number>();
  readonly #recorder: PlanRecorder;
  readonly #assignments: RecordFollower<AssignmentRecord>;
  readonly #ending = new AbortController();
  #state: MasterState;
  #assignment: AssignmentRecord | undefined;
  #physical: PhysicalPlan | undefined;
  #isInDoubt = false;
  #connectionCount = 0;
  #tick: Disposable | undefined;
  #leaseEpoch = 0;
  #lease: LeaseKeeper | undefined;
  /** Resolves with the reason when another master has the lease. */
  readonly #lost = deferred<string>();

  /** Listens and waits for the lease. Rejects with `CONNECT_FAILED`, or the signal's reason on abort. */
  static async open(deps: TopologyMasterDeps, signal: AbortSignal): Promise<TopologyMaster> {
    const master = new TopologyMaster(deps);
    const { bindHost, host } = listenAddress(deps.conf);
    const server = await deps.network.listen(bindHost, (incoming) => master.#accept(incoming));
    master.#server = server;
    const { port } = server;
    const stop = (): void => master.#ending.abort(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    try {
      await master.#assignments.start();
      master.#lease = master.#keeper({ host, port });
      master.#leaseEpoch = await master.#lease.acquire(master.#ending.signal);
    } catch (error) {
      await master.close();
      throw error;
    } finally {
      signal.removeEventListener('abort', stop);
    }
    master.#begin(port);
    return master;
  }

  private constructor(deps: TopologyMasterDeps) {
    this.#deps = deps;
    this.#recorder = new PlanRecorder(deps);
    this.#assignments = new RecordFollower({
      ...{ clock: deps.clock, log: deps.log, store: new RecordStore(deps.store) },
      key: keys.assignment(deps.spec.topologyId),
      onSight: (sight) => {
        // One without containers asks no container to leave.
        if (sight.kind === 'read' && sight.record.plan.containers.length > 0) this.#assigned(sight.record);
      },
    });
    this.#state = this.#initialState();
  }

  get physical(): PhysicalPlan | undefined {
    return this.#physical;
  }

  /**
   * Resolves with the reason once the lease is lost; rejects with the reason of `close` or of the signal's
   * abort.
   */
  async run(signal: AbortSignal): Promise<string> {
    return untilAborted(this.#lost.promise, AbortSignal.any([this.#ending.signal, signal]));
  }

  /**
   * The topology's record has changed. When it asks for a rebalance, the assignment follows soon or is there
   * already.
   */
  statusChanged(status: PhysicalPlan['status'], rebalances = 0): void {
    this.#step({ kind: 'status', status, rebalances });
    if (rebalances > this.#state.rebalances.placed) void this.#assignments.ask();
  }

  /** Gives the lease back and ends all connections. Idempotent; never rejects. */
  async close(): Promise<void> {
    this.#server?.close();
    this.#tick?.[Symbol.dispose]();
    for (const connection of this.#connections.values()) connection.close('the topology master ends');
    await this.#assignments.close();
    this.#ending.abort();
    await this.#recorder.close();
    await this.#lease?.close();
    this.#leaseEpoch = 0;
  }

  #begin(port: number): void {
    const { clock, log } = this.#deps;
    this.#state = this.#initialState();
    log.info({ event: 'master.elected', epoch: this.#leaseEpoch, port });
    this.#tick = clock.every(1000, () => this.#step({ kind: 'tick', nowMs: clock.monotonicMs(), graceMs }));
  }

  /** Until it holds the lease, it only keeps the assignment. */
  #assigned(assignment: AssignmentRecord): void {
    this.#assignment = assignment;
    if (this.#tick === undefined) return;
    const { plan: packing, rebalances = 0 } = assignment;
    this.#step({
      kind: 'assigned',
      ...{ packing, rebalances, nowMs: this.#deps.clock.monotonicMs(), moveMsMax },
    });
  }

  #initialState(): MasterState {
    const { spec, status, rebalances: asked = 0 } = this.#deps;
    const { plan: packing = spec.plan, rebalances: placed = 0 } = this.#assignment ?? {};
    return initialMasterState({
      packing: packing.version > spec.plan.version ? packing : spec.plan,
      leaseEpoch: this.#leaseEpoch,
      ...{ status, rebalances: { asked, placed } },
    });
  }

  #keeper(value: MasterRecord): LeaseKeeper {
    const { spec, store, clock, log, leaseMs } = this.#deps;
    return new LeaseKeeper({
      ...{ store, clock, log, seekEveryMs },
      key: keys.master(spec.topologyId).path,
      holder: `${spec.topologyId}/0/${spec.incarnation}`,
      value: asJson(value),
      ttlMs: leaseMs ?? leaseMsDefault,
      onNews: (news) => this.#leaseNews(news),
    });
  }

  /** Before it is elected, `open` waits for the lease. */
  #leaseNews(news: LeaseNews): void {
    if (this.#tick === undefined) return;
    this.#isInDoubt = news.kind !== 'held';
    if (news.kind === 'lost') {
      void this.#lease?.close(); // this master has ended: it must not take the lease from its successor
      this.#lost.resolve(`${keys.master(this.#deps.spec.topologyId).path} is held by ${news.holder}`);
    } else if (news.kind === 'held') {
      this.#deps.log.warn({ event: 'master.confirmed', epoch: news.epoch });
      this.#step({ kind: 'held', leaseEpoch: news.epoch });
    } else {
      this.#deps.log.warn({ event: 'master.in-doubt' });
    }
  }

  #accept(incoming: Incoming): void {
    // A master that does not hold the lease has nothing to say: the caller has the address of an earlier
    // master.
    if (this.#leaseEpoch === 0 || this.#connections.size >= connectionsMax) {
      incoming.refuse();
      return;
    }
    const id = ++this.#connectionCount;
    const { clock, log } = this.#deps;
    const connection = FrameConnection.accept(incoming, {
      controlFrame: (message) => this.#control(id, message),
      closed: (reason) => {
        this.#connections.delete(id);
        if (!this.#registered.delete(id)) return;
        log.info({ event: 'stream-manager.left', connection: id, reason });
        this.#step({ kind: 'disconnected', connection: id, nowMs: clock.monotonicMs() });
      },
    });
    this.#connections.set(id, connection);
    clock.after(helloMs, () => {
      if (!this.#registered.has(id)) connection.close(`not registered within ${helloMs} ms`);
    });
  }

  #control(id: number, message: JsonObject): void {
    const connection = this.#connections.get(id)!;
    if (message['type'] === 'ping') {
      connection.send({ type: 'pong' });
      return;
    }
    const { version } = message;
    if (message['type'] === 'took' && Number.isSafeInteger(version)) {
      this.#step({ kind: 'took', connection: id, version: version as number });
      return;
    }
    const { topologyId, containerId, incarnation, host, port, epochHeld, packingHeld, protocol } = message;
    const address = readStreamManagerAddress({ containerId, host, port, incarnation } as JsonObject);
    const isRegistration =
      message['type'] === 'register' &&
      typeof topologyId === 'string' &&
      address.kind === 'read' &&
      Number.isSafeInteger(epochHeld) &&
      Number.isSafeInteger(packingHeld);
    if (!isRegistration) throw new Error(`message ${JSON.stringify(message['type'])} is not understood`);
    if (protocol !== protocolVersion) {
      this.#refuse(id, `protocol ${JSON.stringify(protocol)}, expected ${protocolVersion}`);
      return;
    }
    void this.#register(id, {
      topologyId,
      address: address.record,
      epochHeld: epochHeld as number,
      packingHeld: packingHeld as number,
    });
  }

  async #register(id: number, told: Omit<Registration, 'connection' | 'startedIncarnation'>): Promise<void> {
    const startedIncarnation = await this.#startedIncarnation(told.address.containerId);
    // The scheduler has packed again and started this container by a plan that has not arrived here yet.
    if (told.packingHeld > this.#state.packing.version) await this.#assignments.ask();
    if (!this.#connections.has(id)) return;
    this.#registered.add(id);
    this.#step({ kind: 'registered', registration: { ...told, connection: id, startedIncarnation } });
  }

  /** Undefined when the store does not answer in time. */
  async #startedIncarnation(containerId: number): Promise<string | undefined> {
    const { store, clock, spec } = this.#deps;
    const answer = new RecordStore(store)
      .read(keys.container(spec.topologyId, containerId))
      // A damaged record is like a missing one: it does not say which process was started.
      .then((found) => recordOf(found)?.incarnation);
    const waiting = new AbortController();
    const limit = clock.sleep(askStoreMs, waiting.signal).then(() => undefined);
    try {
      return await Promise.race([answer, limit]);
    } catch {
      return undefined;
    } finally {
      answer.catch(() => undefined);
      limit.catch(() => undefined);
      waiting.abort();
    }
  }

  #step(event: MasterEvent): void {
    const [state, effects] = stepMaster(this.#state, event);
    this.#state = state;
    for (const effect of effects) {
      if (effect.kind === 'refuse') this.#refuse(effect.connection, effect.reason);
      else if (effect.kind === 'pack') this.#pack(effect);
      else this.#publish(effect.physical);
    }
  }

  #refuse(id: number, reason: string): void {
    this.#deps.log.warn({ event: 'stream-manager.refused', connection: id, reason });
    this.#registered.delete(id);
    this.#connections.get(id)?.send({ type: 'refused', reason });
    this.#connections.get(id)?.end(`refused: ${reason}`);
  }

  #pack({ connection, packing }: Extract<MasterEffect, { readonly kind: 'pack' }>): void {
    if (this.#isInDoubt) return;
    const { version, containers } = packing;
    this.#deps.log.info({ event: 'packing.published', version, containers: containers.length, connection });
    for (const id of connection === undefined ? this.#registered : [connection])
      this.#connections.get(id)?.send({ type: 'packing', plan: packing });
  }

  #publish(physical: PhysicalPlan): void {
    this.#physical = physical;
    if (this.#isInDoubt) return;
    const { log } = this.#deps;
    const { epoch, isComplete, status, streamManagers } = physical;
    log.info({ event: 'plan.published', epoch, isComplete, status, registered: streamManagers.length });
    for (const id of this.#registered) this.#connections.get(id)?.send({ type: 'plan', plan: physical });
    this.#recorder.record(physical);
  }
}
