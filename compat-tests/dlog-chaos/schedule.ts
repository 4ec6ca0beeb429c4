import { type RandomSource, seededRandom } from '../../src/base/index.ts';

/**
 * How often each comes beside the others, and how long it lasts. Owners are stopped for longer than a lease
 * (3 s) as well.
 */
export const dlogFaultKinds = {
  'owner killed': { weight: 5, durationMs: [50, 6000] },
  'owner stopped': { weight: 5, durationMs: [200, 9000] },
  'owner restarted': { weight: 2, durationMs: [50, 3000] },
  'owner cut off': { weight: 4, durationMs: [1, 1] },
  'redis killed': { weight: 2, durationMs: [50, 8000] },
  'redis stopped': { weight: 2, durationMs: [200, 9000] },
  'redis flushed': { weight: 2, durationMs: [1, 1] },
  'redis set back': { weight: 2, durationMs: [50, 3000] },
  'disk full': { weight: 2, durationMs: [500, 6000] },
} as const satisfies Record<string, { weight: number; durationMs: readonly [number, number] }>;
export type DlogFaultKind = keyof typeof dlogFaultKinds;

export interface PlannedDlogFault {
  /** Since the begin of the run. */
  readonly atMs: number;
  readonly kind: DlogFaultKind;
  readonly durationMs: number;
  /** Chooses one of several processes or sockets. */
  readonly pick: number;
}

const shortestPauseMs = 300;
const burstShare = 0.25;
const burstMs = 600;

/** The faults of a run in order of time: the same for the same seed. */
export function planDlogFaults(plan: {
  readonly seed: number;
  readonly lengthMs: number;
  readonly everyMs: number;
  readonly weights: ReadonlyMap<DlogFaultKind, number>;
}): PlannedDlogFault[] {
  const random = seededRandom(plan.seed);
  const planned: PlannedDlogFault[] = [];
  let atMs = 1000;
  for (;;) {
    // exponential pauses: most are short, so that faults meet the recovery from others
    atMs += Math.round(
      shortestPauseMs + Math.max(0, plan.everyMs - shortestPauseMs) * -Math.log(1 - random.next()),
    );
    if (atMs >= plan.lengthMs) return planned.sort((one, other) => one.atMs - other.atMs);
    const size = random.next() < burstShare ? 2 : 1;
    for (let index = 0; index < size; index++)
      planned.push(oneFault(random, plan.weights, atMs + Math.floor(index * random.next() * burstMs)));
  }
}

function oneFault(
  random: RandomSource,
  weights: ReadonlyMap<DlogFaultKind, number>,
  atMs: number,
): PlannedDlogFault {
  const kind = chosen(random, weights);
  const [shortestMs, longestMs] = dlogFaultKinds[kind].durationMs;
  // as many short as long ones on a scale of logarithms
  const durationMs = Math.round(shortestMs * (longestMs / shortestMs) ** random.next());
  return { atMs, kind, durationMs, pick: random.nextInt32() >>> 0 };
}

function chosen(random: RandomSource, weights: ReadonlyMap<DlogFaultKind, number>): DlogFaultKind {
  const total = [...weights.values()].reduce((sum, weight) => sum + weight, 0);
  let left = random.next() * total;
  for (const [kind, weight] of weights) {
    left -= weight;
    if (left < 0) return kind;
  }
  return [...weights.keys()].at(-1)!;
}
