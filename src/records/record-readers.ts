import { isJsonObject, type JsonValue } from '../base/index.ts';
import type {
  Component,
  ComponentImplementation,
  ExecutorId,
  Grouping,
  InputDeclaration,
  LogImplementation,
  LogicalTopology,
  PackingPlan,
  PhysicalPlan,
  PlannedContainer,
  PlannedTask,
  StreamDeclaration,
  StreamManagerAddress,
} from '../topology/index.ts';
import type { ErrorRecord, ExecutorStatsRecord, HeartbeatRecord } from './heartbeat-record.ts';
import type { Reading } from './key.ts';
import type {
  AssignmentRecord,
  ContainerRecord,
  LeavingContainer,
  MarkerRecord,
  MasterRecord,
  PendingRebalance,
  SupervisorRecord,
  TopologyRecord,
  UnreadableRecord,
} from './records.ts';
import {
  anyObject,
  describeFault,
  exactly,
  finite,
  flag,
  integer,
  listOf,
  mapOf,
  object,
  oneOf,
  optional,
  type PartOf,
  type Shape,
  taggedBy,
  text,
  unchecked,
} from './shape.ts';

/** Task ids are 16 bits wide on every wire, Storm's own included. */
const taskIdMax = 32_767;
const int32Max = 0x7fff_ffff;
const topologyIdBytesMax = 255;

/**
 * A topology's id names directories of the gateway: a text that cannot name one must never reach the file
 * system.
 */
export function isTopologyId(id: string): boolean {
  return (
    id !== '' && id !== '.' && id !== '..' && !/[/\0]/.test(id) && Buffer.byteLength(id) <= topologyIdBytesMax
  );
}

/** `id`: the one in its key. */
export function readTopologyRecord(id: string, value: JsonValue | undefined): Reading<TopologyRecord> {
  if (!isTopologyId(id)) return { kind: 'unreadable', reason: 'its key is not the id of a topology' };
  // The scheduler writes an UnreadableRecord where it cannot restore the topology's own.
  if (isJsonObject(value) && typeof value['unreadable'] === 'string') {
    return { kind: 'unreadable', reason: value['unreadable'].slice(0, 500) };
  }
  return check(object<TopologyRecord>({ id: exactly(id), ...topologyMembers }), value);
}

export function readUnreadableRecord(value: JsonValue | undefined): Reading<UnreadableRecord> {
  return check(object<UnreadableRecord>({ id: text, unreadable: text }), value);
}

/** The record under a topology's name. */
export function readTopologyId(value: JsonValue | undefined): Reading<string> {
  return check(text, value);
}

export function readAssignmentRecord(
  topologyId: string,
  value: JsonValue | undefined,
): Reading<AssignmentRecord> {
  return check(object<AssignmentRecord>({ ...assignmentMembers, plan: planOf(topologyId) }), value);
}

export function readPackingPlan(topologyId: string, value: JsonValue | undefined): Reading<PackingPlan> {
  return check(planOf(topologyId), value);
}

export function readPhysicalPlan(topologyId: string, value: JsonValue | undefined): Reading<PhysicalPlan> {
  return check(object<PhysicalPlan>({ topologyId: exactly(topologyId), ...physicalMembers }), value);
}

export function readStreamManagerAddress(value: JsonValue | undefined): Reading<StreamManagerAddress> {
  return check(streamManagerAddress, value);
}

export function readContainerRecord(value: JsonValue | undefined): Reading<ContainerRecord> {
  return check(container, value);
}

export function readSupervisorRecord(value: JsonValue | undefined): Reading<SupervisorRecord> {
  return check(supervisor, value);
}

export function readHeartbeatRecord(value: JsonValue | undefined): Reading<HeartbeatRecord> {
  return check(heartbeat, value);
}

export function readErrorRecord(value: JsonValue | undefined): Reading<ErrorRecord> {
  return check(error, value);
}

export function readMarkerRecord(value: JsonValue | undefined): Reading<MarkerRecord> {
  return check(object<MarkerRecord>({ id: text, madeAtMs: unchecked }), value);
}

export function readMasterRecord(value: JsonValue | undefined): Reading<MasterRecord> {
  return check(object<MasterRecord>({ host: text, port: integer(1, 65_535) }), value);
}

/** For a lease with which its holder publishes nothing. */
export function readNothing(): Reading<null> {
  return { kind: 'read', record: null };
}

/** From a file. The configurations of the topology and its components are checked where they are used. */
export function readLogicalTopology(value: JsonValue | undefined): Reading<LogicalTopology> {
  return check(object<LogicalTopology>({ components: listOf(component) }), value);
}

function check<T>(shape: Shape<T>, value: JsonValue | undefined): Reading<T> {
  const fault = shape(value);
  const checked: unknown = value;
  return fault === undefined
    ? { kind: 'read', record: checked as T }
    : { kind: 'unreadable', reason: describeFault(fault) };
}

const status = oneOf('ACTIVE', 'INACTIVE', 'KILLED', 'REBALANCING');
/** Packing refuses a number of workers that it cannot place, with a reason of its own. */
const workers = finite;
const executors = optional(mapOf(integer(0, int32Max)));
const count = integer(0);

