import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock, waitFor } from '../src/base/index.ts';
import { connectThrift, Nimbus } from '../src/rpc/index.ts';
import { benchCpuMs, machineBusyMs, type ProcessUse, processesOf } from './processes.ts';
import { judgeRun, othersCpuPercent, type Verdict } from './quotable.ts';
import { root, type System } from './system.ts';

export interface BenchCase {
  readonly name: string;
  readonly kind: 'words' | 'words-shellbolt' | 'words-shell' | 'null' | 'branch' | 'branch-slow';
  readonly workers: number;
  readonly ackers: number;
  /** topology.max.spout.pending; undefined = nothing limits the spout. */
  readonly pending?: number;
  /** The component whose stream goes through the log. */
  readonly durable?: string;
}

export interface Measured {
  readonly system: string;
  readonly case: string;
  readonly sinkPerSec: number;
  readonly spoutPerSec: number;
  readonly latencyMs: { readonly p50: number; readonly p99: number } | undefined;
  readonly cpuNsPerSinkTuple: number;
  readonly rssMiB: number;
  /** Memory at the end of the window over memory at its start. */
  readonly rssGrowth: number;
  readonly acceptedToFirstTupleMs: number;
  /** Processor time that all other processes used meanwhile, in percent of one core. */
  readonly othersCpuPercent: number;
  readonly verdict: Verdict;
}

export interface MeterLine {
  readonly timeMs: number;
  readonly pid: number;
  readonly firstSinkMs: number;
  readonly emitted: number;
  readonly sunk: number;
  readonly latencies: readonly number[];
}

export interface MeasureOptions {
  readonly scratch: string;
  readonly warmMs: number;
  readonly windowMs: number;
}

/** Lets a running case warm up and measures one window of it. */
export async function measure(
  system: System,
  benchCase: BenchCase,
  options: MeasureOptions,
): Promise<Measured> {
  return withCase(system, benchCase, options.scratch, async ({ out, acceptedMs, firstMs }) => {
    await systemClock.sleep(options.warmMs);
    const before = sample(system, options.scratch, out);
    await systemClock.sleep(options.windowMs);
    const after = sample(system, options.scratch, out);
    return {
      system: system.name,
      case: benchCase.name,
      acceptedToFirstTupleMs: firstMs - acceptedMs,
      ...difference(before, after),
    };
  });
}

export interface RunningCase {
  /** Where its workers write their counters. */
  readonly out: string;
  readonly acceptedMs: number;
  /** When its first tuple came to the sink. */
  readonly firstMs: number;
}

/**
 * Submits a case to a running system with Storm's client, calls `use` when tuples flow, and kills it
 * afterwards.
 */
export async function withCase<T>(
  system: System,
  benchCase: BenchCase,
  scratch: string,
  use: (running: RunningCase) => Promise<T>,
): Promise<T> {
  const name = `bench-${benchCase.name}`;
  const out = join(scratch, 'meters', `${name}-${systemClock.nowMs()}`);
  mkdirSync(out, { recursive: true });
  const acceptedMs = await submit(system, benchCase, { name, out });
  try {
    const firstMs = await waitFor('the first tuple at the sink', () => firstSink(meterLines(out)), {
      clock: systemClock,
      limitMs: 120_000,
      everyMs: 20,
    });
    return await use({ out, acceptedMs, firstMs });
  } finally {
    await kill(system, name);
  }
}

interface Sample {
  readonly timeMs: number;
  readonly meters: MeterLine;
  readonly processes: readonly ProcessUse[];
  readonly machineBusyMs: number;
  readonly benchCpuMs: number;
}

function sample(system: System, scratch: string, out: string): Sample {
  return {
    timeMs: performance.now(),
    meters: sumMeters(out),
    processes: processesOf(scratch, system.roots),
    machineBusyMs: machineBusyMs(),
    benchCpuMs: benchCpuMs(),
  };
}

function difference(
  before: Sample,
  after: Sample,
): Omit<Measured, 'system' | 'case' | 'acceptedToFirstTupleMs'> {
  // the counters were written up to half a second before the sample: their own clock gives the rate
  const meterSecs = (after.meters.timeMs - before.meters.timeMs) / 1000;
  const sunk = after.meters.sunk - before.meters.sunk;
  const startCpu = new Map(before.processes.map(({ pid, cpuMs }) => [pid, cpuMs]));
  const cpuMs = after.processes.reduce((sum, use) => sum + use.cpuMs - (startCpu.get(use.pid) ?? 0), 0);
  const wallMs = after.timeMs - before.timeMs;
  const othersPercent = othersCpuPercent(
    { ...before, ownCpuMs: before.benchCpuMs },
    { ...after, ownCpuMs: after.benchCpuMs + cpuMs },
  );
  const rss = (sampled: Sample): number => sampled.processes.reduce((sum, use) => sum + use.rssMiB, 0);
  return {
    sinkPerSec: sunk / meterSecs,
    spoutPerSec: (after.meters.emitted - before.meters.emitted) / meterSecs,
    latencyMs: percentiles(after.meters.latencies.map((count, i) => count - before.meters.latencies[i]!)),
    cpuNsPerSinkTuple: (cpuMs * 1e6) / ((sunk / meterSecs) * (wallMs / 1000)),
    rssMiB: rss(after),
    rssGrowth: rss(after) / rss(before),
    othersCpuPercent: othersPercent,
    verdict: judgeRun(othersPercent),
  };
}

