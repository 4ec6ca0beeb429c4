import { describeError } from '../base/index.ts';
import { type ClientConfig, loadClientConfig } from '../config/index.ts';
import type { NimbusMethods, ThriftClient } from '../rpc/index.ts';
import { connectNimbus } from './gateway-client.ts';
import { topologyRows, topologyTable } from './topology-table.ts';
import { visible } from './visible.ts';

/** The environment of a command. Only bin/ reads the real one. */
export interface CommandWorld {
  /** The installation. */
  readonly checkoutDir: string;
  /** What a relative `storm.local.dir` is relative to. Default: the installation. */
  readonly stateDir?: string;
  readonly homeDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Standard input, opened only by a command that reads it. */
  readonly input: () => AsyncIterable<Uint8Array>;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Writes bytes to standard output. Resolves when it accepts more. */
  readonly write: (bytes: Uint8Array) => Promise<void>;
}

/** Flags of every command, as in Storm. */
export interface CommonFlags {
  /** `-c key=value`, in order. */
  readonly c?: readonly string[];
  readonly config?: string;
}

export async function listTopologies(
  world: CommandWorld,
  flags: CommonFlags & { readonly json?: true },
): Promise<number> {
  const rows = await withNimbus(world, flags, ({ call }) => call.getTopologySummaries({}));
  world.out(flags.json === true ? `${JSON.stringify(topologyRows(rows), null, 2)}\n` : topologyTable(rows));
  // The table matches Storm's exactly, so what a user must know about such a row goes to standard error.
  for (const { name, status, sched_status } of rows)
    if (status === 'UNREADABLE' && flags.json !== true)
      world.err(`${name}: ${sched_status ?? ''}\n`.replaceAll(/(?!\n$)\p{C}/gu, '?'));
  return 0;
}

/** Storm's KillTopology (2.8): stops at the first failure; with `-i` it continues and fails at the end. */
export async function killTopologies(
  world: CommandWorld,
  names: readonly string[],
  flags: CommonFlags & { readonly wait?: number; readonly ignoreErrors?: true },
): Promise<number> {
  return withNimbus(world, flags, async ({ call }) => {
    let failures = 0;
    for (const name of names) {
      try {
        await call.killTopologyWithOpts({ name, options: { wait_secs: flags.wait } });
        world.out(`Killed topology: ${visible(name)}\n`);
      } catch (error) {
        if (flags.ignoreErrors !== true) throw error;
        world.err(`${visible(describeError(error))}\n`);
        failures += 1;
      }
    }
    return failures === 0 ? 0 : 1;
  });
}

export async function setActive(
  world: CommandWorld,
  name: string,
  flags: CommonFlags & { readonly active: boolean },
): Promise<number> {
  await withNimbus(world, flags, ({ call }) =>
    flags.active ? call.activate({ name }) : call.deactivate({ name }),
  );
  world.out(`${flags.active ? 'Activated' : 'Deactivated'} topology: ${visible(name)}\n`);
  return 0;
}

export function clientConfig(world: CommandWorld, flags: CommonFlags): Promise<ClientConfig> {
  return loadClientConfig({
    checkoutDir: world.checkoutDir,
    stateDir: world.stateDir,
    homeDir: world.homeDir,
    stormConfDir: world.env['STORM_CONF_DIR'],
    file: flags.config,
    flags: flags.c ?? [],
  });
}

/** Connects to the leader, runs `work`, and closes the connection. */
export async function withNimbus<T>(
  world: CommandWorld,
  flags: CommonFlags,
  work: (client: ThriftClient<NimbusMethods>) => Promise<T>,
): Promise<T> {
  const client = await connectNimbus(await clientConfig(world, flags));
  try {
    return await work(client);
  } finally {
    client.close();
  }
}

/** The error as one line, the last that a command prints. */
export function failureLine(error: unknown): string {
  // Only a GatewayError has a message for users; other errors are marked.
  const isOurs = error instanceof Error && 'facts' in error;
  const text = isOurs ? describeError(error) : `unexpected failure: ${describeError(error)}`;
  const lines = text.split('\n').map((line) => line.trim());
  return `${visible(lines.filter((line) => line !== '').join(' '))}\n`;
}
