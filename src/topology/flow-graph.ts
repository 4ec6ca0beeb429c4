import { type ComponentId, isSystemId, type TaskId } from './model.ts';
import { systemComponentIds } from './system-topology.ts';
import type { TopologyIndex } from './topology-index.ts';

/**
 * Where the tuples of a topology's own streams lead. System streams are left out: by way of the ackers every
 * component would be upstream of every other, and acks never stand behind data.
 */
export class FlowGraph {
  readonly #index: TopologyIndex;
  /** Filled when asked for: what a chain's components reach, all together, is the square of its length. */
  readonly #next = new Map<ComponentId, ReadonlySet<ComponentId>>();
  readonly #reachable = new Map<ComponentId, ReadonlySet<ComponentId>>();

  constructor(index: TopologyIndex) {
    this.#index = index;
  }

  /** The components that take a stream of this one. */
  directlyAfter(componentId: ComponentId): ReadonlySet<ComponentId> {
    const known = this.#next.get(componentId);
    if (known !== undefined) return known;
    const next = subscribersOf(this.#index, componentId);
    this.#next.set(componentId, next);
    return next;
  }

  /**
   * Every component that tuples of this one can lead to, over any number of steps; itself only when it is on
   * a cycle.
   */
  reachableFrom(componentId: ComponentId): ReadonlySet<ComponentId> {
    const known = this.#reachable.get(componentId);
    if (known !== undefined) return known;
    const reachable = this.#walkFrom(componentId);
    this.#reachable.set(componentId, reachable);
    return reachable;
  }

  /**
   * True when tuples can go from either to the other. A component without a cycle is not on one with itself.
   */
  areOnOneCycle(one: ComponentId, other: ComponentId): boolean {
    return this.reachableFrom(one).has(other) && this.reachableFrom(other).has(one);
  }

  /**
   * The tasks whose pressure holds a component back. A spout: every task that its tuples can lead to, and the
   * ackers, which each of its trees costs work. A bolt: the tasks that take its tuples directly, but for
   * those on a cycle with it, because two that hold each other would never continue.
   */
  holdersOf(componentId: ComponentId): ReadonlySet<TaskId> {
    const isSpout = this.#index.component(componentId)?.kind === 'spout';
    const holders = isSpout
      ? [...this.reachableFrom(componentId), systemComponentIds.acker]
      : [...this.directlyAfter(componentId)].filter((after) => !this.areOnOneCycle(componentId, after));
    return new Set(holders.flatMap((holder) => this.#index.tasksOf(holder)));
  }

  #walkFrom(componentId: ComponentId): ReadonlySet<ComponentId> {
    const seen = new Set<ComponentId>();
    const waiting = [...this.directlyAfter(componentId)];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (seen.has(next)) continue;
      seen.add(next);
      for (const after of this.directlyAfter(next)) waiting.push(after);
    }
    return seen;
  }
}

function subscribersOf(index: TopologyIndex, componentId: ComponentId): ReadonlySet<ComponentId> {
  const streams = index.streamIdsOf(componentId).filter((stream) => !isSystemId(stream));
  return new Set(
    streams.flatMap((stream) => index.subscribersOf(componentId, stream).map((each) => each.componentId)),
  );
}
