import { childEnvironment } from './environment.ts';
import { spawnFailure } from './spawn-failure.ts';

export interface CommandSpec {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Laid over this process's own environment; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /**
   * inherit: its streams are ours, as in a shell; capture: outputs are returned, at most 1 MiB each, and
   * stdin is empty.
   */
  readonly stdio: 'inherit' | 'capture';
  /** Aborted: the command gets SIGTERM, and SIGKILL five seconds later. */
  readonly signal?: AbortSignal;
}

export interface CommandResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Empty with `inherit`. */
  readonly stdout: string;
  readonly stderr: string;
}

const capturedBytesMax = 1 << 20;

/**
 * Runs a program to its end, in our own process group (a Ctrl-C in the terminal reaches it too). A failure of
 * the program is a value. Rejects with `SPAWN_FAILED` when it could not be started.
 */
export async function runCommand(spec: CommandSpec): Promise<CommandResult> {
  const { execa } = await import('execa');
  const process = execa(spec.command, spec.args, {
    cwd: spec.cwd,
    env: childEnvironment(spec.env),
    extendEnv: false,
    stdin: spec.stdio === 'inherit' ? 'inherit' : 'ignore',
    stdout: spec.stdio === 'inherit' ? 'inherit' : 'pipe',
    stderr: spec.stdio === 'inherit' ? 'inherit' : 'pipe',
    maxBuffer: capturedBytesMax,
    reject: false,
    ...(spec.signal === undefined ? {} : { cancelSignal: spec.signal }),
  });
  const result = await process;
  if (process.pid === undefined) throw spawnFailure({ ...spec, name: spec.command }, result.cause);
  return {
    code: result.exitCode ?? null,
    signal: result.signal ?? null,
    stdout: result.stdout ?? '',
    stderr: result.stderr ?? '',
  };
}
