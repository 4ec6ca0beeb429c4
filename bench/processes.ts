import { readdirSync, readFileSync } from 'node:fs';

/** Processor time and memory of one process, from /proc. */
export interface ProcessUse {
  readonly pid: number;
  readonly cpuMs: number;
  readonly rssMiB: number;
  readonly command: string;
}

const ticksPerSecond = 100;
const pageBytes = 4096;

/**
 * Every process that belongs to a system: its command line, its environment or its directory names the
 * scratch directory that all its state is in, or an ancestor does or is one of `roots`. Works for daemons,
 * workers and their children alike.
 */
export function processesOf(scratch: string, roots: readonly number[] = []): ProcessUse[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readProcess(Number(name), scratch))
    .filter((found) => found !== undefined);
  const parents = new Map(all.map(({ pid, parent }) => [pid, parent]));
  const marked = new Set([...roots, ...all.filter(({ isMarked }) => isMarked).map(({ pid }) => pid)]);
  const belongs = (pid: number | undefined): boolean =>
    pid !== undefined && pid !== process.pid && (marked.has(pid) || belongs(parents.get(pid)));
  return all.filter(({ pid }) => pid !== process.pid && belongs(pid)).map(({ use }) => use);
}

function readProcess(
  pid: number,
  scratch: string,
): { pid: number; parent: number; isMarked: boolean; use: ProcessUse } | undefined {
  try {
    const read = (name: string): string => readFileSync(`/proc/${pid}/${name}`, 'latin1');
    const fields = statFields(pid);
    const command = read('cmdline').replaceAll('\0', ' ');
    const cpuMs = cpuMsOf(fields);
    const rssMiB = (Number(fields[21]) * pageBytes) / (1 << 20);
    const isMarked = command.includes(scratch) || read('environ').includes(scratch);
    return {
      pid,
      parent: Number(fields[1]),
      isMarked,
      use: { pid, cpuMs, rssMiB, command: command.slice(0, 200) },
    };
  } catch {
    return undefined;
  }
}

/** Processor time of one process, all its threads together. Throws when it is not there. */
export function processCpuMs(pid: number): number {
  return cpuMsOf(statFields(pid));
}

/** From the state on: the name before it may hold anything. */
function statFields(pid: number): readonly string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function cpuMsOf(fields: readonly string[]): number {
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticksPerSecond;
}

/** Processor time that the whole machine has spent since it started, over all cores. */
export function machineBusyMs(): number {
  return parseMachineBusyMs(readFileSync('/proc/stat', 'utf8'));
}

/** Reads the first line of /proc/stat: all cores, without idle and waiting time. */
export function parseMachineBusyMs(stat: string): number {
  const [, user, nice, system, , , irq, softirq] = stat.split('\n', 1)[0]!.split(/\s+/).map(Number);
  return ((user! + nice! + system! + irq! + softirq!) * 1000) / ticksPerSecond;
}

/** Processor time of the bench itself. */
export function benchCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
