import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode, GatewayError } from '../base/index.ts';
import { isSameProcess, processStart } from '../child/index.ts';

interface Holder {
  readonly pid: number;
  readonly processStart: string;
}

/**
 * Holds `localDir` for this process, so that no second gateway starts on it. The lock is a file that names its holder;
 * one whose holder is no more counts for nothing. Disposing removes it.
 *
 * Throws `STATE_CONFLICT` naming the process that holds it, `CONFIG_INVALID` when the directory cannot be written.
 */
export function lockLocalDir(localDir: string): Disposable {
  const path = join(localDir, 'gateway.lock');
  const mine = `${path}.${process.pid}`;
  const me: Holder = { pid: process.pid, processStart: processStart(process.pid)! };
  try {
    // A directory that somebody created with other permissions keeps them.
    mkdirSync(localDir, { recursive: true, mode: 0o700 });
    writeFileSync(mine, JSON.stringify(me));
  } catch (error) {
    throw new GatewayError(
      'CONFIG_INVALID',
      `storm.local.dir ${localDir} cannot be written (${errorCode(error) ?? 'unknown fault'})`,
      { cause: error },
    );
  }
  try {
    for (let attempt = 0; !takes(mine, path); attempt++) {
      const holder = readHolder(path);
      if (attempt > 10 || (holder !== undefined && isSameProcess(holder.pid, holder.processStart))) {
        throw new GatewayError(
          'STATE_CONFLICT',
          `another gateway (process ${holder?.pid ?? 'unknown'}) runs on storm.local.dir ${localDir}`,
        );
      }
      setAside(path, holder);
    }
  } finally {
    rmSync(mine, { force: true });
  }
  return {
    [Symbol.dispose]: () => {
      if (readHolder(path)?.pid === me.pid) rmSync(path, { force: true });
    },
  };
}

/** A link is made by one process only, however many try. */
function takes(mine: string, path: string): boolean {
  try {
    linkSync(mine, path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Takes a dead gateway's lock away; where another gateway was faster, what was taken is the living one's and is put back. */
function setAside(path: string, dead: Holder | undefined): void {
  const aside = `${path}.${process.pid}.stale`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return;
    throw error;
  }
  const taken = readHolder(aside);
  if (taken !== undefined && taken.pid !== dead?.pid) takes(aside, path);
  rmSync(aside, { force: true });
}

function readHolder(path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}
