import type { RandomSource } from '../../base/index.ts';

/** Something that happens at a time. Cancelled by taking its action away. */
export interface SimulatedEvent {
  readonly timeMs: number;
  readonly order: number;
  /** Undefined: cancelled. */
  action: (() => void) | undefined;
  /** It settles promises: what awaits them runs before the next event. */
  readonly isPromised: boolean;
}

export interface EventOptions {
  readonly isPromised?: boolean;
}

/** The simulated time at which a run begins. Leases take their epochs from it, so it is not 0. */
export const startMs = 1_700_000_000_000;

/**
 * Simulated time: a queue of events, run one after the other, each at its own time. Nothing else moves time,
 * and nothing but `random` decides what happens, so a seed repeats a run to the last byte.
 */
export class World {
  readonly random: RandomSource;
  /** Called after each event, with whatever an event threw before. */
  onEvent: (() => void) | undefined;
  onFault: (error: unknown) => void = (error) => {
    throw error;
  };
  events = 0;
  #nowMs = startMs;
  #order = 0;
  readonly #heap: SimulatedEvent[] = [];

  constructor(random: RandomSource) {
    this.random = random;
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Milliseconds since the beginning. */
  get elapsedMs(): number {
    return this.#nowMs - startMs;
  }

  after(ms: number, action: () => void, options: EventOptions = {}): SimulatedEvent {
    const isPromised = options.isPromised ?? false;
    const event = { timeMs: this.#nowMs + Math.max(0, ms), order: ++this.#order, action, isPromised };
    push(this.#heap, event);
    return event;
  }

  /** Runs events until there are none up to `untilMs` of elapsed time, or `isOver` says so. */
  async run(untilMs: number, isOver: () => boolean = () => false): Promise<void> {
    await settled();
    while (!isOver()) {
      const next = this.#heap[0];
      if (next === undefined || next.timeMs - startMs > untilMs) {
        this.#nowMs = Math.max(this.#nowMs, startMs + untilMs);
        return;
      }
      pop(this.#heap);
      if (next.action === undefined) continue;
      this.#nowMs = next.timeMs;
      this.events++;
      this.#act(next.action);
      if (next.isPromised) await settled();
      this.onEvent?.();
    }
  }

  #act(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.onFault(error);
    }
  }

  /** A number in [from, to). */
  between(from: number, to: number): number {
    return from + (to - from) * this.random.next();
  }

  /** An integer in [from, to]. */
  integer(from: number, to: number): number {
    return from + Math.floor((to - from + 1) * this.random.next());
  }

  chance(probability: number): boolean {
    return this.random.next() < probability;
  }

  pick<T>(among: readonly T[]): T {
    return among[Math.floor(this.random.next() * among.length)]!;
  }
}

/** Resolves when no promise that can settle is left unsettled. */
export function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function isBefore(one: SimulatedEvent, other: SimulatedEvent): boolean {
  return one.timeMs < other.timeMs || (one.timeMs === other.timeMs && one.order < other.order);
}

function push(heap: SimulatedEvent[], event: SimulatedEvent): void {
  let at = heap.push(event) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!isBefore(event, heap[parent]!)) break;
    heap[at] = heap[parent]!;
    at = parent;
  }
  heap[at] = event;
}

function pop(heap: SimulatedEvent[]): void {
  const last = heap.pop()!;
  if (heap.length === 0) return;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
    if (!isBefore(heap[child]!, last)) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = last;
}
