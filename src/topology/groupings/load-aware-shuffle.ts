import type { JavaRandom } from '../../tuple/index.ts';
import type { TaskId } from '../model.ts';
import type { Grouper, TaskLoads } from './grouper.ts';
import { singletons } from './plain-groupers.ts';

/** How near a target task is to the emitting one, nearest first. */
export const localities = ['worker', 'host', 'rack', 'everything'] as const;
export type Locality = (typeof localities)[number];

export interface LoadAwareOptions {
  readonly localityOf: (task: TaskId) => Locality;
  /**
   * Above this mean load of the tasks in scope, farther tasks are used too
   * (`topology.localityaware.higher.bound`).
   */
  readonly higherBound: number;
  /** Below this mean load of the nearer tasks, only they are used (`topology.localityaware.lower.bound`). */
  readonly lowerBound: number;
  readonly random: JavaRandom;
}

const weightMax = 100;
const ringSlotsMin = 1000;
const ringSlotsPerTask = 5;
/** A task this much above the least loaded one still counts as lightly loaded. */
const loadTolerance = 0.05;
const unknownLoad = 1;

/**
 * Storm's LoadAwareShuffleGrouping (2.8): a ring of choices, filled by weight, walked in turn. Tasks near the
 * emitter are preferred: the scope begins at the nearest with any target and moves out and in with the load.
 * Given the same random numbers it makes the same choices as Storm's class.
 */
export class LoadAwareShuffleGrouper implements Grouper {
  readonly ignoresValues = true;
  readonly #options: LoadAwareOptions;
  readonly #choices: readonly (readonly TaskId[])[];
  /** Indexes of the target tasks by locality. */
  readonly #byLocality: readonly (readonly number[])[];
  readonly #tasks: readonly TaskId[];
  readonly #weights: Int32Array;
  #ring: Int32Array;
  #nextRing: Int32Array;
  #current = 0;
  /** Index into `localities`. */
  #scope = 0;

  constructor(tasks: readonly TaskId[], options: LoadAwareOptions) {
    this.#tasks = tasks;
    this.#options = options;
    this.#choices = singletons(tasks);
    this.#byLocality = localities.map((locality) =>
      tasks.flatMap((task, index) => (options.localityOf(task) === locality ? [index] : [])),
    );
    this.#weights = new Int32Array(tasks.length).fill(weightMax);
    const slots = tasks.length === 1 ? 1 : Math.max(ringSlotsMin, tasks.length * ringSlotsPerTask);
    this.#ring = new Int32Array(slots);
    this.#nextRing = new Int32Array(slots);
    if (tasks.length > 0) this.#updateRing(undefined);
  }

  get scope(): Locality {
    return localities[this.#scope]!;
  }

  chooseTasks(): readonly TaskId[] {
    this.#current = this.#current + 1 < this.#ring.length ? this.#current + 1 : 0;
    return this.#choices[this.#ring[this.#current]!] ?? [];
  }

  refreshLoads(loads: TaskLoads): void {
    if (this.#tasks.length > 0) this.#updateRing(loads);
  }

  #updateRing(loads: TaskLoads | undefined): void {
    const scopeBefore = this.#scope;
    this.#scope = this.#nextScope(loads);
    if (this.#scope !== scopeBefore) this.#weights.fill(weightMax);
    const targets = this.#targetsIn(this.#scope);
    this.#adjustWeights(targets, loads);
    this.#fillRing(targets);
    this.#current = -1;
  }

  /** Tasks of the scope and of all nearer ones, the scope's own first. */
  #targetsIn(scope: number): number[] {
    const targets: number[] = [];
    for (let i = scope; i >= 0; i--) targets.push(...this.#byLocality[i]!);
    return targets;
  }

  #nextScope(loads: TaskLoads | undefined): number {
    while (this.#targetsIn(this.#scope).length === 0) this.#scope++;
    if (loads === undefined) return this.#scope;
    if (this.#meanLoad(this.#targetsIn(this.#scope), loads) > this.#options.higherBound) {
      return Math.min(this.#scope + 1, localities.length - 1);
    }
    const nearer = Math.max(this.#scope - 1, 0);
    const nearerTargets = this.#targetsIn(nearer);
    const isNearerFree =
      nearerTargets.length > 0 && this.#meanLoad(nearerTargets, loads) < this.#options.lowerBound;
    return isNearerFree ? nearer : this.#scope;
  }

  /**
   * Summed with compensation, as Java's streams do, so that a mean at a bound falls on the side where Java's
   * does.
   */
  #meanLoad(targets: readonly number[], loads: TaskLoads): number {
    let sum = 0;
    let lost = 0;
    for (const index of targets) {
      const corrected = this.#loadOf(index, loads) - lost;
      const next = sum + corrected;
      lost = next - sum - corrected;
      sum = next;
    }
    return (sum - lost) / targets.length;
  }

  #loadOf(index: number, loads: TaskLoads): number {
    return loads.get(this.#tasks[index]!) ?? unknownLoad;
  }

  #adjustWeights(targets: readonly number[], loads: TaskLoads | undefined): void {
    let least = loads === undefined ? 0 : Number.POSITIVE_INFINITY;
    if (loads !== undefined) for (const index of targets) least = Math.min(least, this.#loadOf(index, loads));
    for (const index of targets) {
      const load = loads === undefined ? 0 : this.#loadOf(index, loads);
      const weight = this.#weights[index]!;
      this.#weights[index] =
        load <= least + loadTolerance ? Math.min(weightMax, weight + 1) : Math.max(0, weight - 10);
    }
  }

  #fillRing(targets: readonly number[]): void {
    const ring = this.#nextRing;
    const slots = ring.length;
    const { random } = this.#options;
    let sum = 0;
    for (const index of targets) sum += this.#weights[index]!;
    let filled = 0;
    if (sum > 0) {
      for (const index of targets) {
        const share = Math.trunc((this.#weights[index]! / sum) * slots);
        for (let i = 0; i < share && filled < slots; i++) ring[filled++] = index;
      }
      while (filled > 0 && filled < slots) {
        ring[filled] = ring[random.nextInt(filled)]!;
        filled++;
      }
    }
    if (filled === 0) for (; filled < slots; filled++) ring[filled] = filled % this.#choices.length;
    for (let i = slots; i > 1; i--) {
      const other = random.nextInt(i);
      const moved = ring[i - 1]!;
      ring[i - 1] = ring[other]!;
      ring[other] = moved;
    }
    this.#nextRing = this.#ring;
    this.#ring = ring;
  }
}
