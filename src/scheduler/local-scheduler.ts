import { backoffMs, deferred, describeError, errorCode, type Logger } from '../base/index.ts';
import { cellOf, prepareSpawning } from '../child/index.ts';
import {
  type ContainerSpec,
  isTopologyId,
  keys,
  RecordStore,
  type RecordWrites,
  type TopologyRecord,
} from '../records/index.ts';
import { ArtifactsCleaner } from './artifacts-cleaner.ts';
import { Assignments } from './assignments.ts';
import { ContainerHealth } from './container-health.ts';
import { ContainerRegistry, containerCell } from './container-registry.ts';
import { desireContainers } from './desire.ts';
import { Leadership } from './leadership.ts';
import { slotPortOf } from './local-container.ts';
import { NodeFiles, readNodeId } from './node-files.ts';
import type { Packer } from './packer.ts';
import { type ContainerName, type Decision, reconcile } from './reconcile.ts';
import { type LocalSchedulerOptions, schedulerDefaults } from './scheduler-options.ts';
import { StoreMemory } from './store-memory.ts';
import { WorkerPacker } from './worker-packer.ts';

/** Every change is notified; a pass at this interval finds changes whose notification was lost. */
const patrolMs = 10_000;
const storeAwayLimits = { firstMs: 50, maxMs: 2000, factor: 2, jitter: 0.2 };

/**
 * The scheduler of one node: gives topologies slots, keeps the processes of their containers running, ends
 * them when a topology is gone. It decides in passes. A pass considers everything, and every change asks for
 * one: of a topology's record, a process, the lease, or a time that has come. A pass that fails is repeated.
 *
 * open -> (drain: ends every container) -> close. Closed without being drained it leaves the containers
 * running for the next scheduler of the node to adopt.
 */
