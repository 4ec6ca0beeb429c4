import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readConfText, withConfValues, writeConfText } from '../../../config/index.ts';
import { confFileName } from '../../../records/index.ts';
import { ownConfOf } from '../../../topology/index.ts';
import type { TaskHostDeps } from '../deps.ts';
import { contextOf } from './context.ts';
import { handshakeText } from './messages.ts';
import type { ShellTaskIdentity } from './task-identity.ts';

/** The handshake message of a task's child. Creates the directory in which the child records its pid. */
export async function prepareHandshake(
  { spec, topology }: TaskHostDeps,
  { task, component }: ShellTaskIdentity,
  pidDir: string,
): Promise<string> {
  await mkdir(pidDir, { recursive: true });
  const file = join(spec.codeDir, confFileName);
  const conf = await readConfText(await readFile(file, 'utf8'), file);
  const own = ownConfOf(component.conf);
  return handshakeText({
    pidDir,
    confText: writeConfText(withConfValues(conf, own), 'strict'),
    context: contextOf(topology, task.taskId),
  });
}
