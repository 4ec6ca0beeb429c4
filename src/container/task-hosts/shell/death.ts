import { describeError } from '../../../base/index.ts';
import type { HostExit } from '../deps.ts';
import type { ShellChildEnd, ShellCommand } from './shell-child.ts';

const stderrTailMax = 20;

/**
 * Why a child is no more, in one sentence that names component, task, command line, directory and how it
 * ended.
 */
export function describeDeath(
  child: {
    readonly taskId: number;
    readonly componentId: string;
    readonly pid: number;
    readonly command: ShellCommand;
    readonly hasAnswered: boolean;
  },
  end: ShellChildEnd,
): HostExit {
  const { command, args, cwd } = child.command;
  const line = [command, ...args].map(quoteWord).join(' ');
  const who = `child of task ${child.taskId} (${child.componentId}), "${line}" in ${cwd}, pid ${child.pid}`;
  const stderrTail = end.exit.lastStderrLines.slice(-stderrTailMax);
  return { reason: `${who} ${howItEnded(child.hasAnswered, end)}`, stderrTail };
}

function howItEnded(hasAnswered: boolean, end: ShellChildEnd): string {
  if (end.fault !== undefined) return `${describeError(end.fault)}; it was ended`;
  const { code, signal } = end.exit;
  const how = signal === null ? `exited with code ${code ?? 'unknown'}` : `was ended by ${signal}`;
  const when = hasAnswered ? '' : ' before it answered the handshake';
  const said = end.unfinished === '""' ? '' : `; it left an unfinished message: ${end.unfinished}`;
  return `${how}${when}${said}`;
}

/** A word with spaces is one argument, and shows as one. */
function quoteWord(word: string): string {
  return /^[^\s'"]+$/.test(word) ? word : `'${word}'`;
}
