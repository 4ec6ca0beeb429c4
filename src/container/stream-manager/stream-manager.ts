import type { Clock, JsonObject, Logger, RandomSource } from '../../base/index.ts';
import type { StateStore } from '../../coordination/index.ts';
import type {
  ContainerSpec,
  FlowRecord,
  PhysicalPlan,
  StreamManagerAddress,
  TaskId,
  TopologyIndex,
} from '../../topology/index.ts';
import { frameCount, frameTarget } from '../../tuple/index.ts';
import { readLoads, readPressure } from '../control-messages.ts';
import { listenAddress } from '../listen.ts';
import type { Network } from '../network.ts';
import type { HostToStreamManager, LoadReport, PressureReport } from '../protocol.ts';
import type { Outlet, TaskHost } from '../task-host.ts';
import { TreeFailer } from '../tree-failer.ts';
import { type FlowPolicy, flowPolicy } from './flow-policy.ts';
import { flowRecord } from './flow-record.ts';
import { HostPauses } from './host-pauses.ts';
import { HostSlot } from './host-slot.ts';
import { type StreamManagerLimits, streamManagerLimits } from './limits.ts';
import { MasterClient } from './master-client.ts';
import { type PeerHello, PeerListener, type PeerVerdict } from './peer-listener.ts';
import { PeerQueue } from './peer-queue.ts';
import { PeerReader } from './peer-reader.ts';
import { PressureControl } from './pressure-control.ts';
import { Router } from './router.ts';

export interface StreamManagerDeps {
  readonly spec: ContainerSpec;
  readonly conf: JsonObject;
  /** The system topology. Without it every task is a bolt that feeds all others, and no tree is failed. */
  readonly topology?: TopologyIndex;
  readonly network: Network;
  readonly store: StateStore;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
  /** The names and tasks of the hosts that will come. */
  readonly hosts: readonly { readonly name: string; readonly tasks: readonly TaskId[] }[];
  /** What hosts report beyond loads and pressure: statistics, heartbeats, errors. */
  readonly onHostReport: (host: TaskHost, message: HostToStreamManager) => void;
}

/**
 * Routes frames between the task hosts of one container and its peers. Everything runs on the event loop in the
 * callbacks of reads and writes; nothing on the way of a frame awaits.
 *
 * Pressure: what hosts report, and the tasks of slots whose host is away, is told to peers. All hosts are told the
 * union of that, of what peers say of their own tasks, and of the tasks behind a congested link (pressure-control.ts).
 */
export class StreamManager implements Outlet {
  readonly #deps: StreamManagerDeps;
  readonly #limits: StreamManagerLimits;
  readonly #router: Router;
  readonly #slots: ReadonlyMap<string, HostSlot>;
  readonly #queues = new Map<number, PeerQueue>();
  readonly #readers = new Map<number, PeerReader>();
  readonly #listener: PeerListener;
  #master: MasterClient | undefined;
  #plan: PhysicalPlan | undefined;
  readonly #policy: FlowPolicy;
  readonly #pressure: PressureControl;
  readonly #failer: TreeFailer | undefined;
  readonly #pauses: HostPauses;
  #congestedTuples = 0;
  readonly #loads = new Map<TaskId, number>();
  readonly #onDrop = (buffer: Buffer, start: number, end: number): void =>
    this.#failer?.fail(buffer, start, end);

