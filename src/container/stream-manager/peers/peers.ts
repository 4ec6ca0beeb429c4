import type { Clock, Logger, RandomSource } from '../../../base/index.ts';
import type { ContainerSpec } from '../../../records/index.ts';
import type { PackingPlan, PhysicalPlan } from '../../../topology/index.ts';
import type { FrameConsumer } from '../../../tuple/index.ts';
import type { LoadReport, LossReport, Network, PressureReport } from '../../links/index.ts';
import type { StreamManagerLimits } from '../limits.ts';
import { PeerQueue } from './peer-queue.ts';
import { PeerReader } from './peer-reader.ts';

export interface PeersOptions {
  readonly spec: ContainerSpec;
  readonly network: Network;
  readonly limits: StreamManagerLimits;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
  readonly dataFrame: FrameConsumer;
  readonly readEnded: () => void;
  /** Connected: the peer wants to know of our pressure and loads. */
  readonly opened: (reader: PeerReader, peer: number) => void;
  /** The connection over which we read a peer has ended, without the peer being let go. */
  readonly lost: (peer: number) => void;
  /** Gets each frame that a queue drops. */
  readonly onDrop: FrameConsumer;
  /** Gets whole frames that were being written when a connection ended. */
  readonly onBreak: (buffers: readonly Buffer[]) => void;
  /** A queue has come above or below a mark. */
  readonly onMark: (queue: PeerQueue) => void;
}

/**
 * The other containers of the topology: a queue to each one of the packing plan, and a reader of each one that the
 * physical plan names. A container that a new packing plan leaves out loses its queue (what waited in it goes by the
 * new plan) and is read on until it has handed on what it holds and closes.
 */
export class Peers {
  readonly #options: PeersOptions;
  readonly #queues = new Map<number, PeerQueue>();
  readonly #readers = new Map<number, PeerReader>();
  #planned: ReadonlySet<number> = new Set();
  #isLeaving = false;

  constructor(options: PeersOptions) {
    this.#options = options;
  }

  get queues(): ReadonlyMap<number, PeerQueue> {
    return this.#queues;
  }

  /** Nothing comes in any more, and nothing waits to go out. */
  get areSettled(): boolean {
    return (
      [...this.#readers.values()].every((reader) => !reader.hasConnection) &&
      [...this.#queues.values()].every((queue) => queue.queuedBytes === 0)
    );
  }

  /** Takes a packing plan over. Answers whole frames that waited for containers which it leaves out. */
  repack(packing: PackingPlan): readonly Buffer[] {
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
    if (this.#isLeaving) for (const reader of this.#readers.values()) reader.letGo();
    return orphans.flatMap(([, queue]) => queue.retire());
  }

  /** Dials whom the plan names where it says. Who is in neither plan is read until it closes, and not dialled again. */
  pointTo(plan: PhysicalPlan): void {
    if (this.#isLeaving) return;
    for (const address of plan.streamManagers) {
      const peer = address.containerId;
      if (peer === this.#options.spec.containerId) continue;
      const reader = this.#readers.get(peer) ?? this.#makeReader(peer);
      this.#readers.set(peer, reader);
      reader.pointTo(address);
    }
    const named = new Set(plan.streamManagers.map(({ containerId }) => containerId));
    for (const [peer, reader] of this.#readers) {
      if (named.has(peer) || this.#planned.has(peer)) continue;
      reader.letGo();
      if (!reader.hasConnection) this.#readers.delete(peer);
    }
  }

  send(report: LoadReport | PressureReport): void {
    for (const reader of this.#readers.values()) reader.send(report);
  }

  /** False when the peer is not connected. */
  tell(peer: number, report: LossReport): boolean {
    return this.#readers.get(peer)?.send(report) ?? false;
  }

  close(): void {
    for (const reader of this.#readers.values()) reader.close();
    for (const queue of this.#queues.values()) queue.close();
  }

  #makeQueue(peer: number, tasks: readonly number[]): PeerQueue {
    const { limits, clock, log, onMark, onDrop, onBreak } = this.#options;
    const queue: PeerQueue = new PeerQueue({
      ...{ containerId: peer, tasks, limits, clock, log, onDrop, onBreak },
      onMark: () => onMark(queue),
    });
    return queue;
  }

  #makeReader(peer: number): PeerReader {
    const { spec, network, limits, clock, random, log } = this.#options;
    const { topologyId, containerId, incarnation } = spec;
    const reader: PeerReader = new PeerReader({
      ...{ topologyId, containerId, incarnation, peer, network, limits, clock, random, log },
      dataFrame: this.#options.dataFrame,
      readEnded: this.#options.readEnded,
      opened: () => this.#options.opened(reader, peer),
      lost: () => this.#options.lost(peer),
    });
    return reader;
  }
}
