import { GatewayError, nextTurn } from '../base/index.ts';
import {
  type ConfText,
  type DeprecatedKey,
  deprecatedKeysOf,
  findEgretConfFault,
  findTopologyConfFault,
  mergeConf,
  readConfText,
  readConfValues,
  withCurrentNames,
} from '../config/index.ts';
import { confKeys, TopologyIndex } from '../topology/index.ts';
import type { CodeDirectories, TopologySettings } from './code-directory.ts';
import { compileTopology, writeSettings } from './compile-topology.ts';
import { readComponentConfs } from './component-confs.ts';

export interface OverridesDeps {
  readonly code: CodeDirectories;
  readonly clusterConf: ConfText;
}

/**
 * Keys that a rebalance cannot set (Nimbus.rebalance, 2.8): submitter, ZooKeeper credentials, and a worker's
 * host.
 */
const notForSubmitters = [
  'topology.submitter.principal',
  'topology.submitter.user',
  'storm.zookeeper.superACL',
  'storm.zookeeper.topology.auth.scheme',
  'storm.zookeeper.topology.auth.payload',
  'storm.local.hostname',
];
/**
 * Keys that tell the client how to reach Nimbus. Storm's command sends all of its `-c` options along. A
 * running topology does not need these, and applying them would restart its workers.
 */
const ofTheClient = /^(nimbus\.(seeds|host|thrift\..*)|storm\.thrift\..*|storm\.nimbus\.retry\..*)$/;

/** What the configuration of a rebalance asks for. `conf` is empty when no key remains to be overridden. */
export interface ReadOverrides {
  readonly workers: number | undefined;
  readonly conf: ConfText;
  readonly deprecatedKeys: readonly DeprecatedKey[];
}

/**
 * Reads `topology_conf_overrides`, without the keys that a rebalance may not set and those that already have
 * the value. `topology.workers` becomes a number of workers and stays as it is in the configuration, where it
 * decides the number of ackers: the tasks of a topology never change. Throws `CONFIG_INVALID`.
 */
export async function readOverrides(text: string, before: ConfText): Promise<ReadOverrides> {
  const what = 'topology_conf_overrides';
  const written = await readConfText(text, what);
  const given = withCurrentNames(written);
  const fault = findTopologyConfFault(given) ?? findEgretConfFault(given);
  if (fault !== undefined) throw new GatewayError('CONFIG_INVALID', `${what}: ${fault}`);
  const workers = readConfValues(given)[confKeys.workers];
  const conf = new Map(
    [...given].filter(
      ([key, value]) =>
        key !== confKeys.workers &&
        !notForSubmitters.includes(key) &&
        !ofTheClient.test(key) &&
        before.get(key) !== value,
    ),
  );
  return {
    workers: typeof workers === 'number' ? workers : undefined,
    conf,
    deprecatedKeys: deprecatedKeysOf(written),
  };
}

/** The current configuration of a topology's workers: its own over the cluster's. */
export async function readMergedConf(
  { code, clusterConf }: OverridesDeps,
  topologyId: string,
): Promise<ConfText> {
  const own = await code.readStormConf(topologyId);
  if (own === undefined) throw codeMissing(topologyId);
  return mergeConf(clusterConf, await readOwnConf(own, topologyId));
}

/**
 * Computes the files of a topology's code directory with the overrides applied. Throws `TOPOLOGY_INVALID`
 * when the overrides would change the topology's tasks, whose number is fixed, or when a file would be too
 * large.
 */
export async function overlay(
  { code, clusterConf }: OverridesDeps,
  topologyId: string,
  overrides: ConfText,
): Promise<TopologySettings> {
  const [own, topology, system] = await Promise.all([
    code.readStormConf(topologyId),
    code.readTopology(topologyId),
    code.readSystemTopology(topologyId),
  ]);
  if (own === undefined || topology === undefined || system === undefined) throw codeMissing(topologyId);
  const conf = mergeConf(await readOwnConf(own, topologyId), overrides);
  const merged = mergeConf(clusterConf, conf);
  const texts = await readComponentConfs(topology);
  const source = {
    name: topologyId,
    topology,
    origin: 'stored',
    texts,
    conf: readConfValues(merged),
  } as const;
  const { system: after } = await compileTopology(source, nextTurn);
  const tasksOf = (logical: typeof after): string =>
    JSON.stringify([...new TopologyIndex(logical).taskToComponent()]);
  if (tasksOf(after) !== tasksOf(system)) {
    throw new GatewayError(
      'TOPOLOGY_INVALID',
      `the configuration would change the tasks of ${topologyId}, whose number is fixed: ` +
        `leave out ${[...overrides.keys()].filter((key) => decidesTasks.includes(key)).join(', ')}, or submit the topology again`,
      { facts: { topology: topologyId, keys: [...overrides.keys()] } },
    );
  }
  return writeSettings(topologyId, { conf, merged, system: after }, nextTurn);
}

async function readOwnConf(stormConf: string, topologyId: string): Promise<ConfText> {
  return withCurrentNames(await readConfText(stormConf, `stormconf.ser of ${topologyId}`));
}

const decidesTasks: readonly string[] = [
  confKeys.tasks,
  confKeys.maxTaskParallelism,
  confKeys.ackerExecutors,
  confKeys.eventLoggerExecutors,
  confKeys.metricsConsumers,
];

function codeMissing(topologyId: string): GatewayError {
  return new GatewayError('TOPOLOGY_NOT_ALIVE', `${topologyId} is not alive`, {
    facts: { topology: topologyId },
  });
}
