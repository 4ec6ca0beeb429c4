import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export interface RunningProcess {
  readonly pid: number;
  readonly command: string;
}

/** Every process whose command line or working directory is under a directory. */
export function processesUnder(dir: string): RunningProcess[] {
  const found: RunningProcess[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
      if (command.includes(dir) || readlinkSync(`/proc/${name}/cwd`).startsWith(dir))
        found.push({ pid: Number(name), command });
    } catch {
      // it ended while we looked
    }
  }
  return found.filter(({ pid }) => pid !== process.pid);
}

const patterns = {
  container: /egret container|bin\/container\.js/,
  jvm: /egret\.host\.Main/,
  master: /egret container \S+\/0\s*$/,
  worker: /egret container \S+\/[1-9]/,
  child: /^\S*python3? \S*split_python\.py/,
  redis: /redis-server|valkey-server/,
};

/**
 * The gateway's processes of one kind: containers by title, a JVM, a Python child, the private state server.
 */
export function processesOf(dir: string, kind: keyof typeof patterns): RunningProcess[] {
  return processesUnder(dir).filter(({ command }) => patterns[kind].test(command));
}

/** Kill -9 of a process that may end by itself meanwhile, as a child does whose parent has been killed. */
export function killIfRunning(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
