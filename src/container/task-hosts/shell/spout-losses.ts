import type { Clock } from '../../../base/index.ts';
import type { TaskId } from '../../../topology/index.ts';
import { longGroupingIndex } from '../../../tuple/index.ts';
import type { LossReport } from '../../links/index.ts';
import type { PendingRoot, SpoutPending } from './spout-pending.ts';

export interface SpoutLossesOptions {
  readonly taskId: TaskId;
  readonly pending: SpoutPending;
  /** Ascending. */
  readonly ackers: readonly TaskId[];
  /** `topology.egret.lost.trees.grace.ms`; 0: doubtful trees wait for their timeout. */
  readonly graceMs: number;
  readonly clock: Clock;
  /** The tree has failed; it is no longer pending. */
  readonly failed: (root: PendingRoot) => void;
  /** Some have failed. */
  readonly wake: () => void;
}

/**
 * How a spout reacts to the loss of tasks. Trees that a lost acker followed fail at once, because no other
 * acker can know that they are complete. Trees that may have had a tuple in a lost task are watched: if any
 * of them completes within a grace period, all others are watched for another one; if none does, the rest
 * fail. So a slow topology that works is left alone, and one that hangs on lost tuples
 * (topology.max.spout.pending) resumes after a grace period or two.
 *
 * This may fail a tree that would have completed after all: its tuple is then processed twice, as
 * at-least-once allows. Spouts in a JVM follow the same rule: LostTrees.java.
 */
export class SpoutLosses {
  readonly #options: SpoutLossesOptions;
  /** Invariant: while trees are in it, `#timer` is set. */
  #doubtful: (readonly [number, PendingRoot])[] = [];
  #timer: Disposable | undefined;

  constructor(options: SpoutLossesOptions) {
    this.#options = options;
  }

  take(report: LossReport): void {
    const { pending, ackers, taskId, graceMs } = this.#options;
    const lost = new Set(report.tasks);
    const followedBy = (rootHi: number, rootLo: number): TaskId =>
      ackers[longGroupingIndex(rootHi, rootLo, ackers.length)]!;
    this.#fail([...pending.entries()].filter(([rootLo, root]) => lost.has(followedBy(root.rootHi, rootLo))));
    if (graceMs === 0 || !report.spouts.includes(taskId) || pending.size === 0) return;
    // Those of an earlier loss are pending too: one watch for all.
    this.#doubtful = [...pending.entries()];
    this.#watch();
  }

  close(): void {
    this.#timer?.[Symbol.dispose]();
    this.#doubtful = [];
  }

  #watch(): void {
    const { clock, graceMs } = this.#options;
    this.#timer?.[Symbol.dispose]();
    this.#timer = clock.after(graceMs, () => this.#look());
  }

  #look(): void {
    const { pending } = this.#options;
    const left = this.#doubtful.filter(([rootLo, root]) => pending.holds(rootLo, root));
    const hasProgress = left.length < this.#doubtful.length;
    this.#doubtful = hasProgress ? left : [];
    if (!hasProgress) this.#fail(left);
    else if (left.length > 0) this.#watch();
  }

  #fail(trees: readonly (readonly [number, PendingRoot])[]): void {
    const { pending, failed, wake } = this.#options;
    for (const [rootLo, root] of trees) if (pending.take(root.rootHi, rootLo) !== undefined) failed(root);
    if (trees.length > 0) wake();
  }
}
