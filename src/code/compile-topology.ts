import { GatewayError, type JsonObject } from '../base/index.ts';
import { type ConfText, findEgretConfFault, readConfValues, writeConfText } from '../config/index.ts';
import { topologyFileName } from '../records/index.ts';
import { type StormTopology, toLogicalTopology } from '../rpc/index.ts';
import {
  type LogicalTopology,
  normalizeTopology,
  systemTopologySteps,
  withDurableStreams,
} from '../topology/index.ts';
import type { TopologySettings } from './code-directory.ts';
import { checkCodeFile, checkSettings } from './code-sizes.ts';

/** Components that are written in one event-loop turn. */
const turnComponentsMax = 1000;

export interface TopologySource {
  readonly name: string;
  readonly topology: StormTopology;
  /**
   * `submitted`: as a client sent it. `stored`: from a code directory, where the components of the log
   * already stand between the producers and consumers of durable streams.
   */
  readonly origin: 'submitted' | 'stored';
  /** Each `json_conf`, see readComponentConfs. */
  readonly texts: ReadonlyMap<string, ConfText>;
  /** The cluster's configuration with the topology's own laid over it. */
  readonly conf: JsonObject;
}

export interface CompiledTopology {
  /** The source, with the number of tasks in each component's configuration. */
  readonly logical: LogicalTopology;
  /** `logical` with the log between producers and consumers of durable streams. */
  readonly rewritten: LogicalTopology;
  /** `rewritten` with Storm's own components and streams. */
  readonly system: LogicalTopology;
}

/**
 * Compiles a topology into the system topology that containers run: the only place that says in which order
 * the steps follow. Pure except for `nextTurn`, which is awaited between the steps, so that the gateway
 * answers other clients while it compiles a large topology. Throws `TOPOLOGY_INVALID`.
 */
export async function compileTopology(
  { name, topology, origin, texts, conf }: TopologySource,
  nextTurn: () => Promise<void>,
): Promise<CompiledTopology> {
  const parse = (text: string): JsonObject => readConfValues(texts.get(text) ?? new Map());
  const logical = normalizeTopology(toLogicalTopology(topology, parse), conf);
  await nextTurn();
  // What the user sent must be valid in itself, before the log comes between its parts.
  const own = await inTurns(systemTopologySteps(logical, conf), nextTurn);
  const rewritten = origin === 'stored' ? logical : withDurableStreams(logical, conf, name);
  await nextTurn();
  const system = rewritten === logical ? own : await inTurns(systemTopologySteps(rewritten, conf), nextTurn);
  return { logical, rewritten, system };
}

async function inTurns<T>(steps: Generator<void, T, void>, nextTurn: () => Promise<void>): Promise<T> {
  for (;;) {
    const step = steps.next();
    await nextTurn();
    if (step.done === true) return step.value;
  }
}

/**
 * Writes the files of a code directory that follow from the configuration. `conf` is the topology's own
 * configuration, `merged` the same over the cluster's. Throws `TOPOLOGY_INVALID` when a file is larger than
 * its readers accept.
 */
export async function writeSettings(
  name: string,
  {
    conf,
    merged,
    system,
  }: { readonly conf: ConfText; readonly merged: ConfText; readonly system: LogicalTopology },
  nextTurn: () => Promise<void>,
): Promise<TopologySettings> {
  const systemTopology = await writeSystemTopology(system, name, nextTurn);
  await nextTurn();
  const settings = {
    stormConf: writeConfText(conf, 'java'),
    mergedConf: writeConfText(merged, 'strict'),
    systemTopology,
  };
  checkSettings(name, settings);
  return settings;
}

/**
 * The text of topology.json, a part at a time: a text that is too long is refused before the rest is written.
 */
async function writeSystemTopology(
  { components }: LogicalTopology,
  name: string,
  nextTurn: () => Promise<void>,
): Promise<string> {
  const parts: string[] = [];
  let bytes = 0;
  for (let start = 0; start < components.length; start += turnComponentsMax) {
    if (start > 0) await nextTurn();
    const part = JSON.stringify(components.slice(start, start + turnComponentsMax)).slice(1, -1);
    parts.push(part);
    bytes += Buffer.byteLength(part);
    checkCodeFile(name, topologyFileName, bytes, false);
  }
  return `{"components":[${parts.join(',')}]}`;
}

/**
 * Checks the `egret.*` keys that components set for themselves. Throws `TOPOLOGY_INVALID`, naming the
 * component.
 */
export function checkComponentConfs(
  { spouts, bolts, state_spouts: stateSpouts }: StormTopology,
  confs: ReadonlyMap<string, ConfText>,
): void {
  const faults = new Map([...confs].map(([text, conf]) => [text, findEgretConfFault(conf)]));
  for (const specs of [spouts, bolts, stateSpouts]) {
    for (const [id, { common }] of specs) {
      const fault = faults.get(common.json_conf ?? '');
      if (fault !== undefined)
        throw new GatewayError(
          'TOPOLOGY_INVALID',
          `the configuration (json_conf) of component "${id}": ${fault}`,
        );
    }
  }
}
