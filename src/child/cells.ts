import { mkdirSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, errorCode, type Logger } from '../base/index.ts';

const lookEveryMs = 5;
/** How long processes may take to vanish after they were killed (one may sit in a system call). */
const killedGoneMs = 5000;

/**
 * Creates the directory of a control group. Throws what the file system throws; a group that is there already
 * is kept.
 */
export function makeCell(directory: string): void {
  mkdirSync(directory, { recursive: true });
}

/**
 * Kills all processes in a control group and in those below it, and removes it. False when that has not
 * succeeded within five seconds: then it is logged, and the removal of the parent group retries. Idempotent,
 * never rejects.
 */
export async function removeCell(
  directory: string,
  deps: { readonly clock: Clock; readonly log: Logger },
): Promise<boolean> {
  const deadlineMs = deps.clock.monotonicMs() + killedGoneMs;
  while (!tryRemove(directory)) {
    killMembers(directory);
    if (tryRemove(directory)) return true;
    if (deps.clock.monotonicMs() >= deadlineMs) {
      deps.log.warn({ event: 'cgroup.not-removed', directory });
      return false;
    }
    await deps.clock.sleep(lookEveryMs);
  }
  return true;
}

/** Removes the groups below a directory, and what runs in them, but for those of the given names. */
export async function sweepCells(
  directory: string,
  deps: { readonly kept: ReadonlySet<string>; readonly clock: Clock; readonly log: Logger },
): Promise<number> {
  const stale = groupsIn(directory).filter((name) => !deps.kept.has(name));
  await Promise.all(stale.map((name) => removeCell(join(directory, name), deps)));
  return stale.length;
}

/** Removes a group if neither a process nor another group is in it. */
export function removeEmptyCell(directory: string): void {
  removed(directory);
}

/** True when it is gone. The kernel removes a group only while no process and no other group is in it. */
function tryRemove(directory: string): boolean {
  if (removed(directory)) return true;
  for (const name of groupsIn(directory)) if (!tryRemove(join(directory, name))) return false;
  return removed(directory);
}

function removed(directory: string): boolean {
  try {
    rmdirSync(directory);
    return true;
  } catch (error) {
    return errorCode(error) === 'ENOENT';
  }
}

function killMembers(directory: string): void {
  try {
    writeFileSync(join(directory, 'cgroup.kill'), '1');
  } catch {
    // It has gone meanwhile, or it is no group of ours: that it cannot be removed tells it.
  }
}

function groupsIn(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  } catch {
    return [];
  }
}
