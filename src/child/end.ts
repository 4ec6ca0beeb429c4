import { type Clock, errorCode } from '../base/index.ts';
import { isSameProcess, processStart } from './proc.ts';

/**
 * gone: it was not there any more; terminated: it went within the grace; killed: SIGKILL took it; stuck: not
 * even that.
 */
export type EndResult = 'gone' | 'terminated' | 'killed' | 'stuck';

const lookEveryMs = 10;
/**
 * How long a process may take to vanish after SIGKILL (it may sit in a system call) before we call it stuck.
 */
const killedGoneMs = 5000;

/**
 * Ends a process that may or may not be our child, and the process group it leads: SIGTERM, at most
 * `graceMs`, SIGKILL. If the process is gone already, the rest of its group is killed. Does nothing to a
 * process that has reused the pid. Safe to call again and at the same time. On abort rejects with the
 * signal's reason; what was sent is sent.
 */
export async function endProcess(
  target: { readonly pid: number; readonly processStart: string },
  options: { readonly graceMs: number; readonly clock: Clock; readonly signal?: AbortSignal },
): Promise<EndResult> {
  const { pid } = target;
  const isThere = (): boolean => isSameProcess(pid, target.processStart);
  if (!isThere()) {
    // Its leader may be gone while what it started is not. A pid that another process has now is no group of
    // ours.
    if (processStart(pid) === undefined) signalGroup(pid, 'SIGKILL', { leaderIsGone: true });
    return 'gone';
  }
  if (options.graceMs > 0) {
    signalGroup(pid, 'SIGTERM');
    if (await isTrueWithin(() => !isThere(), options.graceMs, options)) {
      signalGroup(pid, 'SIGKILL', { leaderIsGone: true });
      return 'terminated';
    }
  }
  signalGroup(pid, 'SIGKILL');
  return (await isTrueWithin(() => !isThere(), killedGoneMs, options)) ? 'killed' : 'stuck';
}

/**
 * Signals the group led by `pid`; a process that leads none gets the signal itself. With `leaderIsGone` only
 * the group: while a group has members its number is not given to a new process, but a number without group
 * is anyone's.
 */
export function signalGroup(
  pid: number,
  signal: NodeJS.Signals,
  options: { readonly leaderIsGone?: boolean } = {},
): void {
  if (trySignal(-pid, signal) || options.leaderIsGone === true) return;
  trySignal(pid, signal);
}

function trySignal(target: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(target, signal);
  } catch (error) {
    // ESRCH: nothing has that number any more. EPERM: it is a stranger's.
    const code = errorCode(error);
    if (code === 'ESRCH' || code === 'EPERM') return false;
    throw error;
  }
}

async function isTrueWithin(
  isTrue: () => boolean,
  limitMs: number,
  options: { readonly clock: Clock; readonly signal?: AbortSignal },
): Promise<boolean> {
  const deadlineMs = options.clock.monotonicMs() + limitMs;
  while (!isTrue()) {
    if (options.clock.monotonicMs() >= deadlineMs) return false;
    await options.clock.sleep(lookEveryMs, options.signal);
  }
  return true;
}
