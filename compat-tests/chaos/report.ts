import type { ChaosRun } from './driver.ts';
import type { ChaosOptions } from './options.ts';

/** How long after its end a fault is blamed for a silence. */
const blameMs = 15_000;

export interface FaultRow {
  readonly kind: string;
  readonly done: number;
  readonly refused: number;
  /**
   * For each fault, the longest time without an ack that began before the next fault, at the spout task that
   * waited longest; this is the median over all faults of the kind.
   */
  readonly gapMedianMs: number;
  readonly gapWorstMs: number;
}

/** What each kind of fault cost. */
export function faultRows({
  faults,
  acks,
  disturbedToMs,
}: Pick<ChaosRun, 'faults' | 'acks' | 'disturbedToMs'>): FaultRow[] {
  const byTime = faults.filter(({ isDone }) => isDone).sort((one, other) => one.fromMs - other.fromMs);
  const gaps = new Map<string, number[]>();
  byTime.forEach(({ kind, fromMs, toMs }, index) => {
    const untilMs = Math.min(toMs + blameMs, byTime[index + 1]?.fromMs ?? disturbedToMs);
    const gap = acks.longestGapMs(fromMs, untilMs, disturbedToMs);
    gaps.set(kind, [...(gaps.get(kind) ?? []), gap]);
  });
  return [...new Set(faults.map(({ kind }) => kind))].sort().map((kind) => {
    const sorted = (gaps.get(kind) ?? []).sort((a, b) => a - b);
    return {
      kind,
      done: sorted.length,
      refused: faults.filter((fault) => fault.kind === kind && !fault.isDone).length,
      gapMedianMs: sorted[Math.floor(sorted.length / 2)] ?? 0,
      gapWorstMs: sorted.at(-1) ?? 0,
    };
  });
}

/** The run as a value that JSON can hold. */
export function asJson(options: ChaosOptions, run: ChaosRun): Record<string, unknown> {
  const { verdict, troubles, kept, memory } = run;
  return {
    options,
    isClean: isClean(run),
    verdict: { ...verdict, faults: Object.fromEntries(verdict.faults) },
    troubles,
    faultKinds: faultRows(run),
    faults: run.faults,
    memory: { start: Object.fromEntries(memory.start), end: Object.fromEntries(memory.end) },
    kept,
  };
}

export function isClean({ verdict, troubles }: Pick<ChaosRun, 'verdict' | 'troubles'>): boolean {
  return verdict.isKept && troubles.length === 0;
}

/** The lines that end a run. */
export function reportLines(options: ChaosOptions, run: ChaosRun): string[] {
  const { verdict, troubles, kept } = run;
  const { emitted, acked, replays, failed, ackedAgain, duplicates, restarts, torn } = verdict;
  const lines = [
    '',
    ...table(
      ['fault', 'done', 'not', 'gap median ms', 'worst ms'],
      faultRows(run).map((row) => [row.kind, row.done, row.refused, row.gapMedianMs, row.gapWorstMs]),
    ),
    '',
    ...table(['process', 'count', 'MiB at start', 'count', 'at end'], memoryRows(run)),
    '',
    `${emitted} ids emitted, ${acked} acked; ${replays} replays, ${failed} fails, ${ackedAgain} acked again, ` +
      `${duplicates} duplicates at sinks, ${restarts} restarts of spouts and sinks, ${torn} torn lines`,
    ...[...verdict.faults].map(([fault, count]) => `BROKEN: ${count} x ${fault}`),
    ...verdict.examples.map((example) => `  ${example}`),
    ...troubles.map((trouble) => `TROUBLE: ${trouble}`),
  ];
  if (isClean(run)) return [...lines, `clean: nothing lost (seed ${options.seed})`];
  return [
    ...lines,
    `FAILED (seed ${options.seed}); journals, faults.json and logs: ${kept ?? 'none kept'}`,
    `again: npm run chaos -- ${againWith(options)}`,
  ];
}

/** The arguments that do the same again. */
function againWith({ minutes, seed, topology, workers, pace, everyMs, only, without }: ChaosOptions): string {
  return [
    `--minutes ${minutes} --seed ${seed} --topology ${topology} --workers ${workers} --pace ${pace} --every ${everyMs}`,
    ...only.map((kind) => `--only '${kind}'`),
    ...without.map((kind) => `--without '${kind}'`),
  ].join(' ');
}

function memoryRows({ memory }: ChaosRun): (string | number)[][] {
  const kinds = [...new Set([...memory.start.keys(), ...memory.end.keys()])].sort();
  return kinds.map((kind) => {
    const [start, end] = [memory.start.get(kind), memory.end.get(kind)];
    return [
      kind,
      start?.processes ?? 0,
      Math.round(start?.mebibytes ?? 0),
      end?.processes ?? 0,
      Math.round(end?.mebibytes ?? 0),
    ];
  });
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string[] {
  const all = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  return all.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
      .join('  '),
  );
}