  /** Listens, and begins to look for the topology master. Rejects with `CONNECT_FAILED`, `CONFIG_INVALID`. */
  static async open(deps: StreamManagerDeps): Promise<StreamManager> {
    const manager = new StreamManager(deps);
    const { bindHost, host } = listenAddress(deps.conf);
    const port = await manager.#listener.listen(bindHost);
    const { topologyId, containerId, incarnation } = deps.spec;
    deps.log.info({ event: 'stream-manager.listening', host, port });
    manager.#master = new MasterClient({
      ...{ topologyId, containerId, incarnation, host, port },
      ...{
        network: deps.network,
        store: deps.store,
        limits: manager.#limits,
        clock: deps.clock,
        random: deps.random,
        log: deps.log,
      },
      epochHeld: () => manager.#plan?.epoch ?? 0,
      onPlan: (plan) => manager.takePlan(plan),
    });
    manager.#master.start();
    return manager;
  }

  private constructor(deps: StreamManagerDeps) {
    this.#deps = deps;
    this.#limits = streamManagerLimits(deps.conf);
    this.#policy = flowPolicy(deps.spec.plan.tasks, deps.conf, deps.topology);
    this.#pressure = this.#makePressure();
    this.#pauses = new HostPauses(this.#policy, this.#queues, deps.log);
    this.#failer =
      deps.topology === undefined
        ? undefined
        : new TreeFailer(deps.topology, (buffer, start, end) => this.#router.route(buffer, start, end));
    this.#router = new Router(deps.log);
    this.#slots = new Map(deps.hosts.map(({ name, tasks }) => [name, this.#makeSlot(name, tasks)]));
    for (const container of deps.spec.plan.containers) this.#addPeer(container.containerId);
    this.#router.rebuild([...this.#slots.values(), ...this.#queues.values()]);
    this.#listener = new PeerListener({
      network: deps.network,
      limits: this.#limits,
      clock: deps.clock,
      log: deps.log,
      judge: (hello) => this.#judge(hello),
      joined: (peer, socket) => this.#queues.get(peer)?.attach(socket),
      left: (peer, socket) => this.#peerLeft(peer, () => this.#queues.get(peer)?.detach(socket)),
      controlFrame: (peer, message) => this.#peerControl(peer, message),
    });
  }

  get plan(): PhysicalPlan | undefined {
    return this.#plan;
  }

  /** The queues to the other containers, by container id. */
  get peers(): ReadonlyMap<number, Pick<PeerQueue, 'isConnected' | 'queuedBytes'>> {
    return this.#queues;
  }

  /** Tuples that could not be delivered or held, by reason. congested: dropped for a task under pressure, as configured. */
  get droppedTuples(): {
    readonly unknownTarget: number;
    readonly absentPeer: number;
    readonly absentHost: number;
    readonly congested: number;
  } {
    const sum = (places: Iterable<{ readonly droppedTuples: number }>): number =>
      [...places].reduce((total, place) => total + place.droppedTuples, 0);
    return {
      unknownTarget: this.#router.droppedTuples,
      absentPeer: sum(this.#queues.values()),
      absentHost: sum(this.#slots.values()),
      congested: this.#congestedTuples,
    };
  }

  /** Where tuples wait here, which tasks are the cause, and which spouts are held back for it. */
  flow(): FlowRecord {
    return flowRecord({
      ...{ pressure: this.#pressure, droppedTuples: this.droppedTuples },
      ...{ queues: this.#queues.values(), slots: this.#slots.values() },
    });
  }

  route(buffer: Buffer, start: number, end: number): void {
    if (this.#pressure.isDropping && this.#pressure.isDroppingFor(frameTarget(buffer, start))) {
      this.#congestedTuples += frameCount(buffer, start);
      this.#failer?.fail(buffer, start, end);
      return;
    }
    this.#router.route(buffer, start, end);
  }

  flush(): void {
    this.#router.flush();
  }

  report(host: TaskHost, message: HostToStreamManager): void {
    if (message.type === 'pressure') this.#hostPressure(host, message);
    else if (message.type === 'loads') this.#takeLoads(message, { from: host });
    else this.#deps.onHostReport(host, message);
  }

  /** The host has started: it is told what there is to know and gets the frames that waited for it. */
  fill(host: TaskHost): void {
    if (this.#plan !== undefined) host.control({ type: 'plan', plan: this.#plan });
    if (this.#loads.size > 0) host.control({ type: 'loads', loads: [...this.#loads] });
    host.control(this.#pressure.hostReport());
    this.#pauses.update(host);
    this.#slots.get(host.name)!.fill(host);
    this.#router.flush();
  }

  /** The host has ended: frames for it wait for the next one of its name. */
  empty(host: TaskHost): void {
    this.#slots.get(host.name)?.empty(host);
    this.#pauses.forget(host);
    this.#pressure.report(host.name, [], { isOwn: true });
  }

  /** Takes a plan unless the one held is newer. Peers are dialled, hosts told. */
  takePlan(plan: PhysicalPlan): void {
    const { spec, log } = this.#deps;
    if (plan.topologyId !== spec.topologyId || plan.epoch < (this.#plan?.epoch ?? 0)) {
      log.warn({ event: 'plan.ignored', epoch: plan.epoch, epochHeld: this.#plan?.epoch ?? 0 });
      return;
    }
    this.#plan = plan;
    const { epoch, isComplete, status } = plan;
    log.info({ event: 'plan.taken', epoch, isComplete, status, registered: plan.streamManagers.length });
    for (const address of plan.streamManagers) this.#readers.get(address.containerId)?.pointTo(address);
    this.#listener.reconsider();
    this.#tellHosts((host) => host.control({ type: 'plan', plan }));
  }

  /** Ends all connections. What is queued is lost. Idempotent. */
  close(): void {
    this.#master?.close();
    for (const reader of this.#readers.values()) reader.close();
    for (const queue of this.#queues.values()) queue.close();
    this.#listener.close();
  }

  #makeSlot(name: string, tasks: readonly TaskId[]): HostSlot {
    const { log } = this.#deps;
    const onMark = (): void => {
      this.#pressure.report(`slot ${name}`, slot.isHigh ? tasks : [], { isOwn: true });
    };
    const onDrop = this.#onDrop;
    const slot: HostSlot = new HostSlot({ name, tasks, limits: this.#limits, log, onMark, onDrop });
    return slot;
  }

  #addPeer(peer: number): void {
    const { spec, network, clock, random, log } = this.#deps;
    const { topologyId, containerId, incarnation } = spec;
    if (peer === containerId) return;
    const tasks = spec.plan.tasks.filter((task) => task.containerId === peer).map((task) => task.taskId);
    const limits = this.#limits;
    const queue: PeerQueue = new PeerQueue({
      ...{ containerId: peer, tasks, limits, clock, log },
      onMark: () => this.#queueMark(queue),
      onDrop: this.#onDrop,
    });
    this.#queues.set(peer, queue);
    const reader: PeerReader = new PeerReader({
      ...{ topologyId, containerId, incarnation, peer, network, limits, clock, random, log },
      dataFrame: (buffer, start, end) => this.#router.route(buffer, start, end),
      readEnded: () => this.#router.flush(),
      opened: () => {
        reader.send(this.#pressure.ownReport());
        if (this.#loads.size > 0) reader.send({ type: 'loads', loads: this.#ownLoads() });
      },
    });
    this.#readers.set(peer, reader);
  }

  #judge(hello: PeerHello): PeerVerdict {
    const { spec } = this.#deps;
    if (hello.topologyId !== spec.topologyId) {
      return { kind: 'refused', reason: `topology ${hello.topologyId}, this is ${spec.topologyId}` };
    }
    const { to } = hello;
    if (to.containerId !== spec.containerId || to.incarnation !== spec.incarnation) {
      const reason = `meant for container ${to.containerId} ${to.incarnation}, this is ${spec.containerId} ${spec.incarnation}`;
      return { kind: 'refused', reason };
    }
    if (!this.#queues.has(hello.containerId)) {
      return { kind: 'refused', reason: `container ${hello.containerId} is not in the packing plan` };
    }
    const isPeer = (address: StreamManagerAddress): boolean =>
      address.containerId === hello.containerId && address.incarnation === hello.incarnation;
    if (this.#plan?.streamManagers.some(isPeer) === true) return { kind: 'accepted' };
    const reason = `no plan names container ${hello.containerId} ${hello.incarnation}`;
    return { kind: 'unknown', reason };
  }

  #peerControl(peer: number, message: JsonObject): void {
    const tasks = this.#queues.get(peer)!.tasks;
    const pressure = message['type'] === 'pressure' ? readPressure(message) : undefined;
    const loads = message['type'] === 'loads' ? readLoads(message) : undefined;
    if (pressure !== undefined) {
      // A peer speaks for its own tasks only.
      const own = pressure.tasks.filter((task) => tasks.includes(task));
      this.#pressure.report(`container ${peer}`, own, { isOwn: false });
    } else if (loads !== undefined) {
      this.#takeLoads(loads, { from: undefined });
    } else {
      throw new Error(`message ${JSON.stringify(message['type'])} of peer ${peer} is not understood`);
    }
  }

  #peerLeft(peer: number, detach: () => unknown): void {
    if (detach() !== undefined) this.#pressure.report(`container ${peer}`, [], { isOwn: false });
  }

  #makePressure(): PressureControl {
    const { spec, clock, log } = this.#deps;
    return new PressureControl({
      ...{ containerId: spec.containerId, policy: this.#policy, clock, log },
      ownTasks: () => [...this.#slots.values()].flatMap((slot) => slot.tasks),
      tellPeers: (report) => {
        for (const reader of this.#readers.values()) reader.send(report);
      },
      tellHosts: (report) => this.#tellHosts((host) => host.control(report)),
    });
  }

  /** What an ended host still has to say (a write that breaks) is no longer so: its pressure has been lifted. */
  #hostPressure(host: TaskHost, report: PressureReport): void {
    if (this.#slots.get(host.name)?.host !== host) return;
    this.#pressure.report(host.name, report.tasks, { isOwn: true });
  }

  #queueMark(queue: PeerQueue): void {
    this.#pressure.report(`link ${queue.containerId}`, queue.isHigh ? queue.tasks : [], { isOwn: false });
    this.#tellHosts((host) => this.#pauses.update(host));
  }

  #takeLoads(report: LoadReport, source: { readonly from: TaskHost | undefined }): void {
    for (const [task, load] of report.loads) this.#loads.set(task, load);
    this.#tellHosts((host) => {
      if (host !== source.from) host.control(report);
    });
    if (source.from === undefined) return;
    for (const reader of this.#readers.values()) reader.send(report);
  }

  #ownLoads(): readonly (readonly [TaskId, number])[] {
    const own = new Set([...this.#slots.values()].flatMap((slot) => slot.tasks));
    return [...this.#loads].filter(([task]) => own.has(task));
  }

  #tellHosts(tell: (host: TaskHost) => void): void {
    for (const slot of this.#slots.values()) if (slot.host !== undefined) tell(slot.host);
  }
}
