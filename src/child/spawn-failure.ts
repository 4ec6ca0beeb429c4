import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { errorCode, GatewayError, inheritedEnvironment } from '../base/index.ts';

export interface SpawnTarget {
  readonly name: string;
  readonly command: string;
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * `SPAWN_FAILED` with the reason in words: the kernel says ENOENT alike for the directory, the command and
 * its interpreter. `knownReason` is for a cause that is none of those.
 */
export function spawnFailure(target: SpawnTarget, cause: unknown, knownReason?: string): GatewayError {
  const reason = knownReason ?? findReason(target, errorCode(cause));
  return new GatewayError(
    'SPAWN_FAILED',
    `cannot start ${target.name} (command ${target.command}, in ${target.cwd}): ${reason}`,
    {
      cause,
      facts: { name: target.name, command: target.command, cwd: target.cwd, reason },
      retryable: errorCode(cause) === 'EAGAIN' || errorCode(cause) === 'EMFILE',
    },
  );
}

function findReason(target: SpawnTarget, code: string | undefined): string {
  const directory = statSync(target.cwd, { throwIfNoEntry: false });
  if (directory === undefined) return `the working directory ${target.cwd} does not exist`;
  if (!directory.isDirectory()) return `the working directory ${target.cwd} is not a directory`;
  const file = findCommand(target);
  if (code === 'ENOENT') {
    if (file !== undefined) return `${file} names an interpreter in its #! line that does not exist`;
    return target.command.includes('/')
      ? `the file ${target.command} does not exist`
      : `no program of that name is on the PATH`;
  }
  if (code === 'EACCES') {
    if (file !== undefined && !isExecutable(file)) return `${file} is not executable`;
    return 'permission denied';
  }
  if (code === 'ENOEXEC') return `${file ?? target.command} is not a program for this machine`;
  if (code === 'EAGAIN') return 'the machine has no room for another process (EAGAIN)';
  if (code === 'EMFILE') return 'this process has too many open files (EMFILE)';
  return `the system said ${code ?? 'nothing of use'}`;
}

function findCommand(target: SpawnTarget): string | undefined {
  if (target.command.includes('/')) {
    const file = target.command.startsWith('/') ? target.command : join(target.cwd, target.command);
    return existsSync(file) ? file : undefined;
  }
  const path = target.env?.['PATH'] ?? inheritedEnvironment()['PATH'] ?? '';
  return path
    .split(delimiter)
    .filter((directory) => directory !== '')
    .map((directory) => join(directory, target.command))
    .find((file) => existsSync(file));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
