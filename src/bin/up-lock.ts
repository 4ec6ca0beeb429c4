import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, describeError, errorCode, GatewayError, type Logger } from '../base/index.ts';
import { isSameProcess, processStart } from '../child/index.ts';
import { readEndpoints } from '../cli/index.ts';

interface Holder {
  readonly pid: number;
  readonly processStart: string;
}

/** How often the gateway checks that its lock still exists. */
const lookEveryMs = 2000;

/** The lock on a directory. Disposing releases it. */
export interface LocalDirLock extends Disposable {
  /**
   * Checks every two seconds, until disposed, that the lock still exists, and takes a deleted one again. If
   * another running gateway has it, calls `onLost` once with a `STATE_CONFLICT`.
   */
  keep(deps: { readonly clock: Clock; readonly log: Logger }, onLost: (error: GatewayError) => void): void;
}

/**
 * Locks `localDir` for this process, so that no second gateway starts on it. The lock is a file that names
 * its holder; it is void once the holder has ended. If the lock of a running gateway was deleted, its
 * endpoints file still names it.
 *
 * Throws `STATE_CONFLICT` naming the process that holds it, `CONFIG_INVALID` when the directory cannot be
 * written.
 */
export function lockLocalDir(localDir: string): LocalDirLock {
  const path = join(localDir, 'gateway.lock');
  const me: Holder = { pid: process.pid, processStart: processStart(process.pid)! };
  const other = runningGateway(localDir);
  if (other !== undefined && !isSame(other, me)) throw conflict(localDir, other);
  takeLock(localDir, path, me);
  let watch: Disposable | undefined;
  return {
    keep: ({ clock, log }, onLost) => {
      let lastFault = '';
      watch = clock.every(lookEveryMs, () => {
        if (isSame(readHolder(path), me)) return;
        try {
          takeLock(localDir, path, me);
          lastFault = '';
          log.warn({ event: 'gateway.lock.taken-again', path });
        } catch (error) {
          if (error instanceof GatewayError && error.code === 'STATE_CONFLICT') {
            watch?.[Symbol.dispose]();
            onLost(error);
          } else if (describeError(error) !== lastFault) {
            lastFault = describeError(error);
            log.error({ event: 'gateway.lock.missing', path, reason: lastFault });
          }
        }
      });
    },
    [Symbol.dispose]: () => {
      watch?.[Symbol.dispose]();
      if (isSame(readHolder(path), me)) rmSync(path, { force: true });
    },
  };
}

/** Throws as {@link lockLocalDir} does. */
function takeLock(localDir: string, path: string, me: Holder): void {
  const mine = `${path}.${me.pid}`;
  try {
    // An existing directory keeps its permissions.
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
        throw conflict(localDir, holder);
      }
      setAside(path, holder);
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

function conflict(localDir: string, holder: Holder | undefined): GatewayError {
  return new GatewayError(
    'STATE_CONFLICT',
    `another gateway (process ${holder?.pid ?? 'unknown'}) runs on storm.local.dir ${localDir}`,
    { facts: { localDir, pid: holder?.pid } },
  );
}

function isSame(left: Holder | undefined, right: Holder): boolean {
  return left?.pid === right.pid && left.processStart === right.processStart;
}

/** The running gateway that the endpoints file of the directory names. */
function runningGateway(localDir: string): Holder | undefined {
  try {
    return readEndpoints(localDir);
  } catch {
    return undefined;
  }
}

/** When several processes create the same link, exactly one succeeds. */
function takes(mine: string, path: string): boolean {
  try {
    linkSync(mine, path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Removes a dead gateway's lock. If another gateway was faster, the removed lock is that one's and is
 * restored.
 */
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
