import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock, waitFor } from '../src/base/index.ts';
import { type BenchCase, firstSink, meterLines, type RunningCase, withCase } from './measure.ts';
import { processesOf } from './processes.ts';
import type { System } from './system.ts';

/** A process of a running topology that is killed with -9 in the middle of its work. */
export interface RecoveryCase {
  readonly victim: 'worker' | 'child';
  readonly of: BenchCase;
}

export const recoveryCases: readonly RecoveryCase[] = [
  {
    victim: 'worker',
    of: { name: 'worker-killed', kind: 'words', workers: 1, ackers: 1, pending: 1000 },
  },
  {
    victim: 'child',
    of: { name: 'shellbolt-child-killed', kind: 'words-shellbolt', workers: 1, ackers: 1, pending: 200 },
  },
  {
    victim: 'child',
    of: { name: 'shell-child-killed', kind: 'words-shell', workers: 1, ackers: 1, pending: 200 },
  },
];

/**
 * A minute in order between two kills would reset every backoff; this is what a user's bad day looks like
 * instead.
 */
const calmMs = 5000;

/**
 * Kills the victim `times` times and returns the milliseconds from each kill to the first tuple that its
 * replacement has taken: a worker's at its sink, a child's when its `process` is entered.
 */
export async function measureRecovery(
  system: System,
  { victim, of }: RecoveryCase,
  options: { readonly scratch: string; readonly times: number },
): Promise<number[]> {
  return withCase(system, of, options.scratch, async (running) => {
    const times: number[] = [];
    for (let i = 0; i < options.times; i++) {
      await systemClock.sleep(calmMs);
      times.push(await (victim === 'worker' ? killWorker(running) : killChild(running, system, options)));
    }
    return times;
  });
}

async function killWorker({ out }: RunningCase): Promise<number> {
  const before = meterLines(out).map(({ pid }) => pid);
  const alive = before.filter((pid) => existsSync(`/proc/${pid}`));
  const killedMs = systemClock.nowMs();
  for (const pid of alive) process.kill(pid, 'SIGKILL');
  const firstMs = await replaced(() => firstSink(meterLines(out).filter(({ pid }) => !before.includes(pid))));
  return firstMs - killedMs;
}

async function killChild(
  { out }: RunningCase,
  system: System,
  { scratch }: { readonly scratch: string },
): Promise<number> {
  const before = stamps(out);
  const child = processesOf(scratch, system.roots).find(({ command }) =>
    /^\S*python3 bench_split\.py/.test(command),
  );
  if (child === undefined) throw new Error(`${system.name} runs no child of bench_split.py`);
  const killedMs = systemClock.nowMs();
  process.kill(child.pid, 'SIGKILL');
  const firstMs = await replaced(() =>
    [...stamps(out)].find(([name, ms]) => !before.has(name) && ms > 0)?.at(1),
  );
  return Number(firstMs) - killedMs;
}

/** When each child took its first tuple, by the name of the file in which it says so. */
function stamps(out: string): Map<string, number> {
  const names = readdirSync(out).filter((name) => name.startsWith('child.'));
  return new Map(names.map((name) => [name, Number(readFileSync(join(out, name), 'utf8'))]));
}

function replaced<T>(probe: () => T | undefined): Promise<T> {
  return waitFor('the first tuple after the kill', probe, {
    clock: systemClock,
    limitMs: 120_000,
    everyMs: 10,
  });
}
