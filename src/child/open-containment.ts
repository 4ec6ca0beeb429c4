import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeError, type Logger, setupCommand } from '../base/index.ts';
import { removeEmptyCell } from './cells.ts';
import { runCommand } from './command.ts';
import {
  type Containment,
  type ContainmentFindings,
  type ContainmentWish,
  chooseContainment,
  gatewayCellName,
  ownCgroup,
} from './containment.ts';

/**
 * Decides, once in the life of a gateway, how it contains the processes of topologies: looks what this
 * machine offers, tries it, chooses and logs the choice. Throws `CONFIG_INVALID` when what is asked for is
 * not possible.
 */
export async function openContainment(options: {
  readonly wish: ContainmentWish;
  /** `build/native/egret-contain` of the installation. */
  readonly helper: string;
  /** Absolute: names the gateway's own control group. */
  readonly localDir: string;
  readonly log: Logger;
}): Promise<Containment> {
  const { wish, log } = options;
  const findings = await findContainment(wish, options);
  const { containment, reasons } = chooseContainment(wish, findings);
  const level = containment.kind === 'group' && wish === 'auto' ? 'warn' : 'info';
  log[level]({ event: 'containment.chosen', ...containment, ...(reasons.length > 0 ? { reasons } : {}) });
  return containment;
}

/** The directory is removed again if no container needs it. */
export function closeContainment(containment: Containment): void {
  if (containment.kind === 'cgroup') removeEmptyCell(containment.directory);
}

async function findContainment(
  wish: ContainmentWish,
  { helper, localDir }: { readonly helper: string; readonly localDir: string },
): Promise<ContainmentFindings> {
  const unasked = { missing: 'not asked for' };
  if (wish === 'group') return { helper: unasked, directory: unasked };
  const fault = await probe(helper);
  if (fault !== undefined) {
    const missing = `the helper ${helper} cannot be used (install a C compiler and run "${setupCommand(helper)}"): ${fault}`;
    return { helper: { missing }, directory: { missing: 'control groups need the helper' } };
  }
  return { helper, directory: wish === 'subreaper' ? unasked : await findCgroup(helper, localDir) };
}

async function findCgroup(helper: string, localDir: string): Promise<ContainmentFindings['directory']> {
  try {
    const own = ownCgroup(
      readFileSync('/proc/self/mountinfo', 'utf8'),
      readFileSync('/proc/self/cgroup', 'utf8'),
    );
    if (own === undefined) return { missing: 'no control group file system (cgroup v2) shows our own group' };
    const directory = join(own, gatewayCellName(localDir));
    mkdirSync(directory, { recursive: true });
    const fault = await probe(helper, directory);
    if (fault === undefined) return directory;
    removeEmptyCell(directory);
    return { missing: `control groups cannot be used: ${fault}` };
  } catch (error) {
    return { missing: `no control group can be made: ${describeError(error)}` };
  }
}

/** Undefined when it would work, else why not. */
async function probe(helper: string, ...directory: readonly string[]): Promise<string | undefined> {
  try {
    const command = { command: helper, args: ['probe', ...directory], cwd: '/', stdio: 'capture' } as const;
    const { code, signal, stderr } = await runCommand(command);
    return code === 0 ? undefined : stderr.trim() || `it ended with ${code ?? signal}`;
  } catch (error) {
    return describeError(error);
  }
}
