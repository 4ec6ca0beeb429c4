import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { quickJvmOptions } from '../src/testing/quick-jvm.ts';

export const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * The Nimbus under test. Without EGRET_COMPAT_NIMBUS the suite starts a gateway of its own on free ports and
 * a scratch directory. EGRET_COMPAT_NIMBUS=host:port points it at a running one, and EGRET_COMPAT_KIND=storm
 * says that it is Storm itself: the expectations are then tested against the original, and the cases that
 * state an improvement are left out.
 */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly kind: 'egret' | 'storm';
  /** Scratch space that workers can write to: each case records there. */
  readonly scratch: string;
  /** The gateway's process where the suite started it. */
  readonly gateway: ChildProcess | undefined;
  readonly localDir: string | undefined;
  /** What the gateway was started with. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

let shared: Promise<Target> | undefined;

/** What a suite's own gateway is started with, besides its directory and ports. */
export interface GatewaySettings {
  readonly args?: readonly string[];
  /** Laid over the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Makes the gateway's directory ready before it starts. */
  readonly prepare?: (localDir: string) => void;
}

/** The one target of this run, started at the first call. */
export function target(): Promise<Target> {
  shared ??= open({});
  return shared;
}

/** A target with a gateway of special settings, for a suite that has it for itself. */
export function openTarget(settings: GatewaySettings): Promise<Target> {
  if (shared !== undefined) throw new Error('an earlier suite has left its target open');
  shared = open(settings);
  shared.catch(() => {
    shared = undefined;
  });
  return shared;
}

/**
 * Ends the gateway if the suite started it, and fails when it does not drain and exit 0. `inspect` sees what
 * it left before that is removed.
 */
export async function closeTarget(inspect: (ended: Target) => void = () => undefined): Promise<void> {
  if (shared === undefined) return;
  const ended = await shared;
  const { gateway, scratch } = ended;
  shared = undefined;
  if (gateway !== undefined) {
    const exited = new Promise<number | null>((resolve) => gateway.once('exit', resolve));
    gateway.kill('SIGTERM');
    const code = await exited;
    if (code !== 0) throw new Error(`the gateway ended with ${code} on SIGTERM; its files are in ${scratch}`);
    inspect(ended);
  }
  rmSync(scratch, { recursive: true, force: true });
}

/** Starts the suite's gateway again, on the same directory, after a test has killed it. */
export async function restartGateway(): Promise<void> {
  const before = await target();
  if (before.localDir === undefined) throw new Error('the gateway is not of this suite');
  const { gateway, port } = await startGateway(before.localDir, before.args, before.env);
  shared = Promise.resolve({ ...before, gateway, port });
}

/** More slots than Storm's four, for the cases that run side by side, and JVMs that start quickly. */
const gatewayArgs = [
  ...['-c', 'supervisor.slots.ports=[6700,6701,6702,6703,6704,6705]'],
  ...['-c', `worker.gc.childopts=${quickJvmOptions}`],
];

async function open({ args = [], env = {}, prepare }: GatewaySettings): Promise<Target> {
  const scratch = mkdtempSync(join(tmpdir(), 'egret-compat-'));
  const given = process.env['EGRET_COMPAT_NIMBUS'];
  if (given !== undefined) {
    const [host = '127.0.0.1', port = '6627'] = given.split(':');
    const kind = process.env['EGRET_COMPAT_KIND'] === 'storm' ? 'storm' : 'egret';
    return { host, port: Number(port), kind, scratch, gateway: undefined, localDir: undefined, args, env };
  }
  const localDir = join(scratch, 'local');
  const allArgs = [...gatewayArgs, ...args];
  try {
    prepare?.(localDir);
    const { gateway, port } = await startGateway(localDir, allArgs, env);
    return { host: '127.0.0.1', port, kind: 'egret', scratch, gateway, localDir, args: allArgs, env };
  } catch (error) {
    rmSync(scratch, { recursive: true, force: true });
    throw error;
  }
}

/** Starts `bin/egret up` on free ports and waits for its ready line. */
export async function startGateway(
  localDir: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<{ gateway: ChildProcess; port: number; readyLine: string }> {
  const command = ['up', '-c', `storm.local.dir=${localDir}`, '-c', 'nimbus.thrift.port=0', ...args];
  const gateway = spawn(join(root, 'bin', 'egret'), command, {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'], // it ends with the suite, however that ends
    env: { ...process.env, ...env },
  });
  gateway.channel?.unref();
  const said: string[] = [];
  gateway.stderr!.on('data', (bytes: Buffer) => said.push(bytes.toString('utf8')));
  const readyLine = await new Promise<string>((resolve, reject) => {
    createInterface({ input: gateway.stdout! }).on('line', (line) => {
      if (line.startsWith('egret ready')) resolve(line);
    });
    gateway.once('exit', (code) =>
      reject(new Error(`the gateway ended with ${code} before it was ready:\n${said.join('')}`)),
    );
  });
  const port = Number(/nimbus=(?:[^ ]*:)?(\d+)/.exec(readyLine)?.[1]);
  if (!Number.isInteger(port)) throw new Error(`no nimbus port in "${readyLine}"`);
  return { gateway, port, readyLine };
}
