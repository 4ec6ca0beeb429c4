import type { Clock, JsonObject, Logger, RandomSource } from '../../base/index.ts';
import type { ContainerSpec, FlowRecord } from '../../records/index.ts';
import type { PackingPlan, PhysicalPlan, TaskId, TopologyIndex } from '../../topology/index.ts';
import { type FrameConsumer, forEachFrame } from '../../tuple/index.ts';
import {
  type HostToStreamManager,
  listenAddress,
  type Network,
  type Outlet,
  type TaskHost,
} from '../links/index.ts';
import { FlowControl } from './flow/flow-control.ts';
import { streamManagerLimits } from './limits.ts';
import { LossReporter } from './losses/loss-reporter.ts';
import { LostFrames } from './losses/lost-frames.ts';
import { takePeerMessage } from './peer-message.ts';
import type { PeerQueue } from './peers/peer-queue.ts';
import { type PeerEvents, Peers } from './peers/peers.ts';
import type { HostPlace } from './route/host-slot.ts';
import { HostSlots } from './route/host-slots.ts';
import { Router } from './route/router.ts';

export interface StreamManagerDeps {
  readonly spec: ContainerSpec;
  readonly conf: JsonObject;
  /** The system topology. Without it every task is a bolt that feeds all others, and no tree is failed. */
  readonly topology?: TopologyIndex;
  /** Tasks that forget their trees when one packing plan follows another. */
  readonly tasksThatForget: (before: PackingPlan, after: PackingPlan) => readonly TaskId[];
  readonly network: Network;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
  /** The places of the hosts that the packing plan of the spec gives to this container. */
  readonly hosts: readonly HostPlace[];
  /** What hosts report beyond loads and pressure: statistics, heartbeats, errors. */
  readonly onHostReport: (host: TaskHost, message: HostToStreamManager) => void;
}

type DropReason = 'unknownTarget' | 'absentPeer' | 'absentHost' | 'congested';

/**
 * Routes frames between the task hosts of one container and its peers. Everything runs on the event loop in
 * the callbacks of reads and writes; nothing on the path of a frame awaits. This class joins four parts:
 * route/ (where a frame goes), peers/ (the links to other containers), flow/ (back pressure and loads),
 * losses/ (what fails when frames or tasks are lost).
 *
 * A new packing plan is applied in one step between two reads: places, queues and routes change together, and
 * what waited in those that are gone takes the new routes. Containers do so at different moments: a frame
 * that one sends by its old plan is forwarded by the next one's plan until it arrives.
 */
export class StreamManager implements Outlet {
  readonly #deps: StreamManagerDeps;
  readonly #drop: FrameConsumer;
  readonly #router: Router;
  readonly #slots: HostSlots;
  readonly #peers: Peers;
  readonly #flow: FlowControl;
  readonly #losses: LossReporter;
  /** Invariant: slots, queues and routes are those of this plan. */
  #packing: PackingPlan;
  /** Invariant: its epoch never decreases. */
  #physical: PhysicalPlan | undefined;
  #port = 0;

  /** Listens for peers. Rejects with `PORT_IN_USE`, `CONNECT_FAILED`, `CONFIG_INVALID`. */
  static async open(deps: StreamManagerDeps): Promise<StreamManager> {
    const manager = new StreamManager(deps);
    manager.#port = await manager.#peers.listen(listenAddress(deps.conf).bindHost);
    deps.log.info({ event: 'stream-manager.listening', ...manager.address });
    return manager;
  }

