import { join } from 'node:path';
import {
  describeError,
  GatewayError,
  type JsonObject,
  parseJsonObject,
  readRegularFile,
} from '../base/index.ts';
import { packRoundRobin, repack, type Slot } from '../packing/index.ts';
import {
  type AssignmentRecord,
  confFileName,
  type LeavingContainer,
  readLogicalTopology,
  type TopologyRecord,
  topologyFileName,
} from '../records/index.ts';
import { codeFileBytesMax, type LogicalTopology, type PackingPlan } from '../topology/index.ts';

export interface AssignRequest {
  readonly topology: TopologyRecord;
  readonly codeDir: string;
  readonly freeSlots: readonly Slot[];
  readonly before: AssignmentRecord | undefined;
  readonly nowMs: number;
}

/**
 * How long a container that a plan leaves out may take to finish and to forward what it holds. Usually it
 * needs a fraction of a second; what it still holds after that is replayed.
 */
export const leaveMsMax = 30_000;

/**
 * Packs a topology over the free slots by what its code directory says; one that has containers already keeps
 * what it can (see packing). Never rejects: what makes it impossible is the reason of an assignment that
 * changes nothing, which the user sees with the topology.
 */
export async function assignTopology(request: AssignRequest): Promise<AssignmentRecord> {
  const { topology, codeDir } = request;
  const same = unchanged(request);
  try {
    const [conf, systemTopology] = await Promise.all([
      readJson(join(codeDir, confFileName)),
      readJson(join(codeDir, topologyFileName)),
    ]);
    const packed = pack(request, { conf, systemTopology: asTopology(systemTopology, codeDir) });
    if (packed.kind === 'no-free-slot') return { ...same, reason: packed.reason };
    const leaving = leavingFrom(request, packed.packing);
    return {
      ...{ ...same, plan: packed.packing, reason: packed.shortage },
      ...(leaving.length === 0 ? {} : { leaving }),
    };
  } catch (error) {
    return { ...same, reason: notPacked(topology.id, describeError(error)) };
  }
}

/**
 * The assignment of a topology that cannot be packed: its containers stay. `isGivenUp`: not to be retried
 * soon.
 */
export function unpacked(request: AssignRequest, why: string, isGivenUp: boolean): AssignmentRecord {
  const reason = notPacked(request.topology.id, why);
  return { ...unchanged(request), reason, ...(isGivenUp ? { isGivenUp } : {}) };
}

function notPacked(topologyId: string, why: string): string {
  return `topology ${topologyId} cannot be packed: ${why}`;
}

function unchanged({ topology, before }: AssignRequest): Omit<AssignmentRecord, 'reason'> {
  const rebalances = topology.rebalances ?? 0;
  return {
    plan: before?.plan ?? { topologyId: topology.id, version: 0, codeVersion: 0, containers: [], tasks: [] },
    ...(rebalances === 0 ? {} : { rebalances }),
    ...(before?.leaving === undefined ? {} : { leaving: before.leaving }),
  };
}

function asTopology(value: JsonObject, codeDir: string): LogicalTopology {
  const reading = readLogicalTopology(value);
  if (reading.kind === 'read') return reading.record;
  const file = join(codeDir, topologyFileName);
  throw new GatewayError('CONFIG_UNREADABLE', `${file} is not a topology: ${reading.reason}`, {
    facts: { file },
  });
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
async function readJson(file: string): Promise<JsonObject> {
  let bytes: Buffer;
  try {
    bytes = await readRegularFile(file, codeFileBytesMax);
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause;
    throw new GatewayError('CONFIG_UNREADABLE', `cannot read ${file}`, { cause, facts: { file } });
  }
  return parseJsonObject(file, bytes);
}
