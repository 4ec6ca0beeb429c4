import { join } from 'node:path';
import type { FileSystem } from './file-system.ts';
import { ignoring } from './local-files.ts';

/** No write takes this long: an older file with a temporary name was left by a process that died. */
export const leftoverAgeMs = 3_600_000;

const temporaryName = /^\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Removes the temporary files in a directory that processes left when they died. Several processes may use
 * the directory, so it removes only files older than {@link leftoverAgeMs}. `nowMs` is the time by the clock
 * of the file system. Returns how many it removed.
 */
export async function removeLeftovers(fs: FileSystem, directory: string, nowMs: number): Promise<number> {
  let removed = 0;
  for (const name of (await ignoring('ENOENT', fs.names(directory))) ?? []) {
    if (!temporaryName.test(name)) continue;
    const path = join(directory, name);
    const modifiedAtMs = await ignoring('ENOENT', fs.modifiedAtMs(path));
    if (modifiedAtMs === undefined || nowMs - modifiedAtMs < leftoverAgeMs) continue;
    await fs.removeTree(path);
    removed += 1;
  }
  return removed;
}