  /**
   * Each part is made of parts that exist already; what an earlier part reports to a later one is joined at
   * the end.
   */
  private constructor(deps: StreamManagerDeps) {
    const { spec, conf, topology, log, tasksThatForget } = deps;
    const limits = streamManagerLimits(conf);
    const router = new Router(log);
    const lostFrames =
      topology === undefined
        ? undefined
        : new LostFrames(topology, (buffer, start, end) => router.route(buffer, start, end));
    const onDrop: FrameConsumer = (buffer, start, end) => lostFrames?.refused(buffer, start, end);
    const slots = new HostSlots({ limits, log, onDrop });
    const peers = new Peers({ ...deps, limits, onDrop, onBreak: (buffers) => lostFrames?.broken(buffers) });
    this.#deps = deps;
    this.#drop = onDrop;
    this.#router = router;
    this.#slots = slots;
    this.#peers = peers;
    this.#losses = new LossReporter({ topology, tasksThatForget, log, slots, peers });
    this.#flow = new FlowControl({ ...deps, topology, slots, peers });
    this.#packing = spec.plan;
    router.watchRefused(onDrop);
    peers.watch(this.#peerEvents());
    this.#repack(spec.plan, deps.hosts);
  }

  /** What other containers dial. */
  get address(): { readonly host: string; readonly port: number } {
    return { host: listenAddress(this.#deps.conf).host, port: this.#port };
  }

  get physical(): PhysicalPlan | undefined {
    return this.#physical;
  }

  /** The queues to the other containers, by container id. */
  get peers(): ReadonlyMap<number, Pick<PeerQueue, 'isConnected' | 'queuedBytes'>> {
    return this.#peers.queues;
  }

  /**
   * Whether a container that the packing plan has left out has handed on all it held and no peer sends to it.
   */
  get isSettled(): boolean {
    return this.#peers.areSettled;
  }

  /**
   * Tuples that could not be delivered or held, by reason. congested: dropped for a task under pressure, as
   * configured.
   */
  get droppedTuples(): Readonly<Record<DropReason, number>> {
    return {
      unknownTarget: this.#router.droppedTuples,
      absentPeer: this.#peers.droppedTuples,
      absentHost: this.#slots.droppedTuples,
      congested: this.#flow.congestedTuples,
    };
  }

  /** Where tuples wait here, which tasks are the cause, and which spouts are held back for it. */
  flow(): FlowRecord {
    return this.#flow.record(this.droppedTuples);
  }

  /**
   * A frame that a host of this container emits. Only here is a tuple dropped because its target is under
   * pressure: every container knows the pressure of all tasks, so dropping at the source saves the link. A
   * frame from a peer has passed that check where it was emitted and is never dropped for it; nor are the
   * fails that a dropped frame causes.
   */
  route(buffer: Buffer, start: number, end: number): void {
    if (this.#flow.mustDrop(buffer, start)) this.#drop(buffer, start, end);
    else this.#router.route(buffer, start, end);
  }

  refused(buffer: Buffer, start: number, end: number): void {
    this.#drop(buffer, start, end);
  }

  flush(): void {
    this.#router.flush();
  }

  report(host: TaskHost, message: HostToStreamManager): void {
    if (message.type === 'pressure') this.#flow.hostPressure(host, message);
    else if (message.type === 'loads') this.#flow.hostLoads(host, message);
    else this.#deps.onHostReport(host, message);
  }

  /**
   * The host has started: it receives the plans, loads and pressure of the moment, then the frames that
   * waited for it.
   */
  fill(host: TaskHost): void {
    const slot = this.#slots.get(host.name);
    if (slot === undefined) return; // its tasks have left while it started
    if (this.#packing !== this.#deps.spec.plan) host.control({ type: 'packing', plan: this.#packing });
    if (this.#physical !== undefined) host.control({ type: 'plan', plan: this.#physical });
    this.#flow.hostCame(host);
    slot.fill(host);
    this.#router.flush();
  }

  /**
   * The host has ended: frames for it wait for the next one of its name. stopped: on request, so that it
   * holds nothing.
   */
  empty(host: TaskHost, how: 'ended' | 'stopped' = 'ended'): void {
    const hadPlace = this.#slots.isFilledBy(host);
    this.#slots.get(host.name)?.empty(host);
    this.#flow.hostLeft(host);
    if (hadPlace && how === 'ended' && host.isOpaque === true) this.#losses.hostEnded(host.tasks);
  }

  /** Applies a physical plan unless the one held is newer: peers are dialed, and hosts receive it. */
  applyPhysical(physical: PhysicalPlan): void {
    const { spec, log } = this.#deps;
    const { epoch, isComplete, status, streamManagers } = physical;
    const epochHeld = this.#physical?.epoch ?? 0;
    if (physical.topologyId !== spec.topologyId || epoch < epochHeld) {
      log.warn({ event: 'plan.ignored', epoch, epochHeld });
      return;
    }
    this.#physical = physical;
    log.info({ event: 'plan.taken', epoch, isComplete, status, registered: streamManagers.length });
    this.#peers.pointTo(physical);
    this.#slots.control({ type: 'plan', plan: physical });
    const isMoving = status === 'REBALANCING' || physical.packingVersion < this.#packing.version;
    if (!isMoving) this.#losses.movesEnded();
  }

  /**
   * Runs by a new packing plan from now on; `places` are this container's by it. A place of the same name,
   * tasks and key as before stays with its host; frames for another wait until a host fills it.
   */
  repack(packing: PackingPlan, places: readonly HostPlace[]): void {
    this.#losses.repacked(this.#packing, packing);
    this.#repack(packing, places);
    this.#deps.log.info({ event: 'packing.taken', version: packing.version, places: places.length });
    if (this.#physical !== undefined) this.#peers.pointTo(this.#physical);
    this.#slots.control({ type: 'packing', plan: packing });
    this.#router.flush();
  }

  /** Ends all connections. What is queued is lost. Idempotent. */
  close(): void {
    this.#losses.close();
    this.#peers.close();
  }

  #repack(packing: PackingPlan, places: readonly HostPlace[]): void {
    this.#packing = packing;
    const waitingForHosts = this.#slots.repack(places);
    const { left, waiting } = this.#peers.repack(packing);
    const router = this.#router;
    router.rebuild([...this.#slots.values(), ...this.#peers.queues.values()]);
    forEachFrame([...waitingForHosts, ...waiting], (buffer, start, end) => router.route(buffer, start, end));
    this.#flow.repacked(left);
  }

  #peerEvents(): PeerEvents {
    const [router, flow, losses] = [this.#router, this.#flow, this.#losses];
    return {
      dataFrame: (buffer, start, end) => router.route(buffer, start, end),
      flush: () => router.flush(),
      linkOpened: (peer, side) => {
        if (side === 'in') flow.peerOpened(peer);
        losses.linkOpened(peer, side);
      },
      linkClosed: (peer, side) => losses.linkClosed(peer, side),
      left: (peer) => flow.peerLeft(peer),
      queueMark: (queue) => flow.queueMark(queue),
      message: (peer, message) => takePeerMessage(peer, message, { flow, losses }),
    };
  }
}
