import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { FaultKind, PlannedFault, ProcessKind } from '../../src/testing/chaos/index.ts';
import { ask } from '../nimbus.ts';
import { fill, makeRoom } from '../small-disk.ts';
import { restartGateway, root, target } from '../target.ts';
import { startOf, type Victim, victims } from './victims.ts';

const execute = promisify(execFile);

/** What faults are done to. */
export interface Scene {
  readonly localDir: string;
  readonly topology: string;
  readonly workers: number;
  /**
   * Waits until the topology is there again after its records went, by itself or by another submission.
   * Answers which.
   */
  readonly bringBack: () => Promise<string>;
  /** What only one fault at a time may have. */
  readonly taken: Set<'gateway' | 'redis' | 'disk' | 'topology'>;
}

/** Does a fault and takes it back; answers what was done in words, or why nothing was. */
export async function inflict(scene: Scene, fault: PlannedFault): Promise<{ done: boolean; what: string }> {
  const needs = resourceOf(fault.kind);
  if (needs === undefined) return doIt(scene, fault);
  if (scene.taken.has(needs)) return { done: false, what: `another fault has the ${needs}` };
  scene.taken.add(needs);
  try {
    return await doIt(scene, fault);
  } finally {
    scene.taken.delete(needs);
  }
}

function resourceOf(kind: FaultKind): 'gateway' | 'redis' | 'disk' | 'topology' | undefined {
  return (['gateway', 'redis', 'disk', 'topology'] as const).find(
    (name) => kind.startsWith(`${name} `) && kind !== 'topology master killed',
  );
}

async function doIt(scene: Scene, fault: PlannedFault): Promise<{ done: boolean; what: string }> {
  const { kind, durationMs, pick } = fault;
  switch (kind) {
    case 'gateway killed':
    case 'gateway restarted':
      return {
        done: true,
        what: await withoutGateway(kind === 'gateway killed' ? 'SIGKILL' : 'SIGTERM', durationMs),
      };
    case 'redis flushed': {
      // one that another fault has killed is not there to be flushed
      const flushed = await asked(() => flush(scene));
      // redis-cli says a refusal, of a full disk for instance, and ends with 0
      if (flushed.what !== 'OK') return { done: false, what: flushed.what };
      return { done: true, what: `${flushed.what}, ${await scene.bringBack()}` };
    }
    case 'disk full':
      fill(scene.localDir);
      await sleep(durationMs);
      makeRoom(scene.localDir);
      return { done: true, what: `${durationMs} ms` };
    case 'topology deactivated':
      return asked(async () => {
        await ask((nimbus) => nimbus.deactivate({ name: scene.topology }));
        await sleep(durationMs);
        await ask((nimbus) => nimbus.activate({ name: scene.topology }));
        return `${durationMs} ms`;
      });
    case 'topology rebalanced':
      return asked(() => rebalance(scene, pick));
    default:
      return toProcess(fault);
  }
}

async function toProcess(fault: PlannedFault): Promise<{ done: boolean; what: string }> {
  const { kind, durationMs, pick } = fault;
  const [, process_, how] = /^(.*) (killed|stopped|cut off)$/.exec(kind)!;
  const candidates = (await victims()).filter((victim) => victim.kind === (process_ as ProcessKind));
  if (candidates.length === 0) return { done: false, what: `no ${process_}` };
  // by start, so that the same pick means the same process as far as that can be
  candidates.sort(
    (one, other) => Number(startOf(one.pid) ?? 0) - Number(startOf(other.pid) ?? 0) || one.pid - other.pid,
  );
  const victim = candidates[pick % candidates.length]!;
  const name = `${victim.pid} ${victim.command.slice(0, 60).trim()}`;
  switch (how) {
    case 'killed':
      process.kill(victim.pid, 'SIGKILL');
      return { done: true, what: name };
    case 'stopped':
      await stopped(victim, durationMs);
      return { done: true, what: `${durationMs} ms, ${name}` };
    default:
      return cutOff(victim, pick >>> 8).then((what) => ({
        done: what.startsWith('descriptor'),
        what: `${what}, ${name}`,
      }));
  }
}

async function stopped(victim: Victim, durationMs: number): Promise<void> {
  const start = startOf(victim.pid);
  process.kill(victim.pid, 'SIGSTOP');
  await sleep(durationMs);
  // it may have been found and ended meanwhile
  if (start !== undefined && startOf(victim.pid) === start) process.kill(victim.pid, 'SIGCONT');
}

async function cutOff({ pid, kind }: Victim, pick: number): Promise<string> {
  const script = join(root, 'compat-tests', 'chaos', 'cut_off.py');
  return (
    await execute('python3', [script, String(pid), String(pick), kind === 'gateway' ? '4' : '0'])
  ).stdout.trim();
}

/** Ends the gateway, and starts it again on the same directory. */
async function withoutGateway(signal: 'SIGKILL' | 'SIGTERM', durationMs: number): Promise<string> {
  const { gateway } = await target();
  if (gateway!.exitCode !== null || gateway!.signalCode !== null) {
    await restartGateway();
    throw new Error(`the gateway had ended with ${gateway!.exitCode ?? gateway!.signalCode} by itself`);
  }
  const exited = new Promise<number | null>((resolve) => gateway!.once('exit', resolve));
  gateway!.kill(signal);
  const code = await exited;
  if (signal === 'SIGTERM' && code !== 0) throw new Error(`the gateway ended with ${code} on SIGTERM`);
  await sleep(durationMs);
  await restartGateway();
  return `${durationMs} ms away`;
}

async function flush({ localDir }: Scene): Promise<string> {
  const arguments_ = ['-s', join(localDir, 'redis', 'redis.sock'), 'FLUSHALL'];
  // one that another fault has stopped answers later
  return (await execute('redis-cli', arguments_, { timeout: 30_000 })).stdout.trim();
}

/** Another number of workers, or other executors for a component. */
async function rebalance({ topology, workers }: Scene, pick: number): Promise<string> {
  const options =
    pick % 2 === 0
      ? { wait_secs: 0, num_workers: 1 + ((pick >>> 1) % workers) }
      : { wait_secs: 0, num_executors: new Map([['work', 1 + ((pick >>> 1) % 2)]]) };
  await ask((nimbus) => nimbus.rebalance({ name: topology, options }));
  return pick % 2 === 0 ? `${options.num_workers} workers` : 'executors of work';
}

/**
 * A request that may meet a gateway or a Redis that another fault has: a refusal is no result of this fault.
 */
async function asked(call: () => Promise<string>): Promise<{ done: boolean; what: string }> {
  try {
    return { done: true, what: await call() };
  } catch (error) {
    return { done: false, what: `refused: ${error instanceof Error ? error.message : String(error)}` };
  }
}