/** Sum of the newest line of each worker; their times are averaged, they are written every half second. */
function sumMeters(out: string): MeterLine {
  const newest = meterLines(out);
  const sum = (pick: (line: MeterLine) => number): number =>
    newest.reduce((total, line) => total + pick(line), 0);
  return {
    timeMs: sum((line) => line.timeMs) / newest.length,
    pid: 0,
    firstSinkMs: 0,
    emitted: sum((line) => line.emitted),
    sunk: sum((line) => line.sunk),
    latencies: Array.from({ length: newest[0]?.latencies.length ?? 0 }, (_, i) =>
      sum((line) => line.latencies[i]!),
    ),
  };
}

/** The newest line of each worker that ever ran. */
export function meterLines(out: string): MeterLine[] {
  if (!existsSync(out)) return [];
  return readdirSync(out)
    .filter((name) => name.endsWith('.jsonl'))
    .map((name) => readFileSync(join(out, name), 'utf8').trimEnd().split('\n').at(-1)!)
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line) as MeterLine);
}

/** When the first tuple came to a sink of one of these workers. */
export function firstSink(lines: readonly MeterLine[]): number | undefined {
  const first = lines.map(({ firstSinkMs }) => firstSinkMs).filter((ms) => ms > 0);
  return first.length > 0 ? Math.min(...first) : undefined;
}

/**
 * From Meter's histogram: eight buckets to each power of two of microseconds; the bucket's lower end is
 * taken.
 */
function percentiles(counts: readonly number[]): { p50: number; p99: number } | undefined {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  const at = (share: number): number => {
    let left = total * share;
    let bucket = 0;
    for (; bucket < counts.length - 1 && left > counts[bucket]!; bucket++) left -= counts[bucket]!;
    return (2 ** Math.floor(bucket / 8) * (1 + (bucket % 8) / 8)) / 1000;
  };
  return { p50: at(0.5), p99: at(0.99) };
}

async function submit(
  system: System,
  benchCase: BenchCase,
  of: { name: string; out: string },
): Promise<number> {
  const conf = [
    `topology.workers=${benchCase.workers}`,
    `topology.acker.executors=${benchCase.ackers}`,
    ...(benchCase.pending === undefined ? [] : [`topology.max.spout.pending=${benchCase.pending}`]),
    ...(benchCase.durable === undefined ? [] : [`topology.egret.durable.streams=["${benchCase.durable}"]`]),
    `bench.out=${of.out}`,
  ];
  const jar = join(root, 'build', 'java', 'egret-bench.jar');
  const options = `nimbus.seeds=${encodeURIComponent('["127.0.0.1"]')},nimbus.thrift.port=${system.nimbusPort}`;
  const flags = [
    `-Dstorm.options=${options}`,
    '-Dstorm.conf.file=',
    `-Dstorm.jar=${jar}`,
    '-Dlog4j2.level=ERROR',
  ];
  const classPath = `${join(root, 'build', 'java', 'lib-worker', '*')}:${jar}`;
  const child = spawn(
    'java',
    [...flags, '-cp', classPath, 'egret.bench.Bench', benchCase.kind, of.name, ...conf],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let said = '';
  child.stdout.on('data', (bytes: Buffer) => (said += bytes.toString('utf8')));
  child.stderr.on('data', (bytes: Buffer) => (said += bytes.toString('utf8')));
  const code = await new Promise((resolve) => child.once('close', resolve));
  const accepted = /accepted (\d+)/.exec(said)?.[1];
  if (code !== 0 || accepted === undefined)
    throw new Error(`submitting ${of.name} to ${system.name} failed:\n${said}`);
  return Number(accepted);
}

async function kill(system: System, name: string): Promise<void> {
  using client = await connectThrift(
    Nimbus,
    { host: '127.0.0.1', port: system.nimbusPort },
    { timeoutMs: 30_000, addressKeys: 'the bench' },
  );
  await client.call.killTopologyWithOpts({ name, options: { wait_secs: 0 } });
  const isGone = async (): Promise<true | undefined> =>
    (await client.call.getTopologySummaries({})).some((summary) => summary.name === name) ? undefined : true;
  await waitFor(`${name} gone`, isGone, { clock: systemClock, limitMs: 60_000, everyMs: 100 });
}
