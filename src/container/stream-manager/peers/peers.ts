import type { Clock, JsonObject, Logger, RandomSource } from '../../../base/index.ts';
import type { ContainerSpec } from '../../../records/index.ts';
import type { PackingPlan, PhysicalPlan } from '../../../topology/index.ts';
import type { FrameConsumer } from '../../../tuple/index.ts';
import type { Connection, LoadReport, LossReport, Network, PressureReport } from '../../links/index.ts';
import type { StreamManagerLimits } from '../limits.ts';
import { judgeHello } from './judge-hello.ts';
import { PeerListener } from './peer-listener.ts';
import { PeerQueue } from './peer-queue.ts';
import { PeerReader } from './peer-reader.ts';

export interface PeersOptions {
  readonly spec: ContainerSpec;
  readonly network: Network;
  readonly limits: StreamManagerLimits;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
  /** Receives each frame that a queue drops. */
  readonly onDrop: FrameConsumer;
  /** Receives whole frames that were being written when a connection ended. */
  readonly onBreak: (buffers: readonly Buffer[]) => void;
}

/**
 * The two connections with a peer: its tuples come in over one that we dial, ours go out over one that it
 * dials.
 */
export type LinkSide = 'in' | 'out';

/** What happens on the links to peers. */
export interface PeerEvents {
  /** A frame that a peer sent, to be routed. */
  readonly dataFrame: FrameConsumer;
  /** Frames may have been routed: what routes have buffered can be written. */
  readonly flush: () => void;
  readonly linkOpened: (peer: number, side: LinkSide) => void;
  /** Not for a link that closes because one of its ends leaves the topology. */
  readonly linkClosed: (peer: number, side: LinkSide) => void;
  /** A peer is no longer connected to us. Before `linkClosed`. */
  readonly left: (peer: number) => void;
  /** A control message of a peer. A handler that throws closes the connection. */
  readonly message: (peer: number, message: JsonObject) => void;
  /** A queue has passed a mark, or its connection has changed. */
  readonly queueMark: (queue: PeerQueue) => void;
}

const ignore = (): void => undefined;
const noEvents: PeerEvents = {
  ...{ dataFrame: ignore, flush: ignore, message: ignore, queueMark: ignore },
  ...{ linkOpened: ignore, linkClosed: ignore, left: ignore },
};

/**
 * The other containers of the topology: a queue to each one of the packing plan, and a reader of each one
 * that the physical plan names. A container that a new packing plan leaves out loses its queue (what waited
 * in it takes the new routes) and is read until it has handed on what it holds and closes.
 */
export class Peers {
  readonly #options: PeersOptions;
  readonly #listener: PeerListener;
  /** Invariant: after `repack`, a queue to each other container of the packing plan, and no other. */
  readonly #queues = new Map<number, PeerQueue>();
  /**
   * Invariant: a reader of each peer that has a queue, and of others only while they are connected or named
   * by the plan.
   */
  readonly #readers = new Map<number, PeerReader>();
  #planned: ReadonlySet<number> = new Set();
  #physical: PhysicalPlan | undefined;
  #events = noEvents;
  #isLeaving = false;

  constructor(options: PeersOptions) {
    this.#options = options;
    const { network, limits, clock, log, spec } = options;
    this.#listener = new PeerListener({
      ...{ network, limits, clock, log },
      judge: (hello) => {
        const isPlanned = (containerId: number): boolean => this.#queues.has(containerId);
        return judgeHello(hello, { spec, physical: this.#physical, isPlanned });
      },
      joined: (peer, socket) => this.#joined(peer, socket),
      left: (peer, socket) => this.#left(peer, socket),
      controlFrame: (peer, message) => this.#events.message(peer, message),
    });
  }

  get queues(): ReadonlyMap<number, PeerQueue> {
    return this.#queues;
  }

