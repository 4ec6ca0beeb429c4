import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, errorCode } from '../base/index.ts';
import { endProcess } from './end.ts';
import { processStart } from './proc.ts';

/**
 * A directory with one file for each living child, named by its pid and holding its start time. A process
 * that finds the owner of the children dead (after SIGKILL) ends what it left behind with {@link
 * endRecordedProcesses}.
 */
export function recordProcess(directory: string, pid: number): Disposable {
  const file = join(directory, String(pid));
  const start = processStart(pid);
  if (start !== undefined) {
    mkdirSync(directory, { recursive: true });
    writeFileSync(file, start);
  }
  return { [Symbol.dispose]: () => rmSync(file, { force: true }) };
}

/**
 * Ends all processes recorded in the directory and their groups, and removes their records. Returns how many
 * still ran.
 */
export async function endRecordedProcesses(
  directory: string,
  options: { readonly graceMs: number; readonly clock: Clock; readonly signal?: AbortSignal },
): Promise<number> {
  const results = await Promise.all(
    recordedPids(directory).map(async (pid) => {
      const file = join(directory, String(pid));
      const result = await endProcess({ pid, processStart: readStart(file) }, options);
      rmSync(file, { force: true });
      return result;
    }),
  );
  return results.filter((result) => result !== 'gone').length;
}

/** Empty when the child's owner was faster: no process has that start. */
function readStart(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return '';
    throw error;
  }
}

function recordedPids(directory: string): number[] {
  try {
    return readdirSync(directory)
      .filter((name) => /^[1-9][0-9]*$/.test(name))
      .map(Number);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}
