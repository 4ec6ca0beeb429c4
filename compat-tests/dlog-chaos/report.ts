import type { DlogChaosRun } from './driver.ts';
import type { DlogChaosOptions } from './options.ts';

const violationsShownMax = 10;

export function isClean({ violations, troubles }: DlogChaosRun): boolean {
  return violations.length === 0 && troubles.length === 0;
}

/** The run as a value that JSON can hold. */
export function asJson(options: DlogChaosOptions, run: DlogChaosRun): Record<string, unknown> {
  return { options, isClean: isClean(run), ...run, streams: Object.fromEntries(run.streams) };
}

/** The lines that end a run. */
export function reportLines(options: DlogChaosOptions, run: DlogChaosRun): string[] {
  const { violations, troubles, flipped, kept, noDisk } = run;
  const shown = violations.slice(0, violationsShownMax);
  const lines = [
    '',
    ...faultLines(run),
    '',
    ...[...run.streams].map(([name, counts]) => {
      const { committed, refused, unknown, unknownFound, read, longestSilenceMs } = counts;
      return (
        `${name}: ${committed} acknowledged, ${refused} refused, ${unknown} unknown (${unknownFound} are there), ` +
        `${read} read; longest time without an acknowledgement ${longestSilenceMs} ms`
      );
    }),
    `${run.owners} owner processes; ${flipped === undefined ? 'no bit was flipped' : `flipped ${flipped}`}`,
    ...(noDisk === undefined ? [] : [`the disk was never full: ${noDisk}`]),
    ...shown.map((violation) => `BROKEN: ${violation}`),
    ...(violations.length > shown.length ? [`BROKEN: ${violations.length - shown.length} more`] : []),
    ...troubles.map((what) => `TROUBLE: ${what}`),
  ];
  if (isClean(run)) return [...lines, `clean: the log kept its word (seed ${options.seed})`];
  return [
    ...lines,
    `FAILED (seed ${options.seed}); histories, faults, logs and records: ${kept ?? 'none kept'}`,
    `again: npm run chaos:dlog -- ${againWith(options)}`,
  ];
}

function faultLines({ faults }: DlogChaosRun): string[] {
  const kinds = [...new Set(faults.map(({ kind }) => kind))].sort();
  const count = (kind: string, isDone: boolean): number =>
    faults.filter((fault) => fault.kind === kind && fault.isDone === isDone).length;
  return [
    `${'fault'.padEnd(18)} done  not`,
    ...kinds.map(
      (kind) =>
        `${kind.padEnd(18)} ${String(count(kind, true)).padStart(4)} ${String(count(kind, false)).padStart(4)}`,
    ),
  ];
}

/** The arguments that do the same again. */
function againWith({ minutes, seed, storage, everyMs, pace, only, without }: DlogChaosOptions): string {
  return [
    `--minutes ${minutes} --seed ${seed} --storage ${storage} --every ${everyMs} --pace ${pace}`,
    ...only.map((kind) => `--only '${kind}'`),
    ...without.map((kind) => `--without '${kind}'`),
  ].join(' ');
}
