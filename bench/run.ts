import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../src/base/index.ts';
import { pythonFirstTupleMs } from './first-tuple.ts';
import { type BenchCase, type Measured, measure } from './measure.ts';
import { median } from './median.ts';
import { processesOf } from './processes.ts';
import { judgePairs, type Verdict } from './quotable.ts';
import { measureRecovery, recoveryCases } from './recovery.ts';
import { startStorm } from './storm-cluster.ts';
import { root, type System, startEgret } from './system.ts';

/**
 * Runs real Storm and the gateway in turn on the same topology jar and prints pairs and ratios. See
 * bench/README.md.
 */
const cases: readonly BenchCase[] = [
  { name: 'words-1', kind: 'words', workers: 1, ackers: 0 },
  { name: 'words-2', kind: 'words', workers: 2, ackers: 0 },
  { name: 'words-acked-1', kind: 'words', workers: 1, ackers: 1, pending: 1000 },
  { name: 'words-durable-1', kind: 'words', workers: 1, ackers: 1, pending: 1000, durable: 'spout' },
  { name: 'words-durable-split-1', kind: 'words', workers: 1, ackers: 1, pending: 1000, durable: 'split' },
  { name: 'words-acked-2', kind: 'words', workers: 2, ackers: 1, pending: 1000 },
  { name: 'null-1', kind: 'null', workers: 1, ackers: 0 },
  { name: 'null-2', kind: 'null', workers: 2, ackers: 0 },
  { name: 'null-acked-1', kind: 'null', workers: 1, ackers: 1, pending: 1000 },
  { name: 'null-acked-2', kind: 'null', workers: 2, ackers: 1, pending: 1000 },
  { name: 'shellbolt-acked-1', kind: 'words-shellbolt', workers: 1, ackers: 1, pending: 200 },
  { name: 'shell-acked-1', kind: 'words-shell', workers: 1, ackers: 1, pending: 200 },
  { name: 'shell-unlimited-1', kind: 'words-shell', workers: 1, ackers: 0 },
  { name: 'branch-2', kind: 'branch', workers: 2, ackers: 0 },
  { name: 'branch-slow-2', kind: 'branch-slow', workers: 2, ackers: 0 },
];

/** Each lengthens the pause before the next restart until a minute has been in order. */
const killsPerCase = 3;

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '1' },
    warm: { type: 'string', default: '10' },
    window: { type: 'string', default: '15' },
    only: { type: 'string' },
    system: { type: 'string' },
    'first-tuple': { type: 'boolean', default: false },
    recovery: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

execFileSync('mvn', ['-q', '-B', '-f', 'bench/java', 'package'], { cwd: root, stdio: 'inherit' });
execFileSync('mvn', ['-q', '-B', '-f', 'bench/storm', 'package'], { cwd: root, stdio: 'inherit' });
const selected = cases.filter(({ name }) => flags.only === undefined || flags.only.split(',').includes(name));
const results: Measured[] = [];
for (let round = 0; round < Number(flags.rounds); round++) {
  for (const name of round % 2 === 0 ? (['storm', 'egret'] as const) : (['egret', 'storm'] as const)) {
    if (flags.system === undefined || flags.system === name) await runSystem(name);
  }
}
if (results.length > 0) print();

async function runSystem(name: 'storm' | 'egret'): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), `egret-bench-${name}-`));
  const system: System = name === 'storm' ? await startStorm(scratch) : await startEgret(scratch);
  try {
    await systemClock.sleep(2000);
    const idle = processesOf(scratch, system.roots).reduce((sum, use) => sum + use.rssMiB, 0);
    progress(`${name} is up, idle ${idle.toFixed(0)} MiB`);
    if (flags['first-tuple']) {
      const times: number[] = [];
      for (let i = 0; i < 5; i++) times.push(await pythonFirstTupleMs(system, scratch));
      progress(`${name} Python-only, accepted to first tuple: ${times.map(Math.round).join(', ')} ms`);
    }
    for (const recoveryCase of flags.recovery ? recoveryCases : []) {
      const times = await measureRecovery(system, recoveryCase, { scratch, times: killsPerCase });
      progress(
        `${name} ${recoveryCase.of.name}, kill -9 to first tuple: ${times.map(Math.round).join(', ')} ms, median ${Math.round(median(times))} ms`,
      );
    }
    const isSpecial = flags['first-tuple'] || flags.recovery;
    for (const benchCase of isSpecial && flags.only === undefined ? [] : selected) {
      const options = { scratch, warmMs: Number(flags.warm) * 1000, windowMs: Number(flags.window) * 1000 };
      const measured = await measure(system, benchCase, options);
      results.push(measured);
      progress(`${name} ${describe(measured)}`);
    }
  } finally {
    await system.stop();
    for (const { pid } of processesOf(scratch)) process.kill(pid, 'SIGKILL');
    rmSync(scratch, { recursive: true, force: true });
  }
}

