import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeError, GatewayError, isJsonObject, type JsonObject, type JsonValue } from '../base/index.ts';
import { packRoundRobin, repack, type Slot } from '../packing/index.ts';
import {
  type AssignmentRecord,
  confFileName,
  type LeavingContainer,
  type LogicalTopology,
  type PackingPlan,
  type TopologyRecord,
  topologyFileName,
} from '../topology/index.ts';

export interface AssignRequest {
  readonly topology: TopologyRecord;
  readonly codeDir: string;
  readonly freeSlots: readonly Slot[];
  readonly before: AssignmentRecord | undefined;
  readonly nowMs: number;
}

/**
 * How long a container that a plan leaves out may take to finish and to hand on what it holds. Usually it needs a
 * fraction of a second; what it still holds after that is played again.
 */
export const leaveMsMax = 30_000;

/**
 * Packs a topology over the free slots by what its code directory says; one that has containers already keeps what it
 * can (see packing). Never rejects: what makes it impossible is the reason of an assignment that changes nothing, which
 * the user sees with the topology.
 */
export async function assignTopology(request: AssignRequest): Promise<AssignmentRecord> {
  const { topology, codeDir, before } = request;
  const rebalances = topology.rebalances ?? 0;
  const same = {
    plan: before?.plan ?? { topologyId: topology.id, version: 0, codeVersion: 0, containers: [], tasks: [] },
    ...(rebalances === 0 ? {} : { rebalances }),
    ...(before?.leaving === undefined ? {} : { leaving: before.leaving }),
  };
  try {
    const [conf, systemTopology] = await Promise.all([
      readJson(join(codeDir, confFileName)),
      readJson(join(codeDir, topologyFileName)),
    ]);
    const packed = pack(request, { conf, systemTopology: systemTopology as unknown as LogicalTopology });
    if (packed.kind === 'no-free-slot') return { ...same, reason: packed.reason };
    const leaving = leavingFrom(request, packed.plan);
    return {
      ...{ ...same, plan: packed.plan, reason: packed.shortage },
      ...(leaving.length === 0 ? {} : { leaving }),
    };
  } catch (error) {
    return { ...same, reason: `topology ${topology.id} cannot be packed: ${describeError(error)}` };
  }
}

function pack(
  { topology, freeSlots, before }: AssignRequest,
  code: { readonly conf: JsonObject; readonly systemTopology: LogicalTopology },
): ReturnType<typeof packRoundRobin> {
  const request = {
    topologyId: topology.id,
    systemTopology: code.systemTopology,
    executors: topology.executors ?? {},
    // As submitted or rebalanced: the record is what counts.
    conf: { ...code.conf, 'topology.workers': topology.workers },
    codeVersion: topology.codeVersion ?? 0,
    freeSlots,
  };
  if (before === undefined) return packRoundRobin(request);
  const leavingIds = (before.leaving ?? []).map(({ containerId }) => containerId);
  return repack({ ...request, before: before.plan, leavingIds });
}

function leavingFrom({ before, nowMs }: AssignRequest, after: PackingPlan): readonly LeavingContainer[] {
  const left = (before?.plan.containers ?? []).filter(
    ({ containerId }) => !after.containers.some((container) => container.containerId === containerId),
  );
  return [
    ...(before?.leaving ?? []),
    ...left.map(({ containerId, slotPort }) => ({ containerId, slotPort, endAtMs: nowMs + leaveMsMax })),
  ];
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