const topologyMembers = {
  name: text,
  status,
  owner: text,
  launchedAtSecs: finite,
  removeAtMs: optional(finite),
  workers,
  executors,
  rebalance: optional(
    object<PendingRebalance>({
      phase: oneOf('waiting', 'placing'),
      statusBefore: oneOf('ACTIVE', 'INACTIVE'),
      dueAtMs: finite,
      workers: optional(workers),
      executors,
      confOverrides: optional(text),
    }),
  ),
  rebalances: optional(count),
  codeVersion: optional(count),
  stormVersion: optional(text),
  jdkVersion: optional(text),
};

const containerId = integer(0, int32Max);
const executor: Shape<ExecutorId> = (value) => {
  const fault = listOf(integer(-1, taskIdMax))(value);
  if (fault !== undefined) return fault;
  const ids = value as readonly number[];
  return ids.length === 2 && ids[0]! <= ids[1]!
    ? undefined
    : { path: [], expected: 'first and last task', found: value };
};

function planOf(topologyId: string): Shape<PackingPlan> {
  return object<PackingPlan>({
    topologyId: exactly(topologyId),
    version: count,
    codeVersion: count,
    containers: listOf(
      object<PlannedContainer>({
        containerId: integer(1, int32Max),
        slotPort: integer(0, 65_535),
        nodeId: text,
        hostname: text,
      }),
    ),
    tasks: listOf(
      object<PlannedTask>({
        taskId: integer(1, taskIdMax),
        componentId: text,
        executor,
        containerId,
        host: text,
      }),
    ),
  });
}

const assignmentMembers = {
  reason: text,
  rebalances: optional(count),
  leaving: optional(
    listOf(object<LeavingContainer>({ containerId, slotPort: integer(0, 65_535), endAtMs: finite })),
  ),
  isGivenUp: optional(flag),
};

const streamManagerAddress = object<StreamManagerAddress>({
  containerId,
  host: text,
  port: integer(1, 65_535),
  incarnation: text,
});

const physicalMembers = {
  epoch: count,
  packingVersion: count,
  isComplete: flag,
  status,
  streamManagers: listOf(streamManagerAddress),
};

const container = object<ContainerRecord>({
  pid: integer(1, int32Max),
  processStart: text,
  incarnation: text,
  startedAtMs: finite,
  restarts: count,
  lastExit: text,
});

const supervisor = object<SupervisorRecord>({
  nodeId: text,
  hostname: text,
  slotPorts: listOf(integer(0, 65_535)),
  startedAtMs: finite,
});

const counts = mapOf(mapOf(finite));
type Specific = ExecutorStatsRecord['specific'];
const heartbeat = object<HeartbeatRecord>({
  containerId,
  timeMs: finite,
  uptimeSecs: finite,
  executors: listOf(
    object<ExecutorStatsRecord>({
      executor,
      componentId: text,
      uptimeSecs: finite,
      emitted: counts,
      transferred: counts,
      rate: finite,
      specific: taggedBy<'kind', Specific>('kind', {
        spout: object<PartOf<Specific, 'spout'>>({ acked: counts, failed: counts, completeMsAvg: counts }),
        bolt: object<PartOf<Specific, 'bolt'>>({
          acked: counts,
          failed: counts,
          processMsAvg: counts,
          executed: counts,
          executeMsAvg: counts,
        }),
      }),
      latencies: optional(mapOf(listOf(finite))),
    }),
  ),
  restarts: optional(mapOf(finite)),
  flow: unchecked,
});

const error = object<ErrorRecord>({ error: text, timeSecs: finite, host: text, port: finite });

const logParts = object<Omit<LogImplementation, 'kind'>>({
  componentId: text,
  streamId: text,
  durability: oneOf('fsync', 'os'),
});
const nothing = object<object>({});
const component = object<Component>({
  id: text,
  kind: oneOf('spout', 'bolt', 'state_spout'),
  implementation: taggedBy<'kind', ComponentImplementation>('kind', {
    serialized_java: nothing,
    java_object: object<PartOf<ComponentImplementation, 'java_object'>>({ className: text }),
    shell: object<PartOf<ComponentImplementation, 'shell'>>({ executionCommand: text, script: text }),
    system: nothing,
    log_sink: logParts,
    log_source: logParts,
  }),
  inputs: listOf(
    object<InputDeclaration>({
      sourceComponentId: text,
      sourceStreamId: text,
      grouping: taggedBy<'kind', Grouping>('kind', {
        fields: object<PartOf<Grouping, 'fields'>>({ fields: listOf(text) }),
        shuffle: nothing,
        all: nothing,
        none: nothing,
        direct: nothing,
        local_or_shuffle: nothing,
        custom_object: object<PartOf<Grouping, 'custom_object'>>({ className: text }),
        custom_serialized: object<PartOf<Grouping, 'custom_serialized'>>({ bytesBase64: text }),
      }),
    }),
  ),
  streams: mapOf(object<StreamDeclaration>({ fields: listOf(text), direct: flag })),
  parallelismHint: optional(integer(-int32Max - 1, int32Max)),
  conf: anyObject,
});
