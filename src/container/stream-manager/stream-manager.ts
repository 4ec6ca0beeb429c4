import type { Clock, JsonObject, Logger, RandomSource } from '../../base/index.ts';
import type { StateStore } from '../../coordination/index.ts';
import type { ContainerSpec, FlowRecord } from '../../records/index.ts';
import type {
  PackingPlan,
  PhysicalPlan,
  StreamManagerAddress,
  TaskId,
  TopologyIndex,
} from '../../topology/index.ts';
import { forEachFrame, frameCount, frameTarget } from '../../tuple/index.ts';
import type {
  Connection,
  HostToStreamManager,
  LoadReport,
  Network,
  Outlet,
  PressureReport,
  TaskHost,
} from '../links/index.ts';
import { listenAddress, readLoads, readLostTasks, readPressure } from '../links/index.ts';
import { type FlowPolicy, flowPolicy } from './flow/flow-policy.ts';
import { flowRecord } from './flow/flow-record.ts';
import { HostPauses } from './flow/host-pauses.ts';
import { PressureControl } from './flow/pressure-control.ts';
import { type StreamManagerLimits, streamManagerLimits } from './limits.ts';
import { LossNews } from './losses/loss-news.ts';
import { LostFrames } from './losses/lost-frames.ts';
import { tasksThatForget } from './losses/moved-tasks.ts';
import { MasterClient } from './master-client.ts';
import { type PeerHello, PeerListener, type PeerVerdict } from './peers/peer-listener.ts';
import type { PeerQueue } from './peers/peer-queue.ts';
import { Peers } from './peers/peers.ts';
import { type HostPlace, HostSlot } from './route/host-slot.ts';
import { Router } from './route/router.ts';

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
  /** The hosts that will come. */
  readonly hosts: readonly HostPlace[];
  /** What hosts report beyond loads and pressure: statistics, heartbeats, errors. */
  readonly onHostReport: (host: TaskHost, message: HostToStreamManager) => void;
  /** The topology master has a packing plan for this container: to be answered by {@link StreamManager.repack}. */
  readonly onPacking: (packing: PackingPlan) => void;
}

/**
 * Routes frames between the task hosts of one container and its peers. Everything runs on the event loop in the
 * callbacks of reads and writes; nothing on the way of a frame awaits.
 *
 * Pressure: what hosts report, and the tasks of slots whose host is away, is told to peers. All hosts are told the
 * union of that, of what peers say of their own tasks, and of the tasks behind a congested link (pressure-control.ts).
 *
 * Losses: frames that cannot be delivered fail their trees at once (lost-frames.ts). Of what was lost without being known
 * frame by frame (a JVM ended, a peer can no longer be reached) all spouts are told, here and by the peers (loss-news.ts).
 *
 * A new packing plan is taken over in one step between two reads: places, queues and routes change together, and what
 * waited in those that are gone takes the new routes. Containers do so at different moments; what one sends by its old
 * plan the next one sends on by its own, until it arrives.
 */
