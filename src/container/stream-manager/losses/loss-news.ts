import type { Logger } from '../../../base/index.ts';
import type { TaskId, TopologyIndex } from '../../../topology/index.ts';
import type { LossReport } from '../../links/index.ts';
import { type LinkSide, lossReport, PeerLinks } from './losses.ts';

export interface LossNewsOptions {
  /** Undefined: no trees are known, and nothing is told. */
  readonly topology: TopologyIndex | undefined;
  readonly log: Logger;
  readonly peers: ReadonlyMap<number, { readonly tasks: readonly TaskId[] }>;
  readonly tellHosts: (report: LossReport) => void;
  /** False while the peer cannot be told. */
  readonly tellPeer: (peer: number, report: LossReport) => boolean;
}

/**
 * Who is told of what was lost without being known frame by frame: the hosts of this container of everything, the peers
 * of what only we have seen (the end of a host of ours), as soon as each can be told.
 */
export class LossNews {
  readonly #options: LossNewsOptions;
  readonly #links = new PeerLinks();
  readonly #untold = new Map<number, Set<TaskId>>();
  #isClosed = false;

  constructor(options: LossNewsOptions) {
    this.#options = options;
  }

  linkOpened(peer: number, side: LinkSide): void {
    this.#links.opened(peer, side);
    if (side === 'in') this.#tell(peer);
  }

  linkClosed(peer: number, side: LinkSide): void {
    if (this.#links.closed(peer, side)) this.#lost(this.#options.peers.get(peer)?.tasks ?? []);
  }

  /** A peer says that a host of its container ended. It speaks for its own tasks only. */
  peerSaid(peer: number, tasks: readonly TaskId[]): void {
    const own = this.#options.peers.get(peer)?.tasks ?? [];
    this.#lost(tasks.filter((task) => own.includes(task)));
  }

  /** A host of this container ended. */
  hostEnded(tasks: readonly TaskId[]): void {
    if (this.#isClosed || this.#options.topology === undefined) return;
    this.#lost(tasks);
    for (const peer of this.#options.peers.keys()) {
      this.#untold.set(peer, new Set([...(this.#untold.get(peer) ?? []), ...tasks]));
      this.#tell(peer);
    }
  }

  /** Tasks have moved or started again by a packing plan. Every container knows that by itself. */
  moved(tasks: readonly TaskId[]): void {
    this.#lost(tasks);
  }

  /** This container ends: the ends of its links are no news. */
  close(): void {
    this.#isClosed = true;
  }

  #lost(tasks: readonly TaskId[]): void {
    const { topology, log, tellHosts } = this.#options;
    const report = this.#isClosed || topology === undefined ? undefined : lossReport(topology, tasks);
    if (report === undefined) return;
    log.warn({ event: 'tasks.lost', tasks: report.tasks, spouts: report.spouts });
    tellHosts(report);
  }

  #tell(peer: number): void {
    const tasks = this.#untold.get(peer);
    if (tasks === undefined) return;
    if (this.#options.tellPeer(peer, { type: 'lost', tasks: [...tasks], spouts: [] }))
      this.#untold.delete(peer);
  }
}
