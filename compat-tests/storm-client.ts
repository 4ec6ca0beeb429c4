import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root, target } from './target.ts';

export interface ClientRun {
  readonly code: number;
  readonly output: string;
}

export const compatJar = join(root, 'build', 'java', 'egret-compat-topologies.jar');

/**
 * Runs a main class with Storm's released client on the class path, as `storm jar` does: the jar and the
 * options travel as system properties. The output holds standard output and error together.
 */
export async function stormJar(
  jar: string,
  mainClass: string,
  args: readonly string[],
  classPath: readonly string[] = [],
): Promise<ClientRun> {
  const { host, port } = await target();
  const options = { 'nimbus.seeds': JSON.stringify([host]), 'nimbus.thrift.port': String(port) };
  const encoded = Object.entries(options)
    .map(([key, value]) => `${key}=${encodeURIComponent(value)}`)
    .join(',');
  const command = [
    '-XX:TieredStopAtLevel=1',
    '-Xshare:auto',
    `-Dstorm.options=${encoded}`,
    '-Dstorm.conf.file=',
    `-Dstorm.jar=${jar}`,
    '-Dstorm.dependency.jars=',
    '-Dstorm.dependency.artifacts={}',
    '-Dlog4j2.level=WARN',
    '-cp',
    [join(root, 'build', 'java', 'lib-worker', '*'), jar, ...classPath].join(':'),
    mainClass,
    ...args,
  ];
  return await new Promise<ClientRun>((resolve, reject) => {
    const child = spawn('java', command, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (bytes: Buffer) => (output += bytes.toString('utf8')));
    child.stderr.on('data', (bytes: Buffer) => (output += bytes.toString('utf8')));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? -1, output }));
  });
}

/** Submits one case of the compat topologies and fails with the client's output when the client fails. */
export async function submit(
  name: string,
  caseName: string,
  options: Readonly<Record<string, string | number>>,
): Promise<void> {
  const result = await trySubmit(name, caseName, options);
  if (result.code !== 0) throw new Error(`submitting ${name} ended with ${result.code}:\n${result.output}`);
}

export function trySubmit(
  name: string,
  caseName: string,
  options: Readonly<Record<string, string | number>>,
): Promise<ClientRun> {
  const args = Object.entries(options).map(([key, value]) => `${key}=${value}`);
  return stormJar(compatJar, 'egret.compat.Compat', [caseName, name, ...args]);
}
