import { existsSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { getSystemErrorName } from 'node:util';
import { type Clock, type Logger, setupCommand } from '../base/index.ts';
import { makeCell, removeCell } from './cells.ts';
import type { Containment } from './containment.ts';
import { isSameProcess, processStart } from './proc.ts';
import { type SpawnTarget, spawnFailure } from './spawn-failure.ts';

/**
 * The helper (native/egret-contain.c) in front of a command: it stays as the program's parent, which is
 * therefore not the process that we start. The program's pid comes on a descriptor of its own.
 */
export interface KeptCommand {
  readonly command: string;
  readonly args: readonly string[];
  /** The helper reports on descriptor 3. False: the command is started as it is. */
  readonly isKept: boolean;
  /** The control group that is made for it. */
  readonly cell: string | undefined;
}

/**
 * `parentPid`: everything ends with that process; 0: it may outlive us. Throws `SPAWN_FAILED` when its group
 * cannot be made.
 */
export function keptCommand(
  target: SpawnTarget & { readonly args: readonly string[] },
  containment: Containment,
  parentPid: number,
): KeptCommand {
  const { command, args } = target;
  if (containment.kind === 'group') return { command, args, isKept: false, cell: undefined };
  const cell = containment.kind === 'cgroup' ? containment.directory : undefined;
  if (cell !== undefined) {
    try {
      makeCell(cell);
    } catch (error) {
      throw cellFailure(target, cell, error);
    }
  }
  return {
    command: containment.helper,
    args: ['keep', String(parentPid), cell ?? '-', command, ...args],
    isKept: true,
    cell,
  };
}

/** Why the helper itself could not be started: the kernel names it, not the command. */
export function keeperFailure(target: SpawnTarget, kept: KeptCommand, cause: unknown): Error {
  if (!kept.isKept || existsSync(kept.command)) return spawnFailure(target, cause);
  return spawnFailure(
    target,
    cause,
    `the helper ${kept.command} is missing: run "${setupCommand(kept.command)}", or set egret.containment to group`,
  );
}

/** The pid of the program once it runs. Rejects with `SPAWN_FAILED` naming the reason. */
export async function readKeeperReport(
  target: SpawnTarget,
  kept: KeptCommand,
  report: Readable,
): Promise<number> {
  let text = '';
  await new Promise<void>((resolve) => {
    report.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')));
    report.once('close', () => resolve());
    report.once('error', () => resolve());
  });
  const { pid, fault } = parseReport(text);
  if (fault?.kind === 'G') throw cellFailure(target, kept.cell!, systemError(fault.errno));
  if (fault !== undefined) throw spawnFailure(target, systemError(fault.errno));
  if (pid === undefined)
    throw spawnFailure(target, undefined, `the helper ${kept.command} ended before the program ran`);
  return pid;
}

interface KeeperReport {
  readonly pid: number | undefined;
  readonly fault: { readonly kind: string; readonly errno: number } | undefined;
}

/** Lines of a letter and a number, see the helper's head. */
export function parseReport(text: string): KeeperReport {
  const lines = text.split('\n').map((line) => ({ kind: line[0] ?? '', value: Number(line.slice(2)) }));
  const fault = lines.find(({ kind }) => kind === 'E' || kind === 'F' || kind === 'G');
  return {
    pid: lines.find(({ kind }) => kind === 'P')?.value,
    fault: fault === undefined ? undefined : { kind: fault.kind, errno: fault.value },
  };
}

function cellFailure(target: SpawnTarget, cell: string, cause: unknown): Error {
  const why = cause instanceof Error ? cause.message : String(cause);
  const what = `its control group ${cell} cannot be used (${why})`;
  return spawnFailure(target, cause, `${what}; set egret.containment to subreaper to do without`);
}

function systemError(errno: number): Error {
  const code = getSystemErrorName(-errno);
  return Object.assign(new Error(code), { code });
}

/** The helper of a process that outlives us. */
export interface KeeperProcess {
  readonly pid: number;
  readonly processStart: string;
}

export function keeperProcess(pid: number): KeeperProcess {
  return { pid, processStart: processStart(pid) ?? '0' };
}

const lookEveryMs = 10;
const keptGoneMs = 5000;

/**
 * Waits until nothing is left of what a process has started that was started by `spawnDetached` and has
 * ended, and removes its control group. Idempotent, never rejects.
 */
export async function endContained(
  target: { readonly keeper?: KeeperProcess | undefined; readonly containment?: Containment | undefined },
  deps: { readonly clock: Clock; readonly log: Logger },
): Promise<void> {
  const { keeper, containment } = target;
  if (keeper !== undefined) await awaitKeeper(keeper, deps.clock);
  if (containment?.kind === 'cgroup') await removeCell(containment.directory, deps);
}

/**
 * It ends by itself once all is killed. One that does not (it was stopped, say) is killed after five seconds.
 */
async function awaitKeeper(keeper: KeeperProcess, clock: Clock): Promise<void> {
  const deadlineMs = clock.monotonicMs() + keptGoneMs;
  while (isSameProcess(keeper.pid, keeper.processStart)) {
    if (clock.monotonicMs() >= deadlineMs) {
      killQuietly(keeper.pid);
      return;
    }
    await clock.sleep(lookEveryMs);
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended just now.
  }
}
