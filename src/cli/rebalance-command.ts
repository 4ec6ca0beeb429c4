import type { JsonObject, JsonValue } from '../base/index.ts';
import { type CommandWorld, type CommonFlags, withNimbus } from './commands.ts';
import { visible } from './visible.ts';

export interface RebalanceFlags extends CommonFlags {
  readonly wait?: number;
  readonly numWorkers?: number;
  /** Executors by component. */
  readonly executor?: ReadonlyMap<string, number>;
  /** Resources by component, for the resource-aware scheduler. */
  readonly resources?: ReadonlyMap<string, ReadonlyMap<string, number>>;
  readonly topologyConf?: JsonObject;
  readonly json?: true;
}

/**
 * Storm's Rebalance (2.8). Storm also overrides the topology's configuration with all values of `-c`; here
 * only with keys that begin with "topology.", because the others locate the gateway.
 */
export async function rebalance(world: CommandWorld, name: string, flags: RebalanceFlags): Promise<number> {
  const overrides = { ...topologyKeysOf(flags.c ?? []), ...flags.topologyConf };
  await withNimbus(world, flags, ({ call }) =>
    call.rebalance({
      name,
      options: {
        wait_secs: flags.wait,
        num_workers: flags.numWorkers,
        num_executors: flags.executor,
        topology_resources_overrides: flags.resources,
        topology_conf_overrides: Object.keys(overrides).length === 0 ? undefined : JSON.stringify(overrides),
      },
    }),
  );
  const told = { name, status: 'REBALANCING' };
  world.out(flags.json === true ? `${JSON.stringify(told)}\n` : `Topology ${visible(name)} is rebalancing\n`);
  return 0;
}

/** Values are JSON if valid, else text, as everywhere with `-c`. */
function topologyKeysOf(settings: readonly string[]): JsonObject {
  return Object.fromEntries(
    settings
      .map(
        (setting) =>
          [setting.slice(0, setting.indexOf('=')), setting.slice(setting.indexOf('=') + 1)] as const,
      )
      .filter(([key]) => key.startsWith('topology.'))
      .map(([key, text]) => [key, parsed(text)]),
  );
}

function parsed(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return text;
  }
}
