import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Budget, overspent, slowdown } from './budget.ts';
import { calibrate } from './calibrate.ts';
import { allJobs, durationsFile, type Job, recordedDurations, root } from './jobs.ts';
import { runPool } from './pool.ts';
import { runJob } from './process.ts';
import { type JobResult, slowest } from './results.ts';

const slots = Math.min(2, availableParallelism());

const { values } = parseArgs({
  options: { fast: { type: 'boolean' }, only: { type: 'string' }, record: { type: 'boolean' } },
});
const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};
const secsText = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
process.exit(await main());

async function main(): Promise<number> {
  const everything = allJobs(recordedDurations());
  const jobs = everything.filter(({ check }) =>
    values.only === undefined ? !(values.fast && check === 'compat') : check === values.only,
  );
  if (jobs.length === 0) {
    const names = [...new Set(everything.map(({ check }) => check))].join(', ');
    process.stderr.write(`no check "${values.only}": ${names}\n`);
    return 2;
  }
  const calibrationMs = calibrate();
  const beganMs = performance.now();
  const results = await runAll(jobs, beganMs);
  const totalMs = performance.now() - beganMs;
  if (values.record) record(results);
  reportSlowest(results);
  const isWhole = jobs.length === everything.length;
  const faults = judgeTime(results, isWhole ? totalMs : undefined, calibrationMs);
  const failures = [...results.flatMap((result) => result.failures), ...faults];
  if (failures.length > 0) say(`\n== failed\n${failures.join('\n')}`);
  const sum = (key: 'passed' | 'skipped'): number => results.reduce((all, result) => all + result[key], 0);
  const skipped = sum('skipped') > 0 ? `, ${sum('skipped')} skipped` : '';
  say(`\n== ended after ${secsText(totalMs)}`);
  say(`${sum('passed')} passed, ${failures.length} failed${skipped}`);
  return failures.length === 0 && sum('passed') > 0 ? 0 : 1;
}

/** Prints what each job printed when it ends, so that the output of no two is mixed. */
async function runAll(jobs: readonly Job[], beganMs: number): Promise<JobResult[]> {
  const results: JobResult[] = [];
  const running = new Set<string>();
  await runPool(jobs, slots, async (job) => {
    running.add(job.title);
    const result = await runJob(job);
    running.delete(job.title);
    results.push(result);
    const counts = job.files.length > 0 ? `, ${result.passed} passed, ${result.failed} failed` : '';
    const verdict = `${result.failed === 0 ? 'ok' : 'FAILED'} in ${secsText(result.ms)}${counts}`;
    say(`\n== ${job.title}\n${result.output.trimEnd()}`);
    say(`== ${job.title}: ${verdict}`);
    const beside = running.size > 0 ? `, running: ${[...running].join(', ')}` : '';
    say(
      `== ${results.length} of ${jobs.length} done after ${secsText(performance.now() - beganMs)}${beside}`,
    );
  });
  return results;
}

function reportSlowest(results: readonly JobResult[]): void {
  const tests = slowest(results, 10);
  if (tests.length === 0) return;
  say('\n== slowest');
  for (const { ms, file, title } of tests) say(`${secsText(ms).padStart(8)}  ${file}: ${title}`);
}

/** Prints the time of each check beside its budget. */
function judgeTime(
  results: readonly JobResult[],
  totalMs: number | undefined,
  calibrationMs: number,
): string[] {
  const budget = JSON.parse(readFileSync(join(root, 'scripts', 'test-budget.json'), 'utf8')) as Budget;
  const checkSecs = new Map<string, number>();
  for (const { job, ms } of results) checkSecs.set(job.check, (checkSecs.get(job.check) ?? 0) + ms / 1000);
  const latestMs = Math.max(calibrationMs, calibrate());
  const factor = slowdown(budget, latestMs);
  say(`\n== time (calibration ${latestMs.toFixed(0)} ms, budgets x ${factor.toFixed(2)})`);
  for (const [check, secs] of checkSecs)
    say(`${secs.toFixed(1).padStart(8)} s of ${budget.checkSecs[check] ?? '?'} s  ${check}`);
  const totalSecs = totalMs === undefined ? undefined : totalMs / 1000;
  if (totalSecs !== undefined)
    say(`${totalSecs.toFixed(1).padStart(8)} s of ${budget.totalSecs} s  the whole run`);
  return overspent(budget, { totalSecs, checkSecs }, factor);
}

/** Keeps the seconds of files that did not run this time. */
function record(results: readonly JobResult[]): void {
  const durations = recordedDurations();
  const measured = new Map<string, number>();
  for (const { file, ms } of results.flatMap((result) => result.tests))
    measured.set(file, (measured.get(file) ?? 0) + ms / 1000);
  for (const [file, secs] of measured) durations.set(file, Math.round(secs * 10) / 10);
  const sorted = Object.fromEntries([...durations].sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(durationsFile, `${JSON.stringify(sorted, undefined, 2)}\n`);
}
