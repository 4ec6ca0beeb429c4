/** What a spout remembers of a tuple whose tree is not complete. */
export interface PendingRoot {
  readonly rootHi: number;
  /** JSON of the message id that the child gave. */
  readonly idText: string;
  readonly streamNumber: number;
}

/**
 * The trees of one spout task in two generations (Storm's RotatingMap of 2 buckets): what has not ended when
 * its generation is rotated out has timed out, so a tree lives between one and two rotations.
 *
 * Keyed by the low half of the root id: who draws a root id draws again while its low half is in use, so one
 * number is enough; the high half is compared when an ack comes in.
 */
export class SpoutPending {
  /** Invariant: no key is in both generations. */
  #young = new Map<number, PendingRoot>();
  #old = new Map<number, PendingRoot>();

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  has(rootLo: number): boolean {
    return this.#young.has(rootLo) || this.#old.has(rootLo);
  }

  add(rootLo: number, root: PendingRoot): void {
    this.#young.set(rootLo, root);
  }

  /** Every tree with the low half of its id. */
  *entries(): Iterable<readonly [number, PendingRoot]> {
    yield* this.#old;
    yield* this.#young;
  }

  /** True while that very tree is pending. */
  holds(rootLo: number, root: PendingRoot): boolean {
    return this.#young.get(rootLo) === root || this.#old.get(rootLo) === root;
  }

  /** Removes and returns the tree; undefined when it ended before, or another child began it. */
  take(rootHi: number, rootLo: number): PendingRoot | undefined {
    const generation = this.#young.has(rootLo) ? this.#young : this.#old;
    const root = generation.get(rootLo);
    if (root?.rootHi !== rootHi) return undefined;
    generation.delete(rootLo);
    return root;
  }

  /** Begins a new generation and returns the trees of the oldest. */
  rotate(): Iterable<PendingRoot> {
    const expired = this.#old;
    this.#old = this.#young;
    this.#young = new Map();
    return expired.values();
  }
}
