import type { Clock, JsonObject, Logger } from '../../../base/index.ts';
import type { ContainerSpec, FlowRecord } from '../../../records/index.ts';
import type { TaskId, TopologyIndex } from '../../../topology/index.ts';
import { frameCount, frameTarget } from '../../../tuple/index.ts';
import type { LoadReport, PressureReport, TaskHost } from '../../links/index.ts';
import type { PeerQueue } from '../peers/peer-queue.ts';
import type { Peers } from '../peers/peers.ts';
import type { HostSlots } from '../route/host-slots.ts';
import { flowPolicy } from './flow-policy.ts';
import { flowRecord } from './flow-record.ts';
import { HostPauses } from './host-pauses.ts';
import { PressureControl } from './pressure-control.ts';
import { TaskLoads } from './task-loads.ts';

export interface FlowControlOptions {
  readonly spec: ContainerSpec;
  readonly conf: JsonObject;
  readonly topology: TopologyIndex | undefined;
  readonly slots: HostSlots;
  readonly peers: Peers;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Back pressure and loads of one container: collects what its hosts, its queues and its peers report, and
 * passes it on.
 *
 * Peers receive the pressure of this container's own tasks: what its hosts report, and the tasks of slots
 * whose host is away. Hosts receive the union of that, of what peers report about their own tasks, and of the
 * tasks behind a congested link (pressure-control.ts).
 */
export class FlowControl {
  readonly #pressure: PressureControl;
  readonly #slots: HostSlots;
  readonly #peers: Peers;
  readonly #pauses: HostPauses;
  readonly #loads = new TaskLoads();
  /**
   * Tasks under pressure as each peer last reported them.
   * Invariant: only those of them that the packing plan gives to that peer count in `#pressure`.
   */
  readonly #reportedByPeer = new Map<number, readonly TaskId[]>();
  #congestedTuples = 0;

  /** Throws `CONFIG_INVALID` naming component and key. */
  constructor(options: FlowControlOptions) {
    const { spec, conf, topology, slots, peers, clock, log } = options;
    const policy = flowPolicy(spec.plan.tasks, conf, topology);
    this.#slots = slots;
    this.#peers = peers;
    this.#pressure = new PressureControl({
      ...{ containerId: spec.containerId, policy, clock, log },
      ownTasks: () => slots.tasks,
      sendToPeers: (report) => peers.send(report),
      sendToHosts: (report) => slots.control(report),
    });
    this.#pauses = new HostPauses(policy, peers.queues, log);
    slots.watchMarks(({ name, tasks, isHigh }) =>
      this.#pressure.report(`slot ${name}`, isHigh ? tasks : [], { isOwn: true }),
    );
  }

  /** Tuples dropped because their target was under pressure and its component is configured so. */
  get congestedTuples(): number {
    return this.#congestedTuples;
  }

  /**
   * Whether a frame that a host emits is to be dropped, because its target is under pressure. Counts its
   * tuples then.
   */
  mustDrop(buffer: Buffer, start: number): boolean {
    if (!this.#pressure.isDropping || !this.#pressure.isDroppingFor(frameTarget(buffer, start))) return false;
    this.#congestedTuples += frameCount(buffer, start);
    return true;
  }

  /** Where tuples wait here, which tasks are the cause, and which spouts are held back for it. */
  record(droppedTuples: Readonly<Record<string, number>>): FlowRecord {
    const [queues, slots] = [this.#peers.queues.values(), this.#slots.values()];
    return flowRecord({ pressure: this.#pressure, queues, slots, droppedTuples });
  }

  /** The host takes messages from now on. */
  hostCame(host: TaskHost): void {
    const loads = this.#loads.report();
    if (loads !== undefined) host.control(loads);
    host.control(this.#pressure.hostReport());
    this.#pauses.update(host);
  }

  hostLeft(host: TaskHost): void {
    this.#pauses.forget(host);
    this.#pressure.report(host.name, [], { isOwn: true });
  }

  /**
   * A report that an ended host still sends (about a write that breaks) is stale: its pressure has been
   * lifted.
   */
  hostPressure(host: TaskHost, report: PressureReport): void {
    if (this.#slots.isFilledBy(host)) this.#pressure.report(host.name, report.tasks, { isOwn: true });
  }

  hostLoads(host: TaskHost, report: LoadReport): void {
    this.#loads.take(report);
    this.#slots.control(report, host);
    this.#peers.send(report);
  }

  /** A connection to the peer has opened: it receives what hosts have reported here so far. */
  peerOpened(peer: number): void {
    this.#peers.tell(peer, this.#pressure.ownReport());
    const loads = this.#loads.reportOf(this.#slots.tasks);
    if (loads !== undefined) this.#peers.tell(peer, loads);
  }

  peerPressure(peer: number, report: PressureReport): void {
    this.#reportedByPeer.set(peer, report.tasks);
    this.#applyPeerPressure(peer);
  }

  peerLoads(report: LoadReport): void {
    this.#loads.take(report);
    this.#slots.control(report);
  }

  /** The peer is no longer connected: it will report again. */
  peerLeft(peer: number): void {
    this.#reportedByPeer.delete(peer);
    this.#applyPeerPressure(peer);
  }

  /** The queue to a peer has passed a mark, or its connection has changed. */
  queueMark(queue: PeerQueue): void {
    if (this.#peers.queues.get(queue.containerId) !== queue) return; // retired
    this.#pressure.report(`link ${queue.containerId}`, queue.isHigh ? queue.tasks : [], { isOwn: false });
    this.#slots.forEachHost((host) => this.#pauses.update(host));
  }

  /** Links lead to other tasks from now on; `left` are the peers that the packing plan has left out. */
  repacked(left: readonly number[]): void {
    for (const peer of left) {
      this.peerLeft(peer);
      this.#pressure.report(`link ${peer}`, [], { isOwn: false });
    }
    for (const queue of this.#peers.queues.values()) {
      this.queueMark(queue);
      this.#applyPeerPressure(queue.containerId);
    }
  }

  /**
   * A peer speaks for its own tasks only: by the packing plan held here, which may be older or newer than its
   * own.
   */
  #applyPeerPressure(peer: number): void {
    const tasks = this.#peers.queues.get(peer)?.tasks ?? [];
    const reported = this.#reportedByPeer.get(peer) ?? [];
    const own = reported.filter((task) => tasks.includes(task));
    this.#pressure.report(`container ${peer}`, own, { isOwn: false });
  }
}
