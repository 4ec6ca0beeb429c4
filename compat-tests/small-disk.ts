import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A small disk of its own, or the reason why there is none: mounting takes root and a machine that allows it.
 */
export function mountSmallDisk(dir: string, mebibytes: number): string | undefined {
  mkdirSync(dir, { recursive: true });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'egret-test', dir], { stdio: 'pipe' });
    return undefined;
  } catch (error) {
    return String((error as { stderr?: Buffer }).stderr ?? error).trim();
  }
}

/** Takes all the room there is, to the last byte. */
export function fill(dir: string): void {
  const file = openSync(join(dir, 'filler'), 'w');
  try {
    const zeros = Buffer.alloc(1 << 22);
    for (let bytes = zeros.length; bytes > 0; ) {
      try {
        // a short write says as much as a refused one
        if (writeSync(file, zeros, 0, bytes) < bytes) throw new Error('short write');
      } catch {
        bytes >>= 1;
      }
    }
  } finally {
    closeSync(file);
  }
}

export function makeRoom(dir: string): void {
  rmSync(join(dir, 'filler'), { force: true });
}

/** Unmounts the disk, even while a process still has a file open on it. */
export function unmountSmallDisk(dir: string): void {
  execFileSync('umount', ['-l', dir]);
}