export class StreamManager implements Outlet {
  readonly #deps: StreamManagerDeps;
  readonly #limits: StreamManagerLimits;
  readonly #router: Router;
  readonly #slots = new Map<string, HostSlot>();
  readonly #peers: Peers;
  readonly #listener: PeerListener;
  #master: MasterClient | undefined;
  #plan: PhysicalPlan | undefined;
  /** Tasks under pressure as each peer has said, also those that are not its own by the packing plan held here. */
  readonly #pressureOfPeers = new Map<number, readonly TaskId[]>();
  #packing: PackingPlan;
  /** Tasks that have forgotten their trees by a plan that is being taken over: told when all have taken it. */
  readonly #forgetting = new Set<TaskId>();
  /** Version of the packing plan that this container has taken its part of. */
  #packingTaken: number;
  readonly #policy: FlowPolicy;
  readonly #pressure: PressureControl;
  readonly #lostFrames: LostFrames | undefined;
  readonly #losses: LossNews;
  readonly #pauses: HostPauses;
  #congestedTuples = 0;
  readonly #loads = new Map<TaskId, number>();
  readonly #onDrop = (buffer: Buffer, start: number, end: number): void =>
    this.#lostFrames?.refused(buffer, start, end);

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
      packingHeld: () => manager.#packingTaken,
      onPacking: (packing) => deps.onPacking(packing),
    });
    manager.#master.start();
    return manager;
  }

  private constructor(deps: StreamManagerDeps) {
    this.#deps = deps;
    this.#limits = streamManagerLimits(deps.conf);
    this.#policy = flowPolicy(deps.spec.plan.tasks, deps.conf, deps.topology);
    this.#pressure = this.#makePressure();
    this.#peers = this.#makePeers();
    this.#pauses = new HostPauses(this.#policy, this.#peers.queues, deps.log);
    this.#lostFrames =
      deps.topology === undefined
        ? undefined
        : new LostFrames(deps.topology, (buffer, start, end) => this.#router.route(buffer, start, end));
    this.#losses = new LossNews({
      ...{ topology: deps.topology, log: deps.log, peers: this.#peers.queues },
      tellHosts: (report) => this.#tellHosts((host) => host.control(report)),
      tellPeer: (peer, report) => this.#peers.tell(peer, report),
    });
    this.#router = new Router(deps.log, this.#onDrop);
    this.#packing = deps.spec.plan;
    this.#packingTaken = deps.spec.plan.version;
    this.#repack(deps.spec.plan, deps.hosts);
    this.#listener = new PeerListener({
      network: deps.network,
      limits: this.#limits,
      clock: deps.clock,
      log: deps.log,
      judge: (hello) => this.#judge(hello),
      joined: (peer, socket) => this.#peerJoined(peer, socket),
      left: (peer, socket) => this.#peerLeft(peer, () => this.#peers.queues.get(peer)?.detach(socket)),
      controlFrame: (peer, message) => this.#peerControl(peer, message),
    });
  }

  get plan(): PhysicalPlan | undefined {
    return this.#plan;
  }

  /** The queues to the other containers, by container id. */
  get peers(): ReadonlyMap<number, Pick<PeerQueue, 'isConnected' | 'queuedBytes'>> {
    return this.#peers.queues;
  }

  /** Of a container that the plan has left out: it has nothing more to hand on, and nobody sends to it. */
  get isSettled(): boolean {
    return this.#peers.areSettled;
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
      absentPeer: sum(this.#peers.queues.values()),
      absentHost: sum(this.#slots.values()),
      congested: this.#congestedTuples,
    };
  }

  /** Where tuples wait here, which tasks are the cause, and which spouts are held back for it. */
  flow(): FlowRecord {
    return flowRecord({
      ...{ pressure: this.#pressure, droppedTuples: this.droppedTuples },
      ...{ queues: this.#peers.queues.values(), slots: this.#slots.values() },
    });
  }

  route(buffer: Buffer, start: number, end: number): void {
    if (this.#pressure.isDropping && this.#pressure.isDroppingFor(frameTarget(buffer, start))) {
      this.#congestedTuples += frameCount(buffer, start);
      this.#onDrop(buffer, start, end);
      return;
    }
    this.#router.route(buffer, start, end);
  }

  refused(buffer: Buffer, start: number, end: number): void {
    this.#onDrop(buffer, start, end);
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
    const slot = this.#slots.get(host.name);
    if (slot === undefined) return; // its tasks have left while it started
    if (this.#packing !== this.#deps.spec.plan) host.control({ type: 'packing', plan: this.#packing });
    if (this.#plan !== undefined) host.control({ type: 'plan', plan: this.#plan });
    if (this.#loads.size > 0) host.control({ type: 'loads', loads: [...this.#loads] });
    host.control(this.#pressure.hostReport());
    this.#pauses.update(host);
    slot.fill(host);
    this.#router.flush();
  }

  /** The host has ended: frames for it wait for the next one of its name. stopped: it was told to, and holds nothing. */
  empty(host: TaskHost, how: 'ended' | 'stopped' = 'ended'): void {
    const hadPlace = this.#slots.get(host.name)?.host === host;
    this.#slots.get(host.name)?.empty(host);
    this.#pauses.forget(host);
    this.#pressure.report(host.name, [], { isOwn: true });
    if (hadPlace && how === 'ended' && host.isOpaque === true) this.#losses.hostEnded(host.tasks);
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
    this.#peers.pointTo(plan);
    this.#listener.reconsider();
    this.#tellHosts((host) => host.control({ type: 'plan', plan }));
    const isMoving = status === 'REBALANCING' || plan.packingVersion < this.#packing.version;
    if (isMoving || this.#forgetting.size === 0) return;
    this.#losses.moved([...this.#forgetting]);
    this.#forgetting.clear();
  }

  /**
   * Runs by a new packing plan from now on; `places` are this container's by it. A place of the same name, tasks and key
   * as before stays with its host; frames for another wait until a host fills it. `took` follows when hosts that leave
   * have left.
   */
  repack(packing: PackingPlan, places: readonly HostPlace[]): void {
    for (const task of tasksThatForget(this.#packing, packing)) this.#forgetting.add(task);
    this.#repack(packing, places);
    this.#deps.log.info({ event: 'packing.taken', version: packing.version, places: places.length });
    if (this.#plan !== undefined) this.#peers.pointTo(this.#plan);
    this.#listener.reconsider();
    this.#tellHosts((host) => host.control({ type: 'packing', plan: packing }));
    this.#router.flush();
  }

  /** The master is told that this container has taken its part of the packing plan. */
  took(version: number): void {
    this.#packingTaken = version;
    this.#master?.took(version);
  }

  /** Ends all connections. What is queued is lost. Idempotent. */
  close(): void {
    this.#losses.close();
    this.#master?.close();
    this.#peers.close();
    this.#listener.close();
  }

  #repack(packing: PackingPlan, places: readonly HostPlace[]): void {
    this.#packing = packing;
    const peersBefore = [...this.#peers.queues.keys()];
    const waiting = [...this.#repackSlots(places), ...this.#peers.repack(packing)];
    this.#router.rebuild([...this.#slots.values(), ...this.#peers.queues.values()]);
    forEachFrame(waiting, (buffer, start, end) => this.#router.route(buffer, start, end));
    for (const peer of peersBefore) {
      if (this.#peers.queues.has(peer)) continue;
      this.#pressureOfPeers.delete(peer);
      this.#peerPressure(peer);
      this.#pressure.report(`link ${peer}`, [], { isOwn: false });
    }
    // Links lead to other tasks now.
    for (const queue of this.#peers.queues.values()) {
      this.#queueMark(queue);
      this.#peerPressure(queue.containerId);
    }
  }

  /** Answers what waited in places that are gone. */
  #repackSlots(places: readonly HostPlace[]): readonly Buffer[] {
    const wanted = new Map(places.map((place) => [place.name, place]));
    const gone = [...this.#slots.values()].filter(({ name, place }) => !isSamePlace(wanted.get(name), place));
    for (const { name } of gone) this.#slots.delete(name);
    for (const place of places)
      if (!this.#slots.has(place.name)) this.#slots.set(place.name, this.#makeSlot(place));
    return gone.flatMap((slot) => slot.retire());
  }

  #makeSlot(place: HostPlace): HostSlot {
    const { log } = this.#deps;
    const { name, tasks } = place;
    const onMark = (): void => {
      this.#pressure.report(`slot ${name}`, slot.isHigh ? tasks : [], { isOwn: true });
    };
    const onDrop = this.#onDrop;
    const slot: HostSlot = new HostSlot({ place, limits: this.#limits, log, onMark, onDrop });
    return slot;
  }

  #makePeers(): Peers {
    return new Peers({
      ...{ ...this.#deps, limits: this.#limits, onDrop: this.#onDrop },
      onBreak: (buffers) => this.#lostFrames?.broken(buffers),
      lost: (peer) => this.#losses.linkClosed(peer, 'in'),
      dataFrame: (buffer, start, end) => this.#router.route(buffer, start, end),
      readEnded: () => this.#router.flush(),
      opened: (reader, peer) => {
        reader.send(this.#pressure.ownReport());
        if (this.#loads.size > 0) reader.send({ type: 'loads', loads: this.#ownLoads() });
        this.#losses.linkOpened(peer, 'in');
      },
      onMark: (queue) => this.#queueMark(queue),
    });
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
    if (!this.#peers.queues.has(hello.containerId)) {
      return { kind: 'unknown', reason: `container ${hello.containerId} is not in the packing plan` };
    }
    const isPeer = (address: StreamManagerAddress): boolean =>
      address.containerId === hello.containerId && address.incarnation === hello.incarnation;
    if (this.#plan?.streamManagers.some(isPeer) === true) return { kind: 'accepted' };
    const reason = `no plan names container ${hello.containerId} ${hello.incarnation}`;
    return { kind: 'unknown', reason };
  }

  #peerControl(peer: number, message: JsonObject): void {
    const pressure = message['type'] === 'pressure' ? readPressure(message) : undefined;
    const loads = message['type'] === 'loads' ? readLoads(message) : undefined;
    const lost = message['type'] === 'lost' ? readLostTasks(message) : undefined;
    if (pressure !== undefined) {
      this.#pressureOfPeers.set(peer, pressure.tasks);
      this.#peerPressure(peer);
    } else if (lost !== undefined) {
      this.#losses.peerSaid(peer, lost);
    } else if (loads !== undefined) {
      this.#takeLoads(loads, { from: undefined });
    } else {
      throw new Error(`message ${JSON.stringify(message['type'])} of peer ${peer} is not understood`);
    }
  }

  /** A peer speaks for its own tasks only: by the packing plan here, which may be older or newer than its own. */
  #peerPressure(peer: number): void {
    const tasks = this.#peers.queues.get(peer)?.tasks ?? [];
    const said = this.#pressureOfPeers.get(peer) ?? [];
    const own = said.filter((task) => tasks.includes(task));
    this.#pressure.report(`container ${peer}`, own, { isOwn: false });
  }

  #peerLeft(peer: number, detach: () => unknown): void {
    if (detach() === undefined) return;
    this.#pressureOfPeers.delete(peer);
    this.#peerPressure(peer);
    this.#losses.linkClosed(peer, 'out');
    this.#router.flush(); // news of what was being written
  }

  /** A new connection of a peer may come before the end of its old one is seen. */
  #peerJoined(peer: number, socket: Connection): void {
    const queue = this.#peers.queues.get(peer);
    if (queue === undefined) return;
    if (queue.isConnected) this.#losses.linkClosed(peer, 'out');
    queue.attach(socket);
    this.#losses.linkOpened(peer, 'out');
    this.#router.flush();
  }

  #makePressure(): PressureControl {
    const { spec, clock, log } = this.#deps;
    return new PressureControl({
      ...{ containerId: spec.containerId, policy: this.#policy, clock, log },
      ownTasks: () => [...this.#slots.values()].flatMap((slot) => slot.tasks),
      tellPeers: (report) => this.#peers.send(report),
      tellHosts: (report) => this.#tellHosts((host) => host.control(report)),
    });
  }

  /** What an ended host still has to say (a write that breaks) is no longer so: its pressure has been lifted. */
  #hostPressure(host: TaskHost, report: PressureReport): void {
    if (this.#slots.get(host.name)?.host !== host) return;
    this.#pressure.report(host.name, report.tasks, { isOwn: true });
  }

  #queueMark(queue: PeerQueue): void {
    if (this.#peers.queues.get(queue.containerId) !== queue) return; // retired
    this.#pressure.report(`link ${queue.containerId}`, queue.isHigh ? queue.tasks : [], { isOwn: false });
    this.#tellHosts((host) => this.#pauses.update(host));
  }

  #takeLoads(report: LoadReport, source: { readonly from: TaskHost | undefined }): void {
    for (const [task, load] of report.loads) this.#loads.set(task, load);
    this.#tellHosts((host) => {
      if (host !== source.from) host.control(report);
    });
    if (source.from === undefined) return;
    this.#peers.send(report);
  }

  #ownLoads(): readonly (readonly [TaskId, number])[] {
    const own = new Set([...this.#slots.values()].flatMap((slot) => slot.tasks));
    return [...this.#loads].filter(([task]) => own.has(task));
  }

  #tellHosts(tell: (host: TaskHost) => void): void {
    for (const slot of this.#slots.values()) if (slot.host !== undefined) tell(slot.host);
  }
}

function isSamePlace(one: HostPlace | undefined, other: HostPlace): boolean {
  return one !== undefined && one.key === other.key && one.tasks.join() === other.tasks.join();
}