  get droppedTuples(): number {
    return [...this.#queues.values()].reduce((sum, queue) => sum + queue.droppedTuples, 0);
  }

  /** No peer is connected to send anything more, and no frame waits to be sent. */
  get areSettled(): boolean {
    return (
      [...this.#readers.values()].every((reader) => !reader.hasConnection) &&
      [...this.#queues.values()].every((queue) => queue.queuedBytes === 0)
    );
  }

  /** Sets who is called. Called before `listen` and before the first `repack`. */
  watch(events: PeerEvents): void {
    this.#events = events;
  }

  /**
   * Resolves with the port that the system chose. Rejects with `PORT_IN_USE` or `CONNECT_FAILED` naming the
   * address.
   */
  async listen(bindHost: string): Promise<number> {
    return this.#listener.listen(bindHost);
  }

  /**
   * Applies a packing plan. Returns the peers that it leaves out, and the whole frames that waited for them.
   */
  repack(packing: PackingPlan): { readonly left: readonly number[]; readonly waiting: readonly Buffer[] } {
    const { spec } = this.#options;
    const ids = packing.containers.map(({ containerId }) => containerId);
    this.#planned = new Set(ids);
    const orphans = [...this.#queues].filter(([peer]) => !this.#planned.has(peer));
    for (const [peer] of orphans) this.#queues.delete(peer);
    for (const peer of ids) {
      if (peer === spec.containerId) continue;
      const tasks = packing.tasks.filter((task) => task.containerId === peer).map((task) => task.taskId);
      const queue = this.#queues.get(peer);
      if (queue === undefined) this.#queues.set(peer, this.#makeQueue(peer, tasks));
      else queue.setTasks(tasks);
      if (!this.#readers.has(peer)) this.#readers.set(peer, this.#makeReader(peer));
    }
    this.#isLeaving = !this.#planned.has(spec.containerId);
    if (this.#isLeaving) for (const reader of this.#readers.values()) reader.release();
    return {
      left: orphans.map(([peer]) => peer),
      waiting: orphans.flatMap(([, queue]) => queue.retire()),
    };
  }

  /**
   * Applies a physical plan to the packing plan held: dials the peers it names where they listen, and judges
   * those again that were unknown. A peer in neither plan is read until it closes, and not dialed again.
   */
  pointTo(physical: PhysicalPlan): void {
    this.#physical = physical;
    if (!this.#isLeaving) this.#dial(physical);
    this.#listener.reconsider();
  }

  send(report: LoadReport | PressureReport): void {
    for (const reader of this.#readers.values()) reader.send(report);
  }

  /** False when the peer is not connected. */
  tell(peer: number, report: LoadReport | PressureReport | LossReport): boolean {
    return this.#readers.get(peer)?.send(report) ?? false;
  }

  close(): void {
    for (const reader of this.#readers.values()) reader.close();
    for (const queue of this.#queues.values()) queue.close();
    this.#listener.close();
  }

  #dial(physical: PhysicalPlan): void {
    for (const address of physical.streamManagers) {
      const peer = address.containerId;
      if (peer === this.#options.spec.containerId) continue;
      const reader = this.#readers.get(peer) ?? this.#makeReader(peer);
      this.#readers.set(peer, reader);
      reader.pointTo(address);
    }
    const named = new Set(physical.streamManagers.map(({ containerId }) => containerId));
    for (const [peer, reader] of this.#readers) {
      if (named.has(peer) || this.#planned.has(peer)) continue;
      reader.release();
      if (!reader.hasConnection) this.#readers.delete(peer);
    }
  }

  /** A new connection of a peer may come before the end of its old one is seen. */
  #joined(peer: number, socket: Connection): void {
    const queue = this.#queues.get(peer);
    if (queue === undefined) return;
    if (queue.isConnected) this.#events.linkClosed(peer, 'out');
    queue.attach(socket);
    this.#events.linkOpened(peer, 'out');
    this.#events.flush();
  }

  #left(peer: number, socket: Connection): void {
    if (this.#queues.get(peer)?.detach(socket) === undefined) return;
    this.#events.left(peer);
    this.#events.linkClosed(peer, 'out');
    this.#events.flush(); // failed trees of what was being written
  }

  #makeQueue(peer: number, tasks: readonly number[]): PeerQueue {
    const { limits, clock, log, onDrop, onBreak } = this.#options;
    const queue: PeerQueue = new PeerQueue({
      ...{ containerId: peer, tasks, limits, clock, log, onDrop, onBreak },
      onMark: () => this.#events.queueMark(queue),
    });
    return queue;
  }

  #makeReader(peer: number): PeerReader {
    const { spec, network, limits, clock, random, log } = this.#options;
    const { topologyId, containerId, incarnation } = spec;
    const events = this.#events;
    return new PeerReader({
      ...{ topologyId, containerId, incarnation, peer, network, limits, clock, random, log },
      dataFrame: events.dataFrame,
      readEnded: events.flush,
      opened: () => events.linkOpened(peer, 'in'),
      lost: () => events.linkClosed(peer, 'in'),
    });
  }
}
