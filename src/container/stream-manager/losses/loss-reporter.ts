import type { Logger } from '../../../base/index.ts';
import type { PackingPlan, TaskId, TopologyIndex } from '../../../topology/index.ts';
import type { LinkSide, Peers } from '../peers/peers.ts';
import type { HostSlots } from '../route/host-slots.ts';
import { lossReport } from './loss-report.ts';
import { PeerLinks } from './peer-links.ts';

export interface LossReporterOptions {
  /** Undefined: no trees are known, and nothing is reported. */
  readonly topology: TopologyIndex | undefined;
  readonly tasksThatForget: (before: PackingPlan, after: PackingPlan) => readonly TaskId[];
  readonly log: Logger;
  readonly slots: HostSlots;
  readonly peers: Peers;
}

/**
 * Reports losses that are not known frame by frame (a JVM ended, a peer can no longer be reached). The hosts
 * of this container receive every loss, because a spout here may be upstream of it. Peers receive only what
 * this container alone can see, the end of one of its hosts, as soon as each is connected.
 */
export class LossReporter {
  readonly #options: LossReporterOptions;
  readonly #links = new PeerLinks();
  /** Lost tasks of this container that a peer has not received yet. */
  readonly #unsent = new Map<number, Set<TaskId>>();
  /**
   * Tasks that forget their trees by a packing plan that is being applied: reported when all containers have
   * applied it.
   */
  readonly #forgetting = new Set<TaskId>();
  #isClosed = false;

  constructor(options: LossReporterOptions) {
    this.#options = options;
  }

  linkOpened(peer: number, side: LinkSide): void {
    this.#links.opened(peer, side);
    if (side === 'in') this.#send(peer);
  }

  linkClosed(peer: number, side: LinkSide): void {
    if (this.#links.closed(peer, side)) this.#lost(this.#options.peers.queues.get(peer)?.tasks ?? []);
  }

  /** A peer reports that a host of its container ended. It speaks for its own tasks only. */
  peerReported(peer: number, tasks: readonly TaskId[]): void {
    const own = this.#options.peers.queues.get(peer)?.tasks ?? [];
    this.#lost(tasks.filter((task) => own.includes(task)));
  }

  /** A host of this container ended. */
  hostEnded(tasks: readonly TaskId[]): void {
    if (this.#isClosed || this.#options.topology === undefined) return;
    this.#lost(tasks);
    for (const peer of this.#options.peers.queues.keys()) {
      this.#unsent.set(peer, new Set([...(this.#unsent.get(peer) ?? []), ...tasks]));
      this.#send(peer);
    }
  }

  /**
   * A packing plan follows another. Every container derives by itself which tasks forget their trees by that.
   */
  repacked(before: PackingPlan, after: PackingPlan): void {
    for (const task of this.#options.tasksThatForget(before, after)) this.#forgetting.add(task);
  }

  /** All containers have applied the packing plan. */
  movesEnded(): void {
    if (this.#forgetting.size === 0) return;
    this.#lost([...this.#forgetting]);
    this.#forgetting.clear();
  }

  /** This container ends: links that close from now on are not losses. */
  close(): void {
    this.#isClosed = true;
  }

  #lost(tasks: readonly TaskId[]): void {
    const { topology, log, slots } = this.#options;
    const report = this.#isClosed || topology === undefined ? undefined : lossReport(topology, tasks);
    if (report === undefined) return;
    log.warn({ event: 'tasks.lost', tasks: report.tasks, spouts: report.spouts });
    slots.control(report);
  }

  #send(peer: number): void {
    const tasks = this.#unsent.get(peer);
    if (tasks === undefined) return;
    if (this.#options.peers.tell(peer, { type: 'lost', tasks: [...tasks], spouts: [] }))
      this.#unsent.delete(peer);
  }
}
