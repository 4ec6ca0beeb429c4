import type { ExecutorStatsRecord } from '../../records/index.ts';
import type { ExecutorTotals } from '../links/index.ts';
import { ExecutorCounts } from './executor-counts.ts';

/**
 * An executor that counts elsewhere, in a JVM, and reports its totals since that JVM started. This class
 * sorts the counts into Storm's windows and continues them when the JVM is restarted: the totals of a new
 * life are added to those of the lives before it. (In Storm the counts of a worker start at 0 each time it
 * starts.)
 */
export class ReportedExecutor {
  readonly #streams = new Rows();
  readonly #inputs = new Rows();
  readonly #counts: ExecutorCounts;
  #totals: ExecutorTotals;
  /** Which life of the host the totals are of. */
  #life = 0;

  constructor(totals: ExecutorTotals, startedAtMs: number) {
    this.#counts = new ExecutorCounts({ streams: 0, inputs: 0 }, startedAtMs);
    this.#totals = nothingOf(totals);
  }

  /** Adds what has been counted since the last report. `life` changes with every start of the host. */
  report(totals: ExecutorTotals, life: number): void {
    const before = life === this.#life ? this.#totals : nothingOf(totals);
    this.#life = life;
    this.#totals = totals;
    const counts = this.#counts;
    for (const part of ['emitted', 'transferred'] as const) {
      this.#add(this.#streams, counts[part], totals[part], before[part]);
    }
    for (const part of ['acked', 'failed', 'executed'] as const) {
      this.#add(this.#inputs, counts[part], totals[part], before[part]);
    }
    this.#addLatencies(totals, before);
    forEachGrowth(pairsOf(totals.latencyBuckets), pairsOf(before.latencyBuckets), (bucket, growth) =>
      counts.latencies.add(Number(bucket), growth),
    );
  }

  rotate(nowMs: number): void {
    this.#counts.rotate(nowMs);
  }

  record(nowMs: number): ExecutorStatsRecord {
    const names = { streams: this.#streams.names, inputs: this.#inputs.names };
    return this.#counts.record(this.#totals, names, nowMs);
  }

  #add(rows: Rows, counts: { add(row: number, amount: number): void }, totals: Counts, before: Counts): void {
    forEachGrowth(totals, before, (name, growth) => {
      const row = rows.of(name);
      this.#counts.grow({ streams: this.#streams.names.length, inputs: this.#inputs.names.length });
      counts.add(row, growth);
    });
  }

  #addLatencies(totals: ExecutorTotals, before: ExecutorTotals): void {
    const counts = this.#counts;
    const add = (
      into: { add(row: number, amount: number): void },
      of: 'executeMs' | 'latencyMs',
      place: 0 | 1,
    ): void => this.#add(this.#inputs, into, partOf(totals[of], place), partOf(before[of], place));
    add(counts.executeMs, 'executeMs', 0);
    add(counts.executeCount, 'executeMs', 1);
    add(counts.latencyMs, 'latencyMs', 0);
    add(counts.latencyCount, 'latencyMs', 1);
  }
}

type Counts = Readonly<Record<string, number>>;

/** Rows by name, in the order in which they turned up. */
class Rows {
  readonly names: string[] = [];
  readonly #byName = new Map<string, number>();

  of(name: string): number {
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    const row = this.names.push(name) - 1;
    this.#byName.set(name, row);
    return row;
  }
}

function forEachGrowth(totals: Counts, before: Counts, take: (name: string, growth: number) => void): void {
  for (const [name, total] of Object.entries(totals)) {
    const growth = total - (before[name] ?? 0);
    if (growth > 0) take(name, growth);
  }
}

function partOf(pairs: Readonly<Record<string, readonly [number, number]>>, place: 0 | 1): Counts {
  return Object.fromEntries(Object.entries(pairs).map(([name, pair]) => [name, pair[place]]));
}

function pairsOf(flat: readonly number[]): Counts {
  const pairs: Record<string, number> = {};
  for (let at = 0; at + 1 < flat.length; at += 2) pairs[flat[at]!] = flat[at + 1]!;
  return pairs;
}

function nothingOf({ executor, componentId, kind }: ExecutorTotals): ExecutorTotals {
  return {
    executor,
    componentId,
    kind,
    emitted: {},
    transferred: {},
    acked: {},
    failed: {},
    executed: {},
    executeMs: {},
    latencyMs: {},
    latencyBuckets: [],
  };
}
