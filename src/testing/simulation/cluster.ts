import { strict as assert } from 'node:assert';
import { seededRandom } from '../../base/index.ts';
import { TopologyWatch } from '../../container/life/topology-watch.ts';
import { TopologyMaster } from '../../container/topology-master/index.ts';
import { MemoryStore } from '../../coordination/memory-store.ts';
import type { StateStore } from '../../coordination/store.ts';
import { type AssignmentRecord, type ContainerSpec, keys, RecordStore } from '../../records/index.ts';
import type { PackingPlan, PhysicalPlan, TaskId } from '../../topology/index.ts';
import { SimulatedContainer } from './container.ts';
import { Ledger } from './ledger.ts';
import { Links } from './links.ts';
import { Observer } from './observer.ts';
import { SimulatedProcess } from './process.ts';
import type { Scenario } from './scenario.ts';
import { Shape, topologyId } from './shape.ts';
import { ProcessStore } from './store.ts';
import { World } from './world.ts';

/** Until the scheduler has written down what it started. */
const recordMs = [0, 60] as const;
const recordRetryMs = 200;

export interface SimulatedMaster {
  readonly process: SimulatedProcess;
  readonly spec: ContainerSpec;
  master: TopologyMaster | undefined;
}

/**
 * One topology: its master, its containers, the links between them, the state store, and the scheduler, of
 * which only what it does to containers is simulated.
 */
export class Cluster {
  readonly world: World;
  readonly links: Links;
  readonly observer: Observer;
  readonly ledger = new Ledger();
  readonly shape: Shape;
  readonly server: MemoryStore;
  readonly #records: RecordStore;
  readonly storeTroubles = { slowMs: 0, behindMs: 0, cutOff: new Set<string>() };
  /** The newest life of each container. */
  readonly containers = new Map<number, SimulatedContainer>();
  /** Earlier lives that are not dead: what the scheduler only thought to be. */
  readonly zombies = new Set<SimulatedContainer>();
  master: SimulatedMaster | undefined;
  readonly oldMasters = new Set<SimulatedMaster>();
  status: PhysicalPlan['status'] = 'ACTIVE';
  /** The newest. */
  packing: PackingPlan;
  /** Containers that a task has left or come to: until all know of it they hand on what is meant for it. */
  readonly forwarders = new Set<number>();
  readonly #lives = new Map<number, number>();
  /** Ends each topology master that there has been. */
  readonly #endings: AbortController[] = [];
  #taskLives = 0;

  constructor(scenario: Scenario) {
    this.world = new World(seededRandom(scenario.seed));
    this.observer = new Observer(this.world);
    this.links = new Links(this.world, { windowBytes: scenario.setup.window });
    const { containers, spread } = scenario.setup;
    this.shape = new Shape(scenario, (task) =>
      spread === 1 ? 1 + ((task - 1) % containers) : this.world.integer(1, containers),
    );
    this.packing = this.shape.packing;
    const { clock } = new SimulatedProcess(this.world, 'store');
    this.server = new MemoryStore({ ...clock, nowMs: () => this.world.nowMs - this.storeTroubles.behindMs });
    this.#records = new RecordStore(this.server);
    for (const spout of scenario.spouts) {
      for (const task of this.shape.topology.tasksOf(spout.id)) this.ledger.addSource(task, spout.ids);
    }
  }

  readonly nextLife = (): number => ++this.#taskLives;

  storeOf(process: SimulatedProcess): StateStore {
    return new ProcessStore(this.world, this.server, this.storeTroubles, process);
  }

  async start(): Promise<void> {
    await this.recordTopology();
    this.startMaster();
    for (const { containerId } of this.shape.packing.containers) this.startContainer(containerId);
  }

  /** What nimbus writes. */
  async recordTopology(): Promise<void> {
    const record = {
      id: topologyId,
      name: 'simulated',
      status: 'ACTIVE' as const,
      owner: '',
      launchedAtSecs: 0,
      workers: 1,
    };
    await this.#records.put(keys.topology(topologyId), record);
  }

