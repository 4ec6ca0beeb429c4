import { GatewayError, type JsonObject } from '../base/index.ts';
import { type ConfText, findEgretConfFault, readConfValues } from '../config/index.ts';
import { topologyFileName } from '../records/index.ts';
import { type StormTopology, toLogicalTopology } from '../rpc/index.ts';
import {
  type LogicalTopology,
  normalizeTopology,
  systemTopologySteps,
  withDurableStreams,
} from '../topology/index.ts';
import { checkCodeFile } from './code-sizes.ts';

/** Components that are written in one turn of the event loop. */
const turnComponentsMax = 1000;

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
  const own = await inTurns(systemTopologySteps(logical, conf), nextTurn);
  const rewritten = withDurableStreams(logical, conf, name);
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

/** The text of topology.json. Throws `TOPOLOGY_INVALID` when it is longer than what is read again, without writing it all. */
export async function writeSystemTopology(
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
