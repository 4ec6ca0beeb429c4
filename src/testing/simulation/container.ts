import { strict as assert } from 'node:assert';
import { MasterClient } from '../../container/life/master-client.ts';
import { TopologyWatch } from '../../container/life/topology-watch.ts';
import type { TaskHost } from '../../container/links/index.ts';
import { MetricsRegistry } from '../../container/metrics-manager/index.ts';
import { type HostPlace, StreamManager } from '../../container/stream-manager/index.ts';
import type { PeerQueue } from '../../container/stream-manager/peers/peer-queue.ts';
import { tasksThatForget } from '../../container/task-hosts/planned-hosts.ts';
import { AckerHost } from '../../container/task-hosts/system/index.ts';
import type { ContainerSpec } from '../../records/index.ts';
import type { PackingPlan, PhysicalPlan } from '../../topology/index.ts';
import type { Cluster } from './cluster.ts';
import { SimulatedHost } from './host.ts';
import { type PlannedHost, placeOf, planHosts } from './planned-hosts.ts';
import { SimulatedProcess } from './process.ts';

/** Until the container notices that a child is dead, and starts another. */
const noticeMs = [0, 5] as const;
const restartMs = [20, 300] as const;
/** `queueSlackBytes` of the stream manager's limits. */
const handedOnBytesMax = 32 << 20;
/** What a host whose tasks leave gets done in this time, it gets done. */
const drainMs = [0, 300] as const;

/** One life of a container 1..N: the real stream manager and ackers, and simulated hosts. */
export class SimulatedContainer {
  readonly process: SimulatedProcess;
  readonly spec: ContainerSpec;
  readonly hosts = new Map<string, TaskHost>();
  manager: StreamManager | undefined;
  /** Trees that each of its acker tasks knew at the last rotation. */
  readonly trees = new Map<number, number>();
  readonly #cluster: Cluster;
  #planned: readonly PlannedHost[];
  #packing: PackingPlan;
  /** Packing plans are taken over one after the other. */
  #packingAsked: number;
  #packingHeld: number;
  #moving = Promise.resolve();
  readonly #metrics: MetricsRegistry;
  #master: MasterClient | undefined;
  #watch: TopologyWatch | undefined;
  #planSeen: PhysicalPlan | undefined;
  #burstBytesMax = 0;
  /** Bytes that waited for each peer after the last event. */
  readonly #queuedBefore = new Map<number, number>();
  /** Names of hosts that have ended and not been started again. */
  readonly #away = new Set<string>();
  /** Hosts whose tasks have left, until they have ended. */
  readonly #retiring = new Set<TaskHost>();

  constructor(cluster: Cluster, spec: ContainerSpec) {
    this.#cluster = cluster;
    this.spec = spec;
    this.process = new SimulatedProcess(cluster.world, spec.incarnation);
    this.#metrics = new MetricsRegistry(this.process.clock);
    this.#packing = spec.plan;
    this.#packingAsked = spec.plan.version;
    this.#packingHeld = spec.plan.version;
    this.#planned = this.#planHosts();
  }

  get containerId(): number {
    return this.spec.containerId;
  }

  get simulatedHosts(): readonly SimulatedHost[] {
    return [...this.hosts.values()].filter((host) => host instanceof SimulatedHost);
  }

  /** The processes of all hosts, also of those whose tasks have left. */
  get children(): readonly SimulatedHost[] {
    return [...this.simulatedHosts, ...this.#retiring].filter((host) => host instanceof SimulatedHost);
  }

  async open(): Promise<void> {
    const { shape, world, observer } = this.#cluster;
    const { process, spec } = this;
    const store = this.#cluster.storeOf(process);
    const log = observer.log(process.name, (event, fields) => this.#heard(event, fields));
    const edges = { network: this.#cluster.links.of(process), clock: process.clock, random: world.random };
    this.manager = await StreamManager.open({
      ...{ spec, conf: shape.conf, topology: shape.topology, ...edges, log },
      hosts: this.#planned.map(placeOf),
      tasksThatForget,
      onHostReport: () => undefined,
    });
    const { manager } = this;
    this.#master = new MasterClient({
      ...{ spec, store, ...edges, log, address: manager.address },
      epochHeld: () => manager.physical?.epoch ?? 0,
      packingHeld: () => this.#packingHeld,
      onPhysical: (physical) => manager.applyPhysical(physical),
      onPacking: (packing) => this.#packed(packing),
    });
    this.#master.start();
    for (const host of this.#planned) this.startHost(host.name);
    const onEnd = (reason: string): void => this.#cluster.containerEnds(this, reason);
    this.#watch = new TopologyWatch({
      ...{ spec, store, log, onEnd },
      clock: process.clock,
      onRecord: () => undefined,
    });
    await this.#watch.start();
  }

