import { join } from 'node:path';
import type { FileSystem } from './file-system.ts';
import { ignoring } from './local-files.ts';

/** No write takes so long: an older file under a temporary name was left by a process that died. */
export const leftoverAgeMs = 3_600_000;

const temporaryName = /^\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Removes what processes left under temporary names in a directory when they died. Several processes may use
 * the directory, so only what is older than {@link leftoverAgeMs} goes. `nowMs` is by the clock of the file
 * system. Answers how many went.
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