  startContainer(containerId: number): SimulatedContainer {
    const container = new SimulatedContainer(this, this.#spec(containerId));
    this.containers.set(containerId, container);
    this.observer.note(`${container.process.name} starts`);
    this.#record(container.spec);
    container.process.after(0, () => void container.open().catch(this.world.onFault));
    return container;
  }

  killContainer(container: SimulatedContainer, how: 'closed' | 'silent' = 'closed'): void {
    this.observer.note(`${container.process.name} dies`);
    container.process.die();
    for (const host of container.children) host.end();
    this.links.dropAllOf(container.process, how);
    this.zombies.delete(container);
  }

  /** It has found out that it has nothing left to do. */
  containerEnds(container: SimulatedContainer, reason: string): void {
    this.observer.note(`${container.process.name} ends: ${reason}`);
    container.close();
    this.killContainer(container);
    if (this.containers.get(container.containerId) !== container) return;
    // Only a store that went back says so of the newest; the scheduler sees it end and starts another.
    if (this.observer.isStoreSound)
      this.world.onFault(new Error(`the newest, ${container.process.name}, ends: ${reason}`));
    this.world.after(this.world.between(50, 500), () => this.startContainer(container.containerId));
  }

  startMaster(): SimulatedMaster {
    const spec = this.#spec(0);
    const process = new SimulatedProcess(this.world, spec.incarnation);
    const simulated: SimulatedMaster = { process, spec, master: undefined };
    this.master = simulated;
    this.observer.note(`${process.name} starts`);
    this.#record(spec);
    process.after(0, () => void this.#runMaster(simulated).catch(this.world.onFault));
    return simulated;
  }

  killMaster(simulated: SimulatedMaster): void {
    this.observer.note(`${simulated.process.name} dies`);
    simulated.process.die();
    this.links.dropAllOf(simulated.process, 'closed');
    this.oldMasters.delete(simulated);
  }

  setStatus(status: PhysicalPlan['status']): void {
    this.status = status;
    const { master } = this;
    master?.process.after(0, () => master.master?.statusChanged(status));
  }

  /** The process of a container (its newest life), or of the topology master for 0. */
  processOf(place: number): SimulatedProcess {
    return place === 0 ? this.master!.process : this.containers.get(place)!.process;
  }

  *lives(): Iterable<SimulatedContainer> {
    yield* this.containers.values();
    yield* this.zombies;
  }

  /** The run is over. Node keeps composite signals, and all that waits for them, until they are aborted. */
  close(): void {
    for (const ending of this.#endings) ending.abort();
  }

  /** As container-process.ts does: until the lease is lost, or there is a successor. */
  async #runMaster(simulated: SimulatedMaster): Promise<void> {
    const { process, spec } = simulated;
    const ending = new AbortController();
    this.#endings.push(ending);
    const edges = {
      clock: process.clock,
      log: this.observer.log(process.name),
      store: this.storeOf(process),
    };
    const end = (reason: string): void => {
      this.observer.note(`${process.name} ends: ${reason}`);
      ending.abort();
    };
    const watch = new TopologyWatch({ ...edges, spec, onRecord: () => undefined, onEnd: end });
    await watch.start();
    try {
      const master = await TopologyMaster.open(
        {
          ...{ ...edges, spec, conf: this.shape.conf, network: this.links.of(process), status: this.status },
          leaseMs: this.shape.scenario.setup.lease,
        },
        ending.signal,
      );
      simulated.master = master;
      master.statusChanged(this.status);
      await master.run(ending.signal).then(end, () => undefined);
      await watch.close();
      await master.close();
    } catch (error) {
      assert(ending.signal.aborted, error as Error);
    }
    this.killMaster(simulated);
    if (this.master === simulated) this.world.after(this.world.between(50, 500), () => this.startMaster());
  }

  /** The scheduler writes down what it started, as soon as it can. */
  #record(spec: ContainerSpec): void {
    const { topologyId: id, containerId, incarnation } = spec;
    const record = {
      ...{ pid: 1, processStart: '', incarnation },
      startedAtMs: 0,
      restarts: 0,
      lastExit: '',
    };
    const write = (): void => {
      if ((containerId === 0 ? this.master : this.containers.get(containerId))?.spec !== spec) return;
      this.#records
        .put(keys.container(id, containerId), record)
        .catch(() => this.world.after(recordRetryMs, write, { isPromised: true }));
    };
    this.world.after(this.world.between(...recordMs), write, { isPromised: true });
  }

  /** The scheduler packs again: the task is to live in that container from now on. */
  moveTask(task: TaskId, containerId: number): void {
    const { version, tasks } = this.packing;
    const from = tasks.find((each) => each.taskId === task)!.containerId;
    if (from !== containerId) this.forwarders.add(from).add(containerId);
    this.packing = {
      ...this.packing,
      version: version + 1,
      tasks: tasks.map((each) => (each.taskId === task ? { ...each, containerId } : each)),
    };
    this.ledger.moved.add(task);
    this.#recordPacking();
  }

  #recordPacking(): void {
    const { packing } = this;
    const record: AssignmentRecord = { plan: packing, reason: '' };
    const write = (): void => {
      if (this.packing !== packing) return;
      this.#records
        .put(keys.assignment(packing.topologyId), record)
        .catch(() => this.world.after(recordRetryMs, write, { isPromised: true }));
    };
    this.world.after(this.world.between(...recordMs), write, { isPromised: true });
  }

  /** The scheduler looks again after the store has lost what it wrote. */
  recordAll(): void {
    if (this.packing !== this.shape.packing) this.#recordPacking();
    for (const { spec } of [this.master!, ...this.containers.values()]) this.#record(spec);
  }

  #spec(containerId: number): ContainerSpec {
    const life = (this.#lives.get(containerId) ?? 0) + 1;
    this.#lives.set(containerId, life);
    return {
      ...{ topologyId, topologyName: 'simulated', containerId, plan: this.packing },
      incarnation: `${containerId === 0 ? 'm' : 'c'}${containerId}-${life}`,
      ...{ codeDir: '/nowhere', workDir: '/nowhere', logDir: '/nowhere', stormLocalDir: '/nowhere' },
      ...{ redisUrl: '', redisKeyPrefix: '', jvm: { java: 'java', classPath: [] } },
    };
  }
}
