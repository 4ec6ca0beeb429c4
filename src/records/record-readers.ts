import { isJsonObject, type JsonValue } from '../base/index.ts';
import type { LogicalTopology, PackingPlan } from '../topology/index.ts';
import type {
  AssignmentRecord,
  ContainerRecord,
  ErrorRecord,
  HeartbeatRecord,
  MarkerRecord,
  SupervisorRecord,
  TopologyRecord,
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
  type Shape,
  taggedBy,
  text,
} from './shape.ts';

/**
 * What was read from the state store or from a file, checked for everything that the code relies on. Records outlive
 * the process that wrote them: a disk, a person or another version may have changed them meanwhile.
 */
export type Reading<T> =
  | { readonly kind: 'read'; readonly record: T }
  /** `reason`: one line, of bounded length. */
  | { readonly kind: 'unreadable'; readonly reason: string };

/** Task ids are 16 bits wide on every wire, Storm's own included. */
const taskIdMax = 32_767;
const int32Max = 0x7fff_ffff;
const topologyIdBytesMax = 255;

/** A topology's id names directories of ours: what is none of them must never reach a file system. */
export function isTopologyId(id: string): boolean {
  return (
    id !== '' && id !== '.' && id !== '..' && !/[/\0]/.test(id) && Buffer.byteLength(id) <= topologyIdBytesMax
  );
}

/** `id`: as its key says. */
export function readTopologyRecord(id: string, value: JsonValue | undefined): Reading<TopologyRecord> {
  if (!isTopologyId(id)) return { kind: 'unreadable', reason: 'its key is not the id of a topology' };
  // The scheduler writes this where it cannot restore the record itself.
  if (isJsonObject(value) && typeof value['unreadable'] === 'string') {
    return { kind: 'unreadable', reason: value['unreadable'].slice(0, 500) };
  }
  return check(object({ id: exactly(id), ...topologyMembers }), value);
}

export function readAssignmentRecord(
  topologyId: string,
  value: JsonValue | undefined,
): Reading<AssignmentRecord> {
  return check(object({ ...assignmentMembers, plan: planOf(topologyId) }), value);
}

export function readPackingPlan(topologyId: string, value: JsonValue | undefined): Reading<PackingPlan> {
  return check(planOf(topologyId), value);
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
  return check(object({ id: text }), value);
}

/** Of a file: what is inside `conf` of the topology and its components is read where it is used. */
export function readLogicalTopology(value: JsonValue | undefined): Reading<LogicalTopology> {
  return check(object({ components: listOf(component) }), value);
}

function check<T>(shape: Shape, value: JsonValue | undefined): Reading<T> {
  const fault = shape(value);
  return fault === undefined
    ? { kind: 'read', record: value as unknown as T }
    : { kind: 'unreadable', reason: describeFault(fault) };
}

const status = oneOf('ACTIVE', 'INACTIVE', 'KILLED', 'REBALANCING');
/** Packing refuses a number of workers that it cannot give, with a reason of its own. */
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
    object({
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
const executor: Shape = (value) => {
  const fault = listOf(integer(-1, taskIdMax))(value);
  if (fault !== undefined) return fault;
  const ids = value as readonly number[];
  return ids.length === 2 && ids[0]! <= ids[1]!
    ? undefined
    : { path: [], expected: 'first and last task', found: value };
};

function planOf(topologyId: string): Shape {
  return object({
    topologyId: exactly(topologyId),
    version: count,
    codeVersion: count,
    containers: listOf(
      object({
        containerId: integer(1, int32Max),
        slotPort: integer(0, 65_535),
        nodeId: text,
        hostname: text,
      }),
    ),
    tasks: listOf(
      object({
        taskId: integer(1, taskIdMax),
        componentId: text,
        executor,
        containerId,
        host: oneOf('jvm', 'shell', 'system'),
      }),
    ),
  });
}

const assignmentMembers = {
  reason: text,
  rebalances: optional(count),
  leaving: optional(listOf(object({ containerId, slotPort: integer(0, 65_535), endAtMs: finite }))),
  isGivenUp: optional(flag),
};

const container = object({
  pid: integer(1, int32Max),
  processStart: text,
  incarnation: text,
  startedAtMs: finite,
  restarts: count,
  lastExit: text,
});

const supervisor = object({
  nodeId: text,
  hostname: text,
  slotPorts: listOf(integer(0, 65_535)),
  startedAtMs: finite,
});

const counts = mapOf(mapOf(finite));
const heartbeat = object({
  containerId,
  timeMs: finite,
  uptimeSecs: finite,
  executors: listOf(
    object({
      executor,
      componentId: text,
      uptimeSecs: finite,
      emitted: counts,
      transferred: counts,
      rate: finite,
      specific: taggedBy('kind', {
        spout: object({ acked: counts, failed: counts, completeMsAvg: counts }),
        bolt: object({
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
});

const error = object({ error: text, timeSecs: finite, host: text, port: finite });

const logParts = {
  componentId: text,
  streamId: text,
  durability: oneOf('fsync', 'os'),
};
const nothing = object({});
const component = object({
  id: text,
  kind: oneOf('spout', 'bolt', 'state_spout'),
  implementation: taggedBy('kind', {
    serialized_java: nothing,
    java_object: object({ className: text }),
    shell: object({ executionCommand: text, script: text }),
    system: nothing,
    log_sink: object(logParts),
    log_source: object(logParts),
  }),
  inputs: listOf(
    object({
      sourceComponentId: text,
      sourceStreamId: text,
      grouping: taggedBy('kind', {
        fields: object({ fields: listOf(text) }),
        shuffle: nothing,
        all: nothing,
        none: nothing,
        direct: nothing,
        local_or_shuffle: nothing,
        custom_object: object({ className: text }),
        custom_serialized: object({ bytesBase64: text }),
      }),
    }),
  ),
  streams: mapOf(object({ fields: listOf(text), direct: flag })),
  parallelismHint: optional(integer(-int32Max - 1, int32Max)),
  conf: anyObject,
});
