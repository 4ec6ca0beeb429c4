import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { textFile } from './case.ts';
import { killTopology, topologyInfo } from './nimbus.ts';
import { processesUnder } from './processes.ts';
import { eventually, tuplesOf } from './records.ts';
import { submit } from './storm-client.ts';
import { closeTarget, type Target, target } from './target.ts';

/** A topology that nothing happens to, and that must not notice what happens around it. */
export class Healthy {
  readonly name = `healthy-${process.pid}`;
  #out = '';

  async start(): Promise<void> {
    this.#out = join((await target()).scratch, this.name);
    mkdirSync(this.#out, { recursive: true });
    await submit(this.name, 'count', {
      'compat.pace': 20,
      'compat.out': this.#out,
      'compat.text': textFile,
    });
    await this.flows();
  }

  /** Waits until the sink has got more than could have been on the way. */
  async flows(): Promise<void> {
    const seen = (): number => tuplesOf(this.#out, 'sink').length;
    const before = seen();
    await eventually('tuples of the healthy topology', () => (seen() > before + 500 ? true : undefined));
  }

  async stop(): Promise<void> {
    await killTopology(this.name, 0);
  }
}

/**
 * Leaves the tests of a suite out where the target's gateway is not of this run: they look into its
 * directory.
 */
export async function ownGateway(context: Mocha.Context): Promise<Target & { readonly localDir: string }> {
  const found = await target();
  const { localDir } = found;
  if (localDir === undefined) return context.skip();
  return { ...found, localDir };
}

/** Waits for an error of a component in getTopologyInfo and answers its text. */
export function errorOf(name: string, component: string): Promise<string> {
  return eventually(
    `an error of ${component}`,
    async () => (await topologyInfo(name)).errors.get(component)?.[0]?.error,
  );
}

export interface LogLine {
  readonly level: string;
  readonly event: string;
  readonly [field: string]: unknown;
}

/** Waits for a line of the gateway's log. */
export async function loggedLine(isIt: (line: LogLine) => boolean, what: string): Promise<LogLine> {
  const { localDir } = await target();
  return eventually(`a line in the gateway's log: ${what}`, () => gatewayLog(localDir!).find(isIt));
}

export function gatewayLog(localDir: string): LogLine[] {
  const whole = readFileSync(join(localDir, 'logs', 'gateway.log'), 'utf8')
    .split('\n')
    .slice(0, -1);
  return whole.map((line) => JSON.parse(line) as LogLine);
}

/**
 * Ends the target; fails when the gateway leaves a process, a socket or a file that only lives with it. All
 * topologies have been killed: their files go while the gateway runs. `thenDo` runs before the directory is
 * removed.
 */
export async function closeLeavingNothing(thenDo: () => void = () => undefined): Promise<void> {
  const { localDir } = await target();
  if (localDir !== undefined) {
    await eventually('an end of the files of topologies and uploads', () =>
      filesOfTopologies(localDir).length === 0 ? true : undefined,
    );
  }
  await closeTarget((ended) => {
    if (ended.localDir !== undefined) assertNothingLeft(ended.localDir);
    thenDo();
  });
}

/** The gateway has ended, or never came up. */
export function assertNothingLeft(localDir: string): void {
  assert.deepEqual(processesUnder(localDir), [], 'processes');
  const sockets = readFileSync('/proc/net/unix', 'utf8').split('\n');
  assert.deepEqual(
    sockets.filter((line) => line.includes(localDir)),
    [],
    'sockets',
  );
  assert.deepEqual(filesOfTopologies(localDir), [], 'files of topologies and uploads');
  const all = existsSync(localDir) ? (readdirSync(localDir, { recursive: true }) as string[]) : [];
  // logs stay, and beside them the file where Storm's Worker notes its process, as with Storm
  const own = all.filter((path) => !path.startsWith('workers-artifacts'));
  assert.deepEqual(
    own.filter((path) => /\.(sock|lock|pid|part|new|stale|tmp)$|endpoints/.test(path)),
    [],
    'files that live with a process',
  );
}

/** Files that live with a topology or an upload. */
export function filesOfTopologies(localDir: string): string[] {
  return ['nimbus/inbox', 'supervisor/stormdist', 'containers'].flatMap((dir) =>
    existsSync(join(localDir, dir)) ? readdirSync(join(localDir, dir)).map((name) => `${dir}/${name}`) : [],
  );
}
