import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeError, GatewayError, isJsonObject, type JsonObject, type JsonValue } from '../base/index.ts';
import { packRoundRobin, type Slot } from '../packing/index.ts';
import {
  type AssignmentRecord,
  confFileName,
  type LogicalTopology,
  type TopologyRecord,
  topologyFileName,
} from '../topology/index.ts';

export interface AssignRequest {
  readonly topology: TopologyRecord;
  readonly codeDir: string;
  readonly freeSlots: readonly Slot[];
}

/**
 * Packs a topology over the free slots by what its code directory says. Never rejects: what makes it impossible is the
 * reason of an assignment without containers, which the user sees with the topology.
 */
export async function assignTopology({
  topology,
  codeDir,
  freeSlots,
}: AssignRequest): Promise<AssignmentRecord> {
  const nothing = { topologyId: topology.id, containers: [], tasks: [] };
  try {
    const [conf, systemTopology] = await Promise.all([
      readJson(join(codeDir, confFileName)),
      readJson(join(codeDir, topologyFileName)),
    ]);
    const packed = packRoundRobin({
      topologyId: topology.id,
      systemTopology: systemTopology as unknown as LogicalTopology,
      // As submitted or rebalanced: the record is what counts.
      conf: { ...conf, 'topology.workers': topology.workers },
      freeSlots,
    });
    if (packed.kind === 'packed') return { plan: packed.plan, reason: packed.shortage };
    return { plan: nothing, reason: packed.reason };
  } catch (error) {
    return { plan: nothing, reason: `topology ${topology.id} cannot be packed: ${describeError(error)}` };
  }
}

/** Throws `CONFIG_UNREADABLE` naming the file. */
export async function readJson(file: string): Promise<JsonObject> {
  try {
    const value = JSON.parse(await readFile(file, 'utf8')) as JsonValue;
    if (isJsonObject(value)) return value;
  } catch (cause) {
    throw new GatewayError('CONFIG_UNREADABLE', `cannot read ${file}`, { cause, facts: { file } });
  }
  throw new GatewayError('CONFIG_UNREADABLE', `${file} holds no JSON object`, { facts: { file } });
}