export class LocalScheduler implements AsyncDisposable {
  readonly nodeId: string;
  readonly #options: LocalSchedulerOptions;
  readonly #store: RecordStore;
  readonly #log: Logger;
  readonly #files: NodeFiles;
  readonly #packer: Packer;
  readonly #cleaner: ArtifactsCleaner | undefined;
  readonly #assignments: Assignments;
  readonly #containers: ContainerRegistry;
  readonly #leadership: Leadership;
  readonly #drained = deferred<undefined>();
  readonly #health: ContainerHealth;
  readonly #memory: StoreMemory;
  #watch: AsyncDisposable | undefined;
  #timer: Disposable | undefined;
  #passing: Promise<void> | undefined;
  #isWoken = false;
  #mustLoad = true;
  #hasAdopted = false;
  /** Topologies whose records cannot be read, and why. */
  #held: ReadonlyMap<string, string> = new Map();
  #failuresInARow = 0;
  #isDraining = false;
  #draining: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  private constructor(options: LocalSchedulerOptions) {
    const { clock, random, log, hostname, stormLocalDir, artifactsDir } = options;
    this.#options = options;
    const store = new RecordStore(options.store);
    this.#store = store;
    this.#log = log;
    this.nodeId = readNodeId(stormLocalDir, () => random.uuid());
    this.#files = new NodeFiles({ stormLocalDir, artifactsDir });
    const slots = options.slotPorts.map((port) => ({ nodeId: this.nodeId, hostname, port }));
    const writes = (): RecordWrites => this.#leadership.writes;
    this.#packer = options.packer ?? new WorkerPacker({ clock, log });
    this.#assignments = new Assignments({
      ...{ store, writes, files: this.#files, log, slots, clock, packer: this.#packer },
      onLate: () => this.#wake(),
    });
    this.#containers = new ContainerRegistry({
      ...{ redisUrl: options.redisUrl, redisKeyPrefix: options.redisKeyPrefix },
      ...{
        store,
        writes,
        clock,
        random,
        log,
        hostname,
        files: this.#files,
        command: options.containerCommand,
        containment: options.containment,
      },
      ...{
        restartLimits: options.restartLimits ?? schedulerDefaults.restartLimits,
        soundAfterMs: schedulerDefaults.soundAfterMs,
      },
      onChange: () => this.#wake(),
    });
    this.#memory = new StoreMemory({ store, writes, files: this.#files, clock, random, log });
    this.#health = new ContainerHealth({
      ...{ clock, log, probeFile: this.#files.probeFile },
      limits: options.healthLimits ?? schedulerDefaults.healthLimits,
      running: () =>
        this.isLeader ? this.#containers.all.flatMap((container) => container.watched ?? []) : [],
    });
    const { artifacts } = options;
    this.#cleaner =
      artifacts === undefined
        ? undefined
        : new ArtifactsCleaner({
            ...{ clock, log, store, artifactsDir, limits: artifacts },
            everyMs: artifacts.everyMs,
          });
    this.#leadership = new Leadership({
      ...{
        store,
        nodeId: this.nodeId,
        clock,
        log,
        ttlMs: options.leaseTtlMs ?? schedulerDefaults.leaseTtlMs,
      },
      onChange: () => this.#lookAtAll(),
    });
  }

  /**
   * Starts to schedule; the containers that run already have been adopted when it resolves, if this gateway
   * leads. Rejects with `STATE_UNAVAILABLE` when the store does not answer.
   */
  static async open(options: LocalSchedulerOptions): Promise<LocalScheduler> {
    const scheduler = new LocalScheduler(options);
    try {
      await prepareSpawning();
      scheduler.#watch = await scheduler.#store.watch(keys.topologies, (id) =>
        id === undefined ? scheduler.#lookAtAll() : scheduler.#wake(),
      );
      await scheduler.#leadership.start();
      scheduler.#wake();
      await scheduler.#passing;
      return scheduler;
    } catch (error) {
      await scheduler.close();
      throw error;
    }
  }

  /** It has the lease under which one gateway of the cluster schedules. */
  get isLeader(): boolean {
    return this.#leadership.isLeader;
  }

  /**
   * Ends all containers orderly, each within the grace that its topology asks for; topologies and assignments
   * stay, and are started again by the next scheduler. `stopNow`: no more grace. Idempotent.
   */
  drain(options: { readonly stopNow?: AbortSignal } = {}): Promise<void> {
    const kill = (): void => this.#containers.killAll();
    if (options.stopNow?.aborted === true) kill();
    else options.stopNow?.addEventListener('abort', kill, { once: true });
    this.#draining ??= this.#drain();
    return this.#draining.finally(() => options.stopNow?.removeEventListener('abort', kill));
  }

  /** Stops scheduling. What has not been drained is left running. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.drain();
    await this.close();
  }

  async #drain(): Promise<void> {
    if (this.#closing !== undefined) return;
    this.#isDraining = true;
    const topologyIds = new Set(this.#containers.all.map((container) => container.topologyId));
    this.#wake();
    await this.#drained.promise;
    try {
      const { writes } = this.#leadership;
      for (const topologyId of topologyIds) await writes.removeAll(keys.containers(topologyId));
      await writes.remove(keys.supervisor(this.nodeId));
    } catch (error) {
      this.#log.warn({ event: 'scheduler.records-left', reason: describeError(error) });
    }
    this.#log.info({ event: 'scheduler.drained' });
  }

  async #close(): Promise<void> {
    this.#health[Symbol.dispose]();
    this.#timer?.[Symbol.dispose]();
    await this.#watch?.[Symbol.asyncDispose]();
    await this.#cleaner?.close();
    await this.#packer.close();
    await this.#assignments.settle();
    await this.#leadership.close();
    await this.#passing;
    await this.#containers.leave();
    this.#timer?.[Symbol.dispose]();
    this.#drained.resolve(undefined);
  }

  /** The store may have lost records, or they may have changed without a notification. */
  #lookAtAll(): void {
    this.#mustLoad = true;
    this.#wake();
  }

  #wake(): void {
    if (this.#closing !== undefined) return;
    this.#isWoken = true;
    this.#passing ??= this.#pass().finally(() => {
      this.#passing = undefined;
      // A change came after the last pass had begun.
      if (this.#isWoken && this.#closing === undefined) this.#wake();
    });
  }

  async #pass(): Promise<void> {
    while (this.#isWoken && this.#closing === undefined) {
      this.#isWoken = false;
      this.#timer?.[Symbol.dispose]();
      const againMs = await this.#tryPass();
      this.#timer?.[Symbol.dispose]();
      this.#timer = this.#options.clock.after(againMs, () => this.#wake());
    }
  }

  /** Resolves with how many milliseconds later to run a pass even if nothing happens. */
  async #tryPass(): Promise<number> {
    try {
      if (this.#isDraining) return this.#passDraining();
      if (!this.#leadership.isLeader) return patrolMs;
      const lookAgainAtMs = await this.#passLeading();
      this.#failuresInARow = 0;
      return Math.max(0, Math.min(patrolMs, lookAgainAtMs - this.#options.clock.nowMs()));
    } catch (error) {
      const againMs = backoffMs(this.#failuresInARow, storeAwayLimits, this.#options.random);
      if (this.#failuresInARow === 0)
        this.#log.warn({ event: 'scheduler.pass-failed', reason: describeError(error) });
      this.#failuresInARow += 1;
      if (errorCode(error) === 'LEASE_LOST') await this.#leadership.doubt();
      return againMs;
    }
  }

  #passDraining(): number {
    const nowMs = this.#options.clock.nowMs();
    const containers = this.#containers.all;
    if (containers.length === 0) this.#drained.resolve(undefined);
    this.#perform(reconcile({ nowMs, desired: [], containers, kept: [] }), []);
    if (this.#containers.all.length === 0) this.#drained.resolve(undefined);
    return patrolMs;
  }

  async #passLeading(): Promise<number> {
    const { clock } = this.#options;
    const { markerId, wasEmptied } = await this.#memory.ensure();
    if (wasEmptied) this.#containers.unrecorded();
    if (this.#mustLoad || wasEmptied) await this.#load();
    const { topologies, held } = await this.#readTopologies();
    // Emptied while we read: what is missing was not removed.
    if ((await this.#memory.markerId()) !== markerId) return clock.nowMs();
    await this.#assignments.freeSlotsOf(this.#containers.all);
    await this.#assignments.assignAll(topologies, clock.nowMs());
    const nowMs = clock.nowMs();
    const { desired, nextRemovalAtMs } = desireContainers(topologies, this.#assignments.byTopology, nowMs);
    const kept = [...this.#assignments.byTopology.keys(), ...this.#files.listTopologies()];
    const decision = reconcile({ nowMs, desired, containers: this.#containers.all, kept, held });
    this.#memory.remember({ topologies, held }, this.#assignments.byTopology);
    this.#perform(decision, topologies);
    for (const container of this.#containers.all) {
      const assignment = this.#assignments.byTopology.get(container.topologyId);
      if (assignment !== undefined) container.follow(assignment.plan);
    }
    for (const topologyId of decision.forgets) await this.#forget(topologyId);
    await this.#containers.flush();
    return Math.min(decision.lookAgainAtMs, nextRemovalAtMs);
  }

  /** `held`: topologies whose records cannot be read. Each is logged once, because passes are many. */
  async #readTopologies(): Promise<{ readonly topologies: TopologyRecord[]; readonly held: string[] }> {
    const topologies: TopologyRecord[] = [];
    const reasons = new Map<string, string>();
    for (const found of await this.#store.list(keys.topologies)) {
      if (found.kind === 'read') topologies.push(found.record);
      else reasons.set(found.id, found.reason);
    }
    for (const [id, reason] of reasons) {
      if (this.#held.get(id) !== reason)
        this.#log.warn({ event: 'topology.unreadable', topology: id, reason });
    }
    this.#held = reasons;
    return { topologies, held: [...reasons.keys()] };
  }

  async #load(): Promise<void> {
    const { hostname, slotPorts, clock } = this.#options;
    this.#mustLoad = false;
    try {
      await this.#assignments.load();
      if (!this.#hasAdopted) await this.#containers.adopt();
      this.#hasAdopted = true;
      const { nodeId } = this;
      const supervisor = { nodeId, hostname, slotPorts, startedAtMs: clock.nowMs() };
      await this.#leadership.writes.put(keys.supervisor(nodeId), supervisor);
    } catch (error) {
      this.#mustLoad = true;
      throw error;
    }
  }

  #perform(decision: Decision, topologies: readonly TopologyRecord[]): void {
    for (const name of decision.drops) this.#containers.drop(name);
    if (decision.drops.length > 0) this.#isWoken = true; // their slots are free
    for (const name of decision.starts) {
      const topology = topologies.find((candidate) => candidate.id === name.topologyId)!;
      this.#containers.start(name, this.#specOf(name, topology));
    }
    for (const name of decision.ends) {
      this.#containers.end(name, this.#files.graceMsOf(name.topologyId));
    }
  }

  #specOf(name: ContainerName, topology: TopologyRecord): ContainerSpec {
    const { random, stormLocalDir, redisUrl, redisKeyPrefix, jvm, containment } = this.#options;
    const { plan } = this.#assignments.byTopology.get(topology.id)!;
    return {
      ...{ ...name, topologyName: topology.name, incarnation: random.uuid(), plan },
      codeDir: this.#files.codeDirOf(topology.id),
      workDir: this.#files.workDirOf(name),
      logDir: this.#files.logDirOf(topology.id, slotPortOf({ ...name, plan })),
      ...{ stormLocalDir, redisUrl, redisKeyPrefix, jvm },
      ...(containment === undefined ? {} : { containment: cellOf(containment, containerCell(name)) }),
    };
  }

  async #forget(topologyId: string): Promise<void> {
    // A key of the store that names no directory of ours names no container either.
    if (isTopologyId(topologyId)) await this.#containers.forget(topologyId);
    await this.#assignments.forget(topologyId);
    this.#log.info({ event: 'topology.unassigned', topology: topologyId });
    this.#isWoken = true; // its slots are free for those that wait
  }
}
