import type { FlowExecutor, FlowSnapshot } from './flow-view.ts';

/** The counts of one executor, and when they were first seen. */
interface Sample {
  readonly atMs: number;
  readonly uptimeSecs: number;
  readonly executed: number;
  readonly emitted: number;
}

/**
 * The recent samples of each executor, by {@link FlowExecutor.id}, oldest first, and when it was last looked
 * at.
 */
export interface FlowRates {
  readonly atMs: number;
  readonly samples: ReadonlyMap<string, readonly Sample[]>;
}

/** Rates are means over this time: long enough to be steady, short enough to follow a change. */
const windowMs = 6000;

/**
 * Adds a snapshot. Counts reach Nimbus with heartbeats, each container's at a time of its own, so most
 * snapshots repeat the counts of the one before: what is between two new samples of an executor is divided by
 * the time between those. Pure.
 */
export function nextRates(before: FlowRates | undefined, now: FlowSnapshot): FlowRates {
  const samples = now.components.flatMap(({ executors }) =>
    executors.map((executor) => {
      const known = before?.samples.get(executor.id) ?? [];
      return [executor.id, follow(known, executor, now.takenAtMs)] as const;
    }),
  );
  return { atMs: now.takenAtMs, samples: new Map(samples) };
}

function follow(known: readonly Sample[], executor: FlowExecutor, atMs: number): readonly Sample[] {
  const { uptimeSecs, executed, emitted } = executor;
  const sample: Sample = { atMs, uptimeSecs, executed, emitted };
  const last = known.at(-1);
  const isNewLife = last !== undefined && (emitted < last.emitted || executed < last.executed);
  if (last === undefined || isNewLife) return firstSamples(sample);
  const hasCounted = last.emitted + last.executed > 0;
  if (!hasCounted && emitted + executed > 0) return firstSamples(sample, known[0]);
  const isRepeated = uptimeSecs === last.uptimeSecs && emitted === last.emitted && executed === last.executed;
  if (isRepeated) return known;
  const recent = known.filter((each, index) => index === known.length - 1 || atMs - each.atMs <= windowMs);
  return [...recent, sample];
}

/**
 * The first counts of an executor came about since it started, or since it was first seen, if that is later.
 */
function firstSamples(sample: Sample, earliest?: Sample): readonly Sample[] {
  const { atMs, uptimeSecs, executed, emitted } = sample;
  if (emitted + executed === 0) return [sample];
  const startedAtMs = Math.max(atMs - 1000 * Math.max(1, uptimeSecs), earliest?.atMs ?? 0);
  return [{ atMs: Math.min(startedAtMs, atMs - 1), uptimeSecs: 0, executed: 0, emitted: 0 }, sample];
}

/** Tuples a second of a component's executors together; undefined while no executor has two samples. */
export function rateOf(
  rates: FlowRates | undefined,
  executors: readonly FlowExecutor[],
  count: 'executed' | 'emitted',
): number | undefined {
  let sum: number | undefined;
  for (const { id } of executors) {
    const samples = rates?.samples.get(id) ?? [];
    const [first, last] = [samples[0], samples.at(-1)];
    if (first === undefined || last === undefined || first === last) continue;
    const usualMs = (last.atMs - first.atMs) / (samples.length - 1);
    const ageMs = rates!.atMs - last.atMs;
    // An executor that has stopped reporting fades out; one whose next report is merely due keeps its rate.
    const elapsedMs = last.atMs - first.atMs + (ageMs > 2 * usualMs ? ageMs : 0);
    sum = (sum ?? 0) + ((last[count] - first[count]) * 1000) / elapsedMs;
  }
  return sum;
}