  /** Its connections end, as at an orderly end. */
  close(): void {
    this.#master?.close();
    this.manager?.close();
  }

  startHost(name: string): void {
    const planned = this.#planned.find((host) => host.name === name)!;
    const host: TaskHost = planned.isAcker ? this.#makeAckers(planned) : this.#makeHost(planned);
    const manager = this.manager!;
    void host.start(new AbortController().signal);
    this.hosts.set(name, host);
    manager.fill(host);
    this.#away.delete(name);
  }

  /** The child of a task dies, is noticed, and is started again: soon, or after `forMs`. */
  crashHost(name: string, forMs: number | undefined): void {
    const host = this.hosts.get(name);
    if (!(host instanceof SimulatedHost)) return;
    const { world } = this.#cluster;
    host.end();
    this.process.after(world.between(...noticeMs), () => {
      this.manager!.empty(host);
      if (this.hosts.get(name) === host) this.#away.add(name);
      this.process.after(forMs ?? world.between(...restartMs), () => {
        if (this.hosts.get(name) === host) this.startHost(name);
      });
    });
  }

  /** Throws when something is not as it must always be. */
  check(): void {
    const { manager } = this;
    if (manager === undefined) return;
    const { physical: plan } = manager;
    if (plan !== undefined && plan !== this.#planSeen) this.#checkPlan(plan);
    for (const [peer, queue] of manager.peers) this.#checkQueue(peer, queue);
    if (this.#away.size > 0) this.#checkSlots(manager);
  }

  /** Nothing is left of what has been done. */
  checkQuiet(): void {
    const { manager } = this;
    assert(manager !== undefined, `${this.process.name} has no stream manager`);
    const { version } = this.#cluster.packing;
    assert.equal(
      this.#packing.version,
      version,
      `${this.process.name} does not hold the newest packing plan`,
    );
    for (const [peer, { queuedBytes, isConnected }] of manager.peers) {
      assert.equal(queuedBytes, 0, `${this.process.name} has bytes waiting for container ${peer}`);
      assert(isConnected, `${this.process.name} is not connected to container ${peer}`);
    }
    for (const host of this.simulatedHosts) {
      const name = host.process.name;
      assert.deepEqual(host.heard, [], `${name} still sees pressure`);
      assert(!host.isPaused, `${name} is paused`);
      assert.equal(host.queueBytes, 0, `${name} has tuples waiting`);
      for (const spout of host.spouts) {
        assert(!spout.isHeld, `a spout in ${name} is held`);
        assert.equal(spout.pending, 0, `a spout in ${name} has trees pending`);
      }
    }
    for (const [task, trees] of this.trees) assert.equal(trees, 0, `acker ${task} remembers trees`);
  }

  /** The current state, for a developer who has to understand a failure. */
  *describe(): Iterable<string> {
    const { manager, process } = this;
    yield `${process.name}${process.isAlive ? '' : ' (dead)'}: plan ${manager?.physical?.epoch} ${manager?.physical?.status}`;
    for (const [peer, { queuedBytes, isConnected }] of manager?.peers ?? [])
      yield `  to container ${peer}: ${queuedBytes} bytes, ${isConnected ? 'connected' : 'not connected'}`;
    for (const host of this.simulatedHosts) yield `  ${host.describe()}`;
    for (const [task, trees] of this.trees) yield `  acker ${task}: ${trees} trees`;
  }

  /** As worker.ts does. */
  #packed(packing: PackingPlan): void {
    if (packing.version <= this.#packingAsked) return;
    this.#packingAsked = packing.version;
    this.#moving = this.#moving.then(() => this.#take(packing)).catch(this.#cluster.world.onFault);
  }

  /** As host-roster.ts does: a host whose tasks leave works off what it has, as far as it gets, and ends. */
  async #take(packing: PackingPlan): Promise<void> {
    const { process } = this;
    const { world } = this.#cluster;
    const before = this.#planned.map(placeOf);
    this.#packing = packing;
    this.#planned = this.#planHosts();
    const places = this.#planned.map(placeOf);
    const manager = this.manager!;
    manager.repack(packing, places);
    const stays = (one: HostPlace, among: readonly HostPlace[]): boolean =>
      among.some((other) => other.name === one.name && other.key === one.key);
    const coming = places.filter((each) => !stays(each, before));
    for (const place of before.filter((each) => !stays(each, places))) this.#retire(place.name);
    for (const { name } of coming) this.#away.add(name);
    if (this.#retiring.size > 0) await process.clock.sleep(world.between(...drainMs));
    for (const host of this.#retiring) await this.#end(host);
    this.#retiring.clear();
    for (const { name } of coming) this.startHost(name);
    this.#packingHeld = packing.version;
    this.#master!.took(packing.version);
  }

  #retire(name: string): void {
    const host = this.hosts.get(name);
    this.#away.delete(name);
    this.hosts.delete(name);
    if (host !== undefined) this.#retiring.add(host);
  }

  async #end(host: TaskHost): Promise<void> {
    for (const task of host.tasks) this.trees.delete(task);
    this.manager!.empty(host, 'stopped');
    await host.stop(0);
  }

  #planHosts(): PlannedHost[] {
    return planHosts(this.#packing, this.containerId);
  }

  #makeHost(planned: PlannedHost): SimulatedHost {
    const { shape, world, ledger, observer, nextLife } = this.#cluster;
    const manager = this.manager!;
    return new SimulatedHost({
      ...{ name: planned.name, tasks: planned.tasks.map(({ taskId }) => taskId) },
      ...{ shape, world, ledger, nextLife, container: this.process, outlet: manager },
      onQueue: (bytes) => observer.most('hostQueueBytesMax', bytes),
      onBurst: (bytes) => {
        this.#burstBytesMax = Math.max(this.#burstBytesMax, this.#planned.length * bytes + 32_768);
      },
    });
  }

