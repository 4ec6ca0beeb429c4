import { type RandomSource, seededRandom } from '../../base/index.ts';

/**
 * What is done to what. Processes are named by what they are to a topology; `disk` is that of the gateway's
 * directory.
 */
export type FaultKind =
  | `${ProcessKind} ${'killed' | 'stopped' | 'cut off'}`
  | 'gateway restarted'
  | 'redis flushed'
  | 'disk full'
  | 'topology deactivated'
  | 'topology rebalanced';

export type ProcessKind =
  | 'shell child'
  | 'child of a JVM'
  | 'JVM'
  | 'worker container'
  | 'topology master'
  | 'gateway'
  | 'redis';

export interface PlannedFault {
  /** Since the begin of the run. */
  readonly atMs: number;
  readonly kind: FaultKind;
  /** How long a fault that lasts does; how long a killed gateway stays away. */
  readonly durationMs: number;
  /** Chooses one of several processes, sockets or ways: a whole number below 2^32. */
  readonly pick: number;
}

export interface SchedulePlan {
  readonly seed: number;
  readonly lengthMs: number;
  /** What this run knows to do, each with how often it comes beside the others. */
  readonly weights: ReadonlyMap<FaultKind, number>;
  /** Between two faults, or groups of faults, on the average. */
  readonly everyMs: number;
}

const shortestPauseMs = 1000;
const burstShare = 0.15;
const burstMs = 500;

/** The faults of a run, in order of time; the same for the same plan. None in the first second. */
export function planFaults({ seed, lengthMs, weights, everyMs }: SchedulePlan): PlannedFault[] {
  const random = seededRandom(seed);
  const planned: PlannedFault[] = [];
  let atMs = shortestPauseMs;
  for (;;) {
    // exponential pauses: most are short, so that faults meet the recovery from others
    atMs += Math.round(
      shortestPauseMs + Math.max(0, everyMs - shortestPauseMs) * -Math.log(1 - random.next()),
    );
    if (atMs >= lengthMs) return planned;
    const size = random.next() < burstShare ? 2 + Math.floor(random.next() * 3) : 1;
    const group = Array.from({ length: size }, (_, index) =>
      oneFault(random, weights, index === 0 ? atMs : atMs + Math.floor(random.next() * burstMs)),
    );
    planned.push(...group.sort((one, other) => one.atMs - other.atMs));
    atMs = planned.at(-1)!.atMs;
  }
}

function oneFault(random: RandomSource, weights: SchedulePlan['weights'], atMs: number): PlannedFault {
  const kind = chosen(random, weights);
  const [shortestMs, longestMs] = durations(kind);
  // as many short as long ones on a scale of logarithms
  const durationMs = Math.round(shortestMs * (longestMs / shortestMs) ** random.next());
  return { atMs, kind, durationMs, pick: random.nextInt32() >>> 0 };
}

function chosen(random: RandomSource, weights: SchedulePlan['weights']): FaultKind {
  const total = [...weights.values()].reduce((sum, weight) => sum + weight, 0);
  let left = random.next() * total;
  for (const [kind, weight] of weights) {
    left -= weight;
    if (left < 0) return kind;
  }
  return [...weights.keys()].at(-1)!;
}

function durations(kind: FaultKind): readonly [shortestMs: number, longestMs: number] {
  if (kind === 'gateway killed' || kind === 'gateway restarted') return [100, 8000];
  if (kind === 'disk full') return [1000, 10_000];
  if (kind === 'topology deactivated') return [500, 5000];
  return kind.endsWith('stopped') ? [200, 20_000] : [1, 1];
}
