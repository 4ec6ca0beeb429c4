import { GatewayError, type JsonObject } from '../base/index.ts';
import { type ConfText, findEgretConfFault, readConfValues } from '../config/index.ts';
import { type StormTopology, toLogicalTopology } from '../rpc/index.ts';
import {
  type LogicalTopology,
  makeSystemTopology,
  normalizeTopology,
  withDurableStreams,
} from '../topology/index.ts';

/** Every container of a topology reads this text when it starts, and again when it is rebalanced. */
const systemTopologyCharactersMax = 64 * 1024 * 1024;

export interface SubmittedTopology {
  readonly name: string;
  readonly topology: StormTopology;
  /** Each `json_conf`, see readComponentConfs. */
  readonly texts: ReadonlyMap<string, ConfText>;
  /** The cluster's configuration with the topology's own laid over it. */
  readonly conf: JsonObject;
}

export interface CompiledTopology {
  /** As submitted, with the number of tasks in each component's configuration. */
  readonly logical: LogicalTopology;
  /** With the log between producers and consumers of durable streams. */
  readonly rewritten: LogicalTopology;
  /** `rewritten` with Storm's own components and streams. */
  readonly system: LogicalTopology;
}

/**
 * From what a client sent to the system topology that containers run. Pure but for `nextTurn`, which is awaited between the
 * steps, so that other clients get their answers while a large topology is compiled. Throws `TOPOLOGY_INVALID`.
 */
export async function compileTopology(
  { name, topology, texts, conf }: SubmittedTopology,
  nextTurn: () => Promise<void>,
): Promise<CompiledTopology> {
  const parse = (text: string): JsonObject => readConfValues(texts.get(text) ?? new Map());
  const logical = normalizeTopology(toLogicalTopology(topology, parse), conf);
  await nextTurn();
  // What the user sent is whole in itself, before the log comes between its parts.
  const own = makeSystemTopology(logical, conf);
  await nextTurn();
  const rewritten = withDurableStreams(logical, conf, name);
  await nextTurn();
  const system = rewritten === logical ? own : makeSystemTopology(rewritten, conf);
  return { logical, rewritten, system };
}

/** A component may set keys of Egret for itself. Throws `TOPOLOGY_INVALID` naming it. */
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

/** The text of topology.json. Throws `TOPOLOGY_INVALID` when it is too long for every container to read. */
export function writeSystemTopology(system: LogicalTopology, name: string): string {
  const text = JSON.stringify(system);
  if (text.length <= systemTopologyCharactersMax) return text;
  throw new GatewayError(
    'TOPOLOGY_INVALID',
    `topology ${name} with the components and streams that Storm adds takes ${text.length} characters, at most ${systemTopologyCharactersMax} can be handed to its containers: ` +
      'use fewer components, streams or inputs, shorter names, or smaller component configurations',
    { facts: { topology: name } },
  );
}
