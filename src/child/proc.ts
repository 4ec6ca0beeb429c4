import { readFileSync } from 'node:fs';

/**
 * When the process started: field 22 of /proc/PID/stat (clock ticks since the machine came up). Together with
 * the pid it names one process: a reused pid has another start. Undefined when there is no such process, or
 * only what is left of one until its parent asks how it ended (a zombie).
 */
export function processStart(pid: number): string | undefined {
  const stat = readStat(pid);
  return stat === undefined ? undefined : parseStat(stat);
}

/**
 * True while a signal (SIGSTOP, SIGTSTP) has stopped the process. A process under a debugger does not
 * count, nor one that waits for a disk or is frozen with its whole control group.
 */
export function isStopped(pid: number): boolean {
  const stat = readStat(pid);
  return stat?.startsWith('T', stat.lastIndexOf(')') + 2) === true;
}

function readStat(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined; // ENOENT or ESRCH: it went before or while we read
  }
}

/** True while the process that had this pid and start runs. */
export function isSameProcess(pid: number, start: string): boolean {
  return processStart(pid) === start;
}

/**
 * The start of a living process in the text of its stat file. Field 2 is the program's name in parentheses
 * and may itself hold spaces and parentheses: fields are counted from the last one.
 */
export function parseStat(stat: string): string | undefined {
  const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (state === 'Z' || state === 'X' || state === 'x') return undefined;
  return rest[18];
}
