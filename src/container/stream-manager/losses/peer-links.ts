import type { LinkSide } from '../peers/peers.ts';

/**
 * Decides when a peer counts as lost: when the first of its two established connections breaks. The second
 * break of the same death does not count again, nor does a failure before both connections were established.
 */
export class PeerLinks {
  readonly #up = new Map<number, Set<LinkSide>>();
  /** Invariant: a peer is here only while both of its connections are up; the first close takes it out. */
  readonly #whole = new Set<number>();

  opened(peer: number, side: LinkSide): void {
    const up = this.#up.get(peer) ?? new Set();
    this.#up.set(peer, up.add(side));
    if (up.size === 2) this.#whole.add(peer);
  }

  /** True when the peer counts as lost from now on. */
  closed(peer: number, side: LinkSide): boolean {
    this.#up.get(peer)?.delete(side);
    return this.#whole.delete(peer);
  }
}
