import { readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/**
 * Whether a script speaks through Storm's storm.py, which lies beside it, where Python looks first. That
 * adapter (every release since 0.7, and what users made of it) keeps lists of task ids that it reads while it
 * waits for a tuple, and its `emit` takes the oldest. Others do not: Storm's storm.js throws at a list that
 * no emit waits for.
 */
export async function queuesTaskIds(script: string, directory: string): Promise<boolean> {
  if (!script.endsWith('.py')) return false;
  const path = resolve(directory, script);
  if (!importsStorm.test(await textOf(path))) return false;
  const adapter = await textOf(resolve(dirname(path), 'storm.py'));
  return queueLines.every((line) => adapter.includes(line));
}

/** The lines of storm.py that keep the lists and take them, however they are indented. */
const queueLines = [
  'def readTaskIds():',
  'return pending_taskids.popleft()',
  'pending_taskids.append(msg)',
  'pending_commands.append(msg)',
  'return pending_commands.popleft()',
];
const importsStorm = /^[ \t]*(?:import[ \t]+storm|from[ \t]+storm[ \t]+import)\b/m;
const fileBytesMax = 1 << 20;

/** Empty for a file that is not there or cannot be read: the child will say so itself. */
async function textOf(path: string): Promise<string> {
  try {
    return (await stat(path)).size > fileBytesMax ? '' : await readFile(path, 'latin1');
  } catch {
    return '';
  }
}
