import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { benchCpuMs, machineBusyMs, processCpuMs } from '../processes.ts';
import { judgeRun, othersCpuPercent } from '../quotable.ts';
import { Embedded, embedded } from './embedded.ts';
import { kafka } from './kafka.ts';
import { closedLoop, type Load, type LoadResult, openLoop } from './load.ts';
import { viaProxy } from './proxy.ts';
import { groupsPerSec } from './raw-disk.ts';
import { redisStreams } from './redis-streams.ts';
import type { OpenSubject, Subject } from './subject.ts';
import { isKafka, type Row, tableOf } from './table.ts';
import { takeOverMs } from './take-over.ts';

/**
 * The log beside Kafka and Redis Streams, at equal durability, in one run. See bench/README.md.
 */
const subjects: readonly Subject[] = [
  embedded('fsync'),
  viaProxy('fsync'),
  kafka({ flush: 'per batch', lingerMs: 0 }),
  kafka({ flush: 'per batch', lingerMs: 5 }),
  redisStreams('always'),
  embedded('os'),
  viaProxy('os'),
  kafka({ flush: 'never', lingerMs: 0 }),
  kafka({ flush: 'never', lingerMs: 5 }),
  redisStreams('everysec'),
];

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string' },
    bytes: { type: 'string', default: '100,1024' },
    outstanding: { type: 'string', default: '1,64,1024' },
    streams: { type: 'string', default: '1,8' },
    readers: { type: 'string', default: '1,10' },
    rounds: { type: 'string', default: '1' },
    warm: { type: 'string', default: '2' },
    window: { type: 'string', default: '4' },
    'equal-load': { type: 'boolean', default: false },
    'take-over': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

const times = { warmMs: Number(flags.warm) * 1000, windowMs: Number(flags.window) * 1000 };
const rows: Row[] = [];
const selected = subjects.filter(
  ({ name, level }) =>
    flags.only === undefined || flags.only.split(',').some((part) => `${name} ${level}`.includes(part)),
);

if (flags['take-over']) {
  for (let round = 0; round < Number(flags.rounds); round++) {
    const { ms, leaseMs } = await inScratch(takeOverMs);
    progress(
      `take-over after kill -9: ${Math.round(ms)} ms, ${(ms / leaseMs).toFixed(2)} leases of ${leaseMs} ms`,
    );
  }
} else {
  for (let round = 0; round < Number(flags.rounds); round++)
    for (const load of loads()) await runLoad(load, round);
  if (flags.json) process.stdout.write(`${JSON.stringify({ load: loadavg(), rows }, undefined, 2)}\n`);
  else process.stdout.write(tableOf(rows));
}
process.send?.('done');

function loads(): Load[] {
  const numbers = (text: string): number[] => text.split(',').map(Number);
  return numbers(flags.bytes).flatMap((recordBytes) =>
    numbers(flags.streams).flatMap((streams) =>
      numbers(flags.readers).flatMap((readers) =>
        numbers(flags.outstanding)
          .filter((outstanding) => outstanding >= streams)
          .map((outstanding) => ({ recordBytes, streams, readers, outstanding })),
      ),
    ),
  );
}

/**
 * All subjects one after the other, in the other order every second round; then, if asked for, all at half of
 * Kafka's rate.
 */
async function runLoad(load: Load, round: number): Promise<void> {
  const ordered = round % 2 === 0 ? selected : selected.toReversed();
  for (const subject of ordered) await runOne(subject, load);
  if (!flags['equal-load']) return;
  for (const subject of ordered) {
    const rivals = rows.filter((row) => row.load === load && row.level === subject.level && isKafka(row));
    const rates = rivals.filter((row) => row.offeredPerSec === undefined).map((row) => row.recordsPerSec);
    if (rates.length > 0) await runOne(subject, load, Math.max(...rates) / 2);
  }
}

async function runOne(subject: Subject, load: Load, offeredPerSec?: number): Promise<void> {
  await inScratch(async (scratch) => {
    const open = await subject.open(scratch, load.streams);
    try {
      const before = sample(open);
      const entries = open instanceof Embedded ? open.entries : 0;
      const result =
        offeredPerSec === undefined
          ? await closedLoop(open, load, times)
          : await openLoop(open, { ...load, recordsPerSec: offeredPerSec }, times);
      const after = sample(open);
      const common = { subject: subject.name, level: subject.level, load, ...result };
      const offered = offeredPerSec === undefined ? {} : { offeredPerSec };
      const used = difference(before, after, result);
      const share =
        open instanceof Embedded && subject.level === 'disk' && offeredPerSec === undefined
          ? { shareOfDisk: await shareOfDisk(scratch, load, result, open.entries - entries) }
          : {};
      rows.push({ ...common, ...offered, ...used, ...share });
      progress(lineOf(rows.at(-1)!));
    } finally {
      await open.close();
    }
  });
}

/** Whole run over whole run: warming up is among the entries and the records alike. */
async function shareOfDisk(
  scratch: string,
  { recordBytes }: Load,
  result: LoadResult,
  entries: number,
): Promise<number> {
  const recordsPerGroup = result.recordsInAll / entries;
  const groupBytes = Math.round(recordsPerGroup * recordBytes);
  return result.recordsPerSec / ((await groupsPerSec(scratch, groupBytes, 1500)) * recordsPerGroup);
}

function sample(open: OpenSubject): { readonly ownCpuMs: number; readonly machineBusyMs: number } {
  return { ownCpuMs: benchCpuMs() + sum(open.pids.map(processCpuMs)), machineBusyMs: machineBusyMs() };
}

function difference(
  before: ReturnType<typeof sample>,
  after: ReturnType<typeof sample>,
  result: LoadResult,
): Pick<Row, 'cpuSecPerMillion' | 'othersCpuPercent' | 'verdict'> {
  const ownMs = after.ownCpuMs - before.ownCpuMs;
  const others = othersCpuPercent({ ...before, timeMs: 0 }, { ...after, timeMs: result.elapsedMs });
  return {
    cpuSecPerMillion: (ownMs * 1000) / result.recordsInAll,
    othersCpuPercent: others,
    verdict: judgeRun(others),
  };
}

function lineOf(row: Row): string {
  const { load } = row;
  const how = row.offeredPerSec === undefined ? '' : `, offered ${Math.round(row.offeredPerSec)}/s`;
  const tail = row.tail === undefined ? '' : `, tail p99 ${row.tail.p99Ms.toFixed(2)} ms`;
  const share = row.shareOfDisk === undefined ? '' : `, ${Math.round(row.shareOfDisk * 100)} % of the disk`;
  return (
    `${row.subject} (${row.level}) ${load.recordBytes} B, ${load.outstanding} outstanding, ${load.streams} streams, ${load.readers} readers${how}: ` +
    `${Math.round(row.recordsPerSec)}/s, p50 ${row.ack.p50Ms.toFixed(2)} p99 ${row.ack.p99Ms.toFixed(2)} ms${tail}, ` +
    `${row.cpuSecPerMillion.toFixed(1)} CPU s a million${share}, others ${Math.round(row.othersCpuPercent)} %` +
    (row.verdict.quotable ? '' : `; not quotable: ${row.verdict.reason}`)
  );
}

async function inScratch<T>(use: (scratch: string) => Promise<T>): Promise<T> {
  const scratch = mkdtempSync(join(tmpdir(), 'egret-bench-dlog-'));
  try {
    return await use(scratch);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}
