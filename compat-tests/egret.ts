import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root, target } from './target.ts';

export interface CommandRun {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

/** Runs a command of bin/egret on the target. */
export async function egret(command: string, ...args: readonly string[]): Promise<CommandRun> {
  const { host, port } = await target();
  const address = ['-c', `nimbus.seeds=${JSON.stringify([host])}`, '-c', `nimbus.thrift.port=${port}`];
  return runEgret([command, ...address, ...args], {});
}

/**
 * Runs bin/egret and waits until it has ended. `env` is laid over the environment; `input` is its standard
 * input.
 */
export async function runEgret(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  input = '',
): Promise<CommandRun> {
  const child = spawn(join(root, 'bin', 'egret'), args, {
    stdio: 'pipe',
    env: { ...process.env, ...env },
  });
  child.stdin.on('error', () => undefined); // it need not read all
  child.stdin.end(input);
  let output = '';
  let errors = '';
  child.stdout.on('data', (bytes: Buffer) => (output += bytes.toString('utf8')));
  child.stderr.on('data', (bytes: Buffer) => (errors += bytes.toString('utf8')));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output, errors }));
  });
}
