import type { AttackRun } from './driver.ts';
import { type AttackLimits, type AttackOptions, limits } from './options.ts';

/** Every limit that a run has broken, in words. */
export function violations(run: AttackRun, to: AttackLimits = limits): string[] {
  const found: string[] = [...run.troubles];
  const check = (what: string, value: number, max: number): void => {
    if (value > max) found.push(`${what}: ${value.toFixed(1)}, at most ${max}`);
  };
  for (const [name, { p99Ms, worstMs, count }] of run.latencies) {
    // An append waits for the disk, which a flood of appends has a right to keep busy.
    if (name !== 'append') check(`99 % of ${count} ${name} of the good client, in ms`, p99Ms, to.goodP99Ms);
    check(`the slowest ${name} of the good client, in ms`, worstMs, to.goodWorstMs);
  }
  const { startMebibytes, worstMebibytes, endMebibytes } = run.resident;
  check('RSS of the gateway at its worst, in MiB', worstMebibytes, to.residentMebibytes);
  check('growth of its RSS afterwards, in MiB', endMebibytes - startMebibytes, to.residentGrowthMebibytes);
  check('growth of its descriptors', run.descriptors.end - run.descriptors.start, to.descriptorsGrowth);
  check('growth of its log, in bytes', run.logBytes, to.logBytes);
  return found;
}

export function reportLines(options: AttackOptions, run: AttackRun): string[] {
  const { resident, descriptors } = run;
  const worstTurns = [...run.longTurns].sort((left, right) => right.turnMs - left.turnMs).slice(0, 5);
  const found = violations(run);
  return [
    `seed ${options.seed}: ${run.framesSent} frames over ${run.connections} connections`,
    ...[...run.latencies].map(
      ([name, { count, p50Ms, p99Ms, worstMs }]) =>
        `good client, ${name}: ${count} calls, p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms, worst ${worstMs.toFixed(0)} ms`,
    ),
    `RSS ${resident.startMebibytes.toFixed(0)} MiB before, ${resident.worstMebibytes.toFixed(0)} at worst, ${resident.endMebibytes.toFixed(0)} after`,
    `descriptors ${descriptors.start} before, ${descriptors.end} after; log grew by ${run.logBytes} bytes`,
    `the steady topology acked ${run.acked} numbers meanwhile`,
    `turns of the event loop above 200 ms: ${run.longTurns.length}`,
    ...worstTurns.map(({ turnMs, calls }) => `  ${turnMs} ms with ${calls}`),
    ...(found.length === 0 ? ['every limit is kept'] : found.map((each) => `BROKEN: ${each}`)),
    ...(run.kept === undefined ? [] : [`the gateway's files are in ${run.kept}`]),
  ];
}
