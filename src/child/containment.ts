import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { GatewayError } from '../base/index.ts';

/**
 * How the processes that a program starts are kept together, so that none outlives it. Goes into a
 * container's spec. group: by the program's process group, which a process leaves by calling setsid.
 * subreaper: the helper stays as the program's parent and kills all its descendants at its end. cgroup: the
 * same, and the program is born in a control group below `directory`.
 */
export type Containment =
  | { readonly kind: 'group' }
  | { readonly kind: 'subreaper'; readonly helper: string }
  | { readonly kind: 'cgroup'; readonly helper: string; readonly directory: string };

/** `egret.containment`. */
export type ContainmentWish = 'auto' | Containment['kind'];

/** What this machine and installation offer: a path, or why there is none. */
export interface ContainmentFindings {
  readonly helper: string | { readonly missing: string };
  /** A directory in the control group file system that is ours to make groups in. */
  readonly directory: string | { readonly missing: string };
}

export interface ContainmentChoice {
  readonly containment: Containment;
  /** Why nothing better was chosen; empty for the best. */
  readonly reasons: readonly string[];
}

/**
 * The best kind that is possible, or the one that is asked for. Throws `CONFIG_INVALID` when that one is not
 * possible.
 */
export function chooseContainment(
  wish: ContainmentWish,
  { helper, directory }: ContainmentFindings,
): ContainmentChoice {
  const reasons = [helper, directory].flatMap((found) => (typeof found === 'string' ? [] : [found.missing]));
  const hasHelper = typeof helper === 'string';
  if (wish === 'group') return { containment: { kind: 'group' }, reasons: ['egret.containment is group'] };
  if (hasHelper && typeof directory === 'string' && wish !== 'subreaper')
    return { containment: { kind: 'cgroup', helper, directory }, reasons: [] };
  if (hasHelper && wish !== 'cgroup')
    return {
      containment: { kind: 'subreaper', helper },
      reasons: wish === 'subreaper' ? ['egret.containment is subreaper'] : reasons,
    };
  if (wish === 'auto') return { containment: { kind: 'group' }, reasons };
  throw new GatewayError(
    'CONFIG_INVALID',
    `egret.containment is ${wish}, which is not possible here: ${reasons.join('; ')}. Set it to auto for the best that is.`,
    { facts: { key: 'egret.containment', reasons } },
  );
}

/**
 * The directory of the calling process's own control group (version 2), from /proc/self/mountinfo and
 * /proc/self/cgroup; undefined when none is mounted where it can be seen.
 */
export function ownCgroup(mountinfo: string, cgroup: string): string | undefined {
  const own = /^0::(.*)$/m.exec(cgroup)?.[1];
  if (own === undefined) return undefined;
  for (const line of mountinfo.split('\n')) {
    const [mount = '', fileSystem = ''] = line.split(' - ');
    if (!fileSystem.startsWith('cgroup2 ')) continue;
    const [root = '', point = ''] = mount.split(' ').slice(3, 5).map(unescapeMount);
    const prefix = root === '/' ? '' : root;
    if (own === prefix || own.startsWith(`${prefix}/`)) return join(point, own.slice(prefix.length));
  }
  return undefined;
}

/** The part of a gateway's or container's containment for one of its own children, by name. */
export function cellOf(containment: Containment, name: string): Containment {
  return containment.kind === 'cgroup'
    ? { ...containment, directory: join(containment.directory, cellName(name)) }
    : containment;
}

const cellNameCharsMax = 80;

/**
 * A name for a control group's directory. It has no dot, because the kernel's own files there have one, and
 * no line break, which the kernel refuses. Another name, which had to be changed for that, gets a digest of
 * the whole.
 */
export function cellName(name: string): string {
  const safe = name.replaceAll(/[^A-Za-z0-9_-]/g, '_').slice(0, cellNameCharsMax);
  return safe === name && name !== '' ? name : `${safe}-${digest(name)}`;
}

/**
 * Where a gateway keeps the groups of its containers; only a gateway on the same `storm.local.dir` finds the
 * same.
 */
export function gatewayCellName(localDir: string): string {
  return `egret-${digest(localDir)}`;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

/** Blanks in paths are octal there: `\040`. */
function unescapeMount(path: string): string {
  return path.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}