function describe(m: Measured): string {
  const latency =
    m.latencyMs === undefined
      ? ''
      : `, p50 ${m.latencyMs.p50.toFixed(2)} ms, p99 ${m.latencyMs.p99.toFixed(2)} ms`;
  return (
    `${m.case}: ${Math.round(m.sinkPerSec)} sink/s, ${Math.round(m.spoutPerSec)} spout/s${latency}, ${Math.round(m.cpuNsPerSinkTuple)} ns CPU, ` +
    `${Math.round(m.rssMiB)} MiB (x${m.rssGrowth.toFixed(2)}), first tuple after ${m.acceptedToFirstTupleMs} ms, others ${Math.round(m.othersCpuPercent)} %` +
    (m.verdict.quotable ? '' : `; not quotable: ${m.verdict.reason}`)
  );
}

function runsOf(name: string, system: string): Measured[] {
  return results.filter((m) => m.case === name && m.system === system);
}

/**
 * Egret over Storm: the median over the pairs of which both sides were quiet, else over all. NaN without
 * pairs.
 */
function ratioOf(name: string): number {
  const [storm, egret] = [runsOf(name, 'storm'), runsOf(name, 'egret')];
  const pairs = storm.flatMap((run, round) =>
    egret[round] === undefined ? [] : [[run, egret[round]] as const],
  );
  const quiet = pairs.filter((pair) => pair.every(({ verdict }) => verdict.quotable));
  return median((quiet.length > 0 ? quiet : pairs).map(([a, b]) => b.sinkPerSec / a.sinkPerSec));
}

function verdictOf(name: string): Verdict {
  const [storm, egret] = [runsOf(name, 'storm'), runsOf(name, 'egret')];
  return judgePairs(
    storm.map(({ verdict }) => verdict),
    egret.map(({ verdict }) => verdict),
  );
}

/** One row for each case: medians over the rounds, and Egret over Storm. */
function print(): void {
  if (flags.json) {
    const ratios = selected.map(({ name }) => ({
      case: name,
      ratio: ratioOf(name),
      verdict: verdictOf(name),
    }));
    process.stdout.write(`${JSON.stringify({ load: loadavg(), results, ratios }, undefined, 2)}\n`);
    return;
  }
  const rows = [
    [
      'case',
      'storm sink/s',
      'egret sink/s',
      'ratio',
      'ns CPU storm',
      'egret',
      'MiB storm',
      'egret',
      'first ms storm',
      'egret',
      'quotable',
    ],
  ];
  for (const { name } of selected) {
    const of = (system: string, pick: (m: Measured) => number): number =>
      median(runsOf(name, system).map(pick));
    const pair = (pick: (m: Measured) => number): string[] =>
      [of('storm', pick), of('egret', pick)].map((n) => Math.round(n).toString());
    const ratio = ratioOf(name);
    const verdict = verdictOf(name);
    rows.push([
      name,
      ...pair((m) => m.sinkPerSec),
      Number.isNaN(ratio) ? '-' : ratio.toFixed(2),
      ...pair((m) => m.cpuNsPerSinkTuple),
      ...pair((m) => m.rssMiB),
      ...pair((m) => m.acceptedToFirstTupleMs),
      verdict.quotable ? 'yes' : `no: ${verdict.reason}`,
    ]);
  }
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  for (const row of rows)
    process.stdout.write(`${row.map((cell, i) => cell.padStart(widths[i]!)).join('  ')}\n`);
  process.stdout.write(
    `machine load ${loadavg()
      .map((load) => load.toFixed(1))
      .join(' ')}\n`,
  );
}

function progress(text: string): void {
  process.stderr.write(`bench: ${text}\n`);
}
