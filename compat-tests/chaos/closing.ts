import { cpSync, existsSync, lstatSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeError } from '../../src/base/index.ts';
import { assertNothingLeft } from '../bad-luck.ts';
import { processesUnder } from '../processes.ts';
import { eventually } from '../records.ts';
import { closeTarget, target } from '../target.ts';

const endLimitMs = 60_000;

/** Copies what explains a failure: journals, what the faults were, and every log. */
export function keep(scratch: string): string {
  const kept = mkdtempSync(join(tmpdir(), 'egret-chaos-failed-'));
  for (const part of ['journals', 'local/logs', 'local/workers-artifacts', 'local/containers'])
    if (existsSync(join(scratch, part)))
      cpSync(join(scratch, part), join(kept, part), {
        recursive: true,
        // a socket cannot be copied
        filter: (path) => !(lstatSync(path, { throwIfNoEntry: false })?.isSocket() ?? true),
      });
  return kept;
}

/**
 * Ends the gateway and looks for what it leaves; answers what was wrong. Whatever is there, no process stays
 * and `unmount` is done before the directory goes.
 */
export async function endAll(unmount: () => void): Promise<string[]> {
  const troubles: string[] = [];
  const { gateway, localDir, scratch } = await target();
  const impatient = setTimeout(() => gateway!.kill('SIGKILL'), endLimitMs);
  try {
    await closeTarget(() => {
      try {
        assertNothingLeft(localDir!);
      } catch (error) {
        troubles.push(`left behind: ${describeError(error)}`);
      }
      endProcesses(localDir!);
      unmount();
    });
  } catch (error) {
    troubles.push(describeError(error));
    endProcesses(localDir!);
    await eventually('an end of its processes', () =>
      processesUnder(localDir!).length === 0 ? true : undefined,
    );
    unmount();
    rmSync(scratch, { recursive: true, force: true });
  } finally {
    clearTimeout(impatient);
  }
  return troubles;
}

/** Those that should have ended by themselves. */
function endProcesses(localDir: string): void {
  for (const { pid } of processesUnder(localDir)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // it has ended
    }
  }
}