  #makeAckers(planned: PlannedHost): AckerHost {
    const { shape, world, observer } = this.#cluster;
    return new AckerHost({
      ...{ spec: this.spec, conf: shape.conf, topology: shape.topology, tasks: planned.tasks },
      ...{ outlet: this.manager!, clock: this.process.clock, random: world.random, metrics: this.#metrics },
      log: observer.log(this.process.name, (event, fields) => this.#heard(event, fields)),
      pidDir: '/nowhere',
      onExit: () => undefined,
    });
  }

  #heard(event: string, fields: Readonly<Record<string, unknown>>): void {
    if (event === 'peer.detached') this.#cluster.ledger.mayRepeat = true;
    if (event === 'acker.rotated') this.trees.set(fields['task'] as number, fields['trees'] as number);
    if (event === 'peer.joined') {
      const named = this.manager?.physical?.streamManagers.some(
        ({ containerId, incarnation }) =>
          containerId === fields['peer'] && incarnation === fields['incarnation'],
      );
      assert(
        named,
        `${String(fields['incarnation'])} joined ${this.process.name}, whose plan does not name it`,
      );
    }
  }

  /**
   * A connected peer's queue may pass its bound by what was being read when the hosts were paused, and by
   * what is handed on for a task that has moved: links are read on, within the slack of the limits (32 MiB).
   * When the connection ends it keeps that for the next one, and takes nothing more until it is below the
   * bound.
   */
  #checkQueue(
    peer: number,
    { queuedBytes, isConnected }: Pick<PeerQueue, 'queuedBytes' | 'isConnected'>,
  ): void {
    const { queueMax } = this.#cluster.shape.scenario.setup;
    const handedOnBytes = this.#cluster.forwarders.has(this.containerId) ? handedOnBytesMax : 0;
    const boundBytes = isConnected
      ? queueMax + this.#burstBytesMax + handedOnBytes
      : Math.max(queueMax, this.#queuedBefore.get(peer) ?? 0);
    this.#queuedBefore.set(peer, queuedBytes);
    if (!isConnected) this.#cluster.observer.most('absentPeerBytesMax', queuedBytes);
    if (queuedBytes <= boundBytes) return;
    assert.fail(
      `${this.process.name} has ${queuedBytes} bytes waiting for container ${peer}, at most ${boundBytes}`,
    );
  }

  /** Frames for hosts that are away. */
  #checkSlots(manager: StreamManager): void {
    const { queueMax } = this.#cluster.shape.scenario.setup;
    for (const { name, bytes } of manager.flow().queues) {
      if (!name.startsWith('slot ')) continue;
      this.#cluster.observer.most('slotBytesMax', bytes);
      assert(
        bytes <= queueMax,
        `${name} of ${this.process.name} has ${bytes} bytes waiting, at most ${queueMax}`,
      );
    }
  }

  #checkPlan(plan: PhysicalPlan): void {
    const before = this.#planSeen;
    this.#planSeen = plan;
    this.#cluster.observer.planTaken(plan);
    if (before === undefined) return;
    assert(
      plan.epoch >= before.epoch,
      `${this.process.name} went from epoch ${before.epoch} to ${plan.epoch}`,
    );
    const { isStoreSound, isStoreSwift } = this.#cluster.observer;
    if (!isStoreSound || !isStoreSwift) return;
    for (const { containerId, incarnation } of plan.streamManagers) {
      const known = before.streamManagers.find((address) => address.containerId === containerId);
      if (known === undefined) continue;
      const [last, next] = [lifeOf(known.incarnation), lifeOf(incarnation)];
      assert(next >= last, `the plan went back from ${known.incarnation} to ${incarnation}`);
    }
  }
}

/** Incarnations are named `c2-7`: the seventh life of a container. */
function lifeOf(incarnation: string): number {
  return Number(incarnation.split('-')[1]);
}
