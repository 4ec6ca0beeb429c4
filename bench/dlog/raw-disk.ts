import { closeSync, fdatasync, fdatasyncSync, openSync, write } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const writeAt = promisify(write);
const sync = promisify(fdatasync);

/**
 * Groups of that size a second that this disk takes, written and synced one after the other, with nothing
 * else done.
 */
export async function groupsPerSec(scratch: string, groupBytes: number, windowMs: number): Promise<number> {
  const file = openSync(join(scratch, 'raw'), 'w');
  try {
    const group = Buffer.alloc(groupBytes, 'g');
    fdatasyncSync(file);
    const startedMs = performance.now();
    let groups = 0;
    while (performance.now() - startedMs < windowMs) {
      await writeAt(file, group, 0, group.length, groups * groupBytes);
      await sync(file);
      groups += 1;
    }
    return (groups * 1000) / (performance.now() - startedMs);
  } finally {
    closeSync(file);
  }
}
