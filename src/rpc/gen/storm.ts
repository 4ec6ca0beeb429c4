// Generated from thrift/storm.thrift by `npm run gen`. Do not edit.

import * as c from '../codec.ts';
import { type StructCodec, struct, union } from '../struct-codec.ts';

export type ComponentType =
  | 'BOLT'
  | 'SPOUT';
export const ComponentType: c.EnumCodec<ComponentType> = c.enumeration<ComponentType>('ComponentType', {
  BOLT: 1,
  SPOUT: 2,
});

export type TopologyInitialStatus =
  | 'ACTIVE'
  | 'INACTIVE';
export const TopologyInitialStatus: c.EnumCodec<TopologyInitialStatus> = c.enumeration<TopologyInitialStatus>('TopologyInitialStatus', {
  ACTIVE: 1,
  INACTIVE: 2,
});

/** How many errors of each component to return. */
export type NumErrorsChoice =
  | 'ALL'
  | 'NONE'
  | 'ONE';
export const NumErrorsChoice: c.EnumCodec<NumErrorsChoice> = c.enumeration<NumErrorsChoice>('NumErrorsChoice', {
  ALL: 0,
  NONE: 1,
  ONE: 2,
});

export type AccessControlType =
  | 'OTHER'
  | 'USER';
export const AccessControlType: c.EnumCodec<AccessControlType> = c.enumeration<AccessControlType>('AccessControlType', {
  OTHER: 1,
  USER: 2,
});

export type TopologyStatus =
  | 'ACTIVE'
  | 'INACTIVE'
  | 'REBALANCING'
  | 'KILLED';
export const TopologyStatus: c.EnumCodec<TopologyStatus> = c.enumeration<TopologyStatus>('TopologyStatus', {
  ACTIVE: 1,
  INACTIVE: 2,
  REBALANCING: 3,
  KILLED: 4,
});

/** What to do with a JVM. */
export type ProfileAction =
  | 'JPROFILE_STOP'
  | 'JPROFILE_START'
  | 'JPROFILE_DUMP'
  | 'JMAP_DUMP'
  | 'JSTACK_DUMP'
  | 'JVM_RESTART';
export const ProfileAction: c.EnumCodec<ProfileAction> = c.enumeration<ProfileAction>('ProfileAction', {
  JPROFILE_STOP: 0,
  JPROFILE_START: 1,
  JPROFILE_DUMP: 2,
  JMAP_DUMP: 3,
  JSTACK_DUMP: 4,
  JVM_RESTART: 5,
});

export type LogLevelAction =
  | 'UNCHANGED'
  | 'UPDATE'
  | 'REMOVE';
export const LogLevelAction: c.EnumCodec<LogLevelAction> = c.enumeration<LogLevelAction>('LogLevelAction', {
  UNCHANGED: 1,
  UPDATE: 2,
  REMOVE: 3,
});

export type WorkerTokenServiceType =
  | 'NIMBUS'
  | 'DRPC'
  | 'SUPERVISOR';
export const WorkerTokenServiceType: c.EnumCodec<WorkerTokenServiceType> = c.enumeration<WorkerTokenServiceType>('WorkerTokenServiceType', {
  NIMBUS: 0,
  DRPC: 1,
  SUPERVISOR: 2,
});

export type DRPCExceptionType =
  | 'INTERNAL_ERROR'
  | 'SERVER_SHUTDOWN'
  | 'SERVER_TIMEOUT'
  | 'FAILED_REQUEST';
export const DRPCExceptionType: c.EnumCodec<DRPCExceptionType> = c.enumeration<DRPCExceptionType>('DRPCExceptionType', {
  INTERNAL_ERROR: 0,
  SERVER_SHUTDOWN: 1,
  SERVER_TIMEOUT: 2,
  FAILED_REQUEST: 3,
});

export type HBServerMessageType =
  | 'CREATE_PATH'
  | 'CREATE_PATH_RESPONSE'
  | 'EXISTS'
  | 'EXISTS_RESPONSE'
  | 'SEND_PULSE'
  | 'SEND_PULSE_RESPONSE'
  | 'GET_ALL_PULSE_FOR_PATH'
  | 'GET_ALL_PULSE_FOR_PATH_RESPONSE'
  | 'GET_ALL_NODES_FOR_PATH'
  | 'GET_ALL_NODES_FOR_PATH_RESPONSE'
  | 'GET_PULSE'
  | 'GET_PULSE_RESPONSE'
  | 'DELETE_PATH'
  | 'DELETE_PATH_RESPONSE'
  | 'DELETE_PULSE_ID'
  | 'DELETE_PULSE_ID_RESPONSE'
  | 'CONTROL_MESSAGE'
  | 'SASL_MESSAGE_TOKEN'
  | 'NOT_AUTHORIZED';
export const HBServerMessageType: c.EnumCodec<HBServerMessageType> = c.enumeration<HBServerMessageType>('HBServerMessageType', {
  CREATE_PATH: 0,
  CREATE_PATH_RESPONSE: 1,
  EXISTS: 2,
  EXISTS_RESPONSE: 3,
  SEND_PULSE: 4,
  SEND_PULSE_RESPONSE: 5,
  GET_ALL_PULSE_FOR_PATH: 6,
  GET_ALL_PULSE_FOR_PATH_RESPONSE: 7,
  GET_ALL_NODES_FOR_PATH: 8,
  GET_ALL_NODES_FOR_PATH_RESPONSE: 9,
  GET_PULSE: 10,
  GET_PULSE_RESPONSE: 11,
  DELETE_PATH: 12,
  DELETE_PATH_RESPONSE: 13,
  DELETE_PULSE_ID: 14,
  DELETE_PULSE_ID_RESPONSE: 15,
  CONTROL_MESSAGE: 16,
  SASL_MESSAGE_TOKEN: 17,
  NOT_AUTHORIZED: 18,
});

/** Carries nothing: the value of union members that are only a name. */
export type NullStruct = Readonly<Record<never, never>>;
export const NullStruct: StructCodec<NullStruct> = struct<NullStruct>('NullStruct', []);

/** A stream of a component. */
export interface GlobalStreamId {
  readonly componentId: string;
  readonly streamId: string;
}
export const GlobalStreamId: StructCodec<GlobalStreamId> = struct<GlobalStreamId>('GlobalStreamId', [
  { id: 1, name: 'componentId', requiredness: 'required', codec: c.string },
  { id: 2, name: 'streamId', requiredness: 'required', codec: c.string },
]);

/** A constructor argument of a JavaObject. */
export type JavaObjectArg =
  | { readonly kind: 'int_arg'; readonly value: number }
  | { readonly kind: 'long_arg'; readonly value: bigint }
  | { readonly kind: 'string_arg'; readonly value: string }
  | { readonly kind: 'bool_arg'; readonly value: boolean }
  | { readonly kind: 'binary_arg'; readonly value: Buffer }
  | { readonly kind: 'double_arg'; readonly value: number };
export const JavaObjectArg = union<JavaObjectArg>('JavaObjectArg', [
  { id: 1, name: 'int_arg', codec: c.i32 },
  { id: 2, name: 'long_arg', codec: c.i64 },
  { id: 3, name: 'string_arg', codec: c.string },
  { id: 4, name: 'bool_arg', codec: c.bool },
  { id: 5, name: 'binary_arg', codec: c.binary },
  { id: 6, name: 'double_arg', codec: c.double },
]);

/** A Java object that is created by reflection where it is needed. */
export interface JavaObject {
  readonly full_class_name: string;
  readonly args_list: readonly JavaObjectArg[];
}
export const JavaObject: StructCodec<JavaObject> = struct<JavaObject>('JavaObject', [
  { id: 1, name: 'full_class_name', requiredness: 'required', codec: c.string },
  { id: 2, name: 'args_list', requiredness: 'required', codec: c.list(JavaObjectArg) },
]);

/**
 * How the tuples of a stream are distributed to the tasks of a bolt. `fields` without a field is the global
 * grouping.
 */
export type Grouping =
  | { readonly kind: 'fields'; readonly value: readonly string[] }
  | { readonly kind: 'shuffle'; readonly value: NullStruct }
  | { readonly kind: 'all'; readonly value: NullStruct }
  | { readonly kind: 'none'; readonly value: NullStruct }
  | { readonly kind: 'direct'; readonly value: NullStruct }
  | { readonly kind: 'custom_object'; readonly value: JavaObject }
  | { readonly kind: 'custom_serialized'; readonly value: Buffer }
  | { readonly kind: 'local_or_shuffle'; readonly value: NullStruct };
export const Grouping = union<Grouping>('Grouping', [
  { id: 1, name: 'fields', codec: c.list(c.string) },
  { id: 2, name: 'shuffle', codec: NullStruct },
  { id: 3, name: 'all', codec: NullStruct },
  { id: 4, name: 'none', codec: NullStruct },
  { id: 5, name: 'direct', codec: NullStruct },
  { id: 6, name: 'custom_object', codec: JavaObject },
  { id: 7, name: 'custom_serialized', codec: c.binary },
  { id: 8, name: 'local_or_shuffle', codec: NullStruct },
]);

/** What a component declares about one of its output streams. */
export interface StreamInfo {
  readonly output_fields: readonly string[];
  readonly direct: boolean;
}
export const StreamInfo: StructCodec<StreamInfo> = struct<StreamInfo>('StreamInfo', [
  { id: 1, name: 'output_fields', requiredness: 'required', codec: c.list(c.string) },
  { id: 2, name: 'direct', requiredness: 'required', codec: c.bool },
]);

/** A component that speaks the multilang protocol over stdin and stdout. */
export interface ShellComponent {
  readonly execution_command?: string | undefined;
  readonly script?: string | undefined;
}
export const ShellComponent: StructCodec<ShellComponent> = struct<ShellComponent>('ShellComponent', [
  { id: 1, name: 'execution_command', requiredness: 'default', codec: c.string },
  { id: 2, name: 'script', requiredness: 'default', codec: c.string },
]);

/** The implementation of a component. Java clients always send `serialized_java`. */
export type ComponentObject =
  | { readonly kind: 'serialized_java'; readonly value: Buffer }
  | { readonly kind: 'shell'; readonly value: ShellComponent }
  | { readonly kind: 'java_object'; readonly value: JavaObject };
export const ComponentObject = union<ComponentObject>('ComponentObject', [
  { id: 1, name: 'serialized_java', codec: c.binary },
  { id: 2, name: 'shell', codec: ShellComponent },
  { id: 3, name: 'java_object', codec: JavaObject },
]);

/** What spouts and bolts have in common: inputs, outputs, parallelism, own configuration (JSON). */
export interface ComponentCommon {
  readonly inputs: readonly (readonly [GlobalStreamId, Grouping])[];
  readonly streams: ReadonlyMap<string, StreamInfo>;
  readonly parallelism_hint?: number | undefined;
  readonly json_conf?: string | undefined;
}
export const ComponentCommon: StructCodec<ComponentCommon> = struct<ComponentCommon>('ComponentCommon', [
  { id: 1, name: 'inputs', requiredness: 'required', codec: c.mapAsPairs(GlobalStreamId, Grouping) },
  { id: 2, name: 'streams', requiredness: 'required', codec: c.map(c.string, StreamInfo) },
  { id: 3, name: 'parallelism_hint', requiredness: 'optional', codec: c.i32 },
  { id: 4, name: 'json_conf', requiredness: 'optional', codec: c.string },
]);

/** A source of tuples. */
export interface SpoutSpec {
  readonly spout_object: ComponentObject;
  readonly common: ComponentCommon;
}
export const SpoutSpec: StructCodec<SpoutSpec> = struct<SpoutSpec>('SpoutSpec', [
  { id: 1, name: 'spout_object', requiredness: 'required', codec: ComponentObject },
  { id: 2, name: 'common', requiredness: 'required', codec: ComponentCommon },
]);

/** A component that consumes tuples. */
export interface Bolt {
  readonly bolt_object: ComponentObject;
  readonly common: ComponentCommon;
}
export const Bolt: StructCodec<Bolt> = struct<Bolt>('Bolt', [
  { id: 1, name: 'bolt_object', requiredness: 'required', codec: ComponentObject },
  { id: 2, name: 'common', requiredness: 'required', codec: ComponentCommon },
]);

/** Declared but never run by Storm. */
export interface StateSpoutSpec {
  readonly state_spout_object: ComponentObject;
  readonly common: ComponentCommon;
}
export const StateSpoutSpec: StructCodec<StateSpoutSpec> = struct<StateSpoutSpec>('StateSpoutSpec', [
  { id: 1, name: 'state_spout_object', requiredness: 'required', codec: ComponentObject },
  { id: 2, name: 'common', requiredness: 'required', codec: ComponentCommon },
]);

/** Memory that several components share, in MiB. */
export interface SharedMemory {
  readonly name: string;
  readonly on_heap?: number | undefined;
  readonly off_heap_worker?: number | undefined;
  readonly off_heap_node?: number | undefined;
}
export const SharedMemory: StructCodec<SharedMemory> = struct<SharedMemory>('SharedMemory', [
  { id: 1, name: 'name', requiredness: 'required', codec: c.string },
  { id: 2, name: 'on_heap', requiredness: 'optional', codec: c.double },
  { id: 3, name: 'off_heap_worker', requiredness: 'optional', codec: c.double },
  { id: 4, name: 'off_heap_node', requiredness: 'optional', codec: c.double },
]);

/** A topology as submitted, or with system components in the answer of getTopology. */
export interface StormTopology {
  readonly spouts: ReadonlyMap<string, SpoutSpec>;
  readonly bolts: ReadonlyMap<string, Bolt>;
  readonly state_spouts: ReadonlyMap<string, StateSpoutSpec>;
  readonly worker_hooks?: readonly Buffer[] | undefined;
  readonly dependency_jars?: readonly string[] | undefined;
  readonly dependency_artifacts?: readonly string[] | undefined;
  readonly storm_version?: string | undefined;
  readonly jdk_version?: string | undefined;
  readonly component_to_shared_memory?: ReadonlyMap<string, ReadonlySet<string>> | undefined;
  readonly shared_memory?: ReadonlyMap<string, SharedMemory> | undefined;
}
export const StormTopology: StructCodec<StormTopology> = struct<StormTopology>('StormTopology', [
  { id: 1, name: 'spouts', requiredness: 'required', codec: c.map(c.string, SpoutSpec) },
  { id: 2, name: 'bolts', requiredness: 'required', codec: c.map(c.string, Bolt) },
  { id: 3, name: 'state_spouts', requiredness: 'required', codec: c.map(c.string, StateSpoutSpec) },
  { id: 4, name: 'worker_hooks', requiredness: 'optional', codec: c.list(c.binary) },
  { id: 5, name: 'dependency_jars', requiredness: 'optional', codec: c.list(c.string) },
  { id: 6, name: 'dependency_artifacts', requiredness: 'optional', codec: c.list(c.string) },
  { id: 7, name: 'storm_version', requiredness: 'optional', codec: c.string },
  { id: 8, name: 'jdk_version', requiredness: 'optional', codec: c.string },
  { id: 9, name: 'component_to_shared_memory', requiredness: 'optional', codec: c.map(c.string, c.set(c.string)) },
  { id: 10, name: 'shared_memory', requiredness: 'optional', codec: c.map(c.string, SharedMemory) },
]);

/** A topology of that name is alive. */
export interface AlreadyAliveException {
  readonly msg: string;
}
export const AlreadyAliveException: StructCodec<AlreadyAliveException> = struct<AlreadyAliveException>('AlreadyAliveException', [
  { id: 1, name: 'msg', requiredness: 'required', codec: c.string },
]);

/** No live topology has that name or id. */
export interface NotAliveException {
  readonly msg: string;
}
export const NotAliveException: StructCodec<NotAliveException> = struct<NotAliveException>('NotAliveException', [
  { id: 1, name: 'msg', requiredness: 'required', codec: c.string },
]);

/** The caller may not do that. */
export interface AuthorizationException {
  readonly msg: string;
}
export const AuthorizationException: StructCodec<AuthorizationException> = struct<AuthorizationException>('AuthorizationException', [
  { id: 1, name: 'msg', requiredness: 'required', codec: c.string },
]);

/** The topology, its name or its configuration is refused. */
export interface InvalidTopologyException {
  readonly msg: string;
}
export const InvalidTopologyException: StructCodec<InvalidTopologyException> = struct<InvalidTopologyException>('InvalidTopologyException', [
  { id: 1, name: 'msg', requiredness: 'required', codec: c.string },
]);

/** No blob has that key. */
export interface KeyNotFoundException {
  readonly msg: string;
}
export const KeyNotFoundException: StructCodec<KeyNotFoundException> = struct<KeyNotFoundException>('KeyNotFoundException', [
  { id: 1, name: 'msg', requiredness: 'required', codec: c.string },
]);

/** The blob is in use by a live topology. */
export interface IllegalStateException {
  readonly msg: string;
}
export const IllegalStateException: StructCodec<IllegalStateException> = struct<IllegalStateException>('IllegalStateException', [
  { id: 1, name: 'msg', requiredness: 'required', codec: c.string },
]);

/** A blob of that key exists. */
export interface KeyAlreadyExistsException {
  readonly msg: string;
}
export const KeyAlreadyExistsException: StructCodec<KeyAlreadyExistsException> = struct<KeyAlreadyExistsException>('KeyAlreadyExistsException', [
  { id: 1, name: 'msg', requiredness: 'required', codec: c.string },
]);

/** A row of the list of topologies. */
export interface TopologySummary {
  readonly id: string;
  readonly name: string;
  readonly num_tasks: number;
  readonly num_executors: number;
  readonly num_workers: number;
  readonly uptime_secs: number;
  readonly status: string;
  readonly storm_version?: string | undefined;
  readonly topology_version?: string | undefined;
  readonly sched_status?: string | undefined;
  readonly owner?: string | undefined;
  readonly replication_count?: number | undefined;
  readonly requested_memonheap?: number | undefined;
  readonly requested_memoffheap?: number | undefined;
  readonly requested_cpu?: number | undefined;
  readonly assigned_memonheap?: number | undefined;
  readonly assigned_memoffheap?: number | undefined;
  readonly assigned_cpu?: number | undefined;
  readonly requested_generic_resources?: ReadonlyMap<string, number> | undefined;
  readonly assigned_generic_resources?: ReadonlyMap<string, number> | undefined;
}
export const TopologySummary: StructCodec<TopologySummary> = struct<TopologySummary>('TopologySummary', [
  { id: 1, name: 'id', requiredness: 'required', codec: c.string },
  { id: 2, name: 'name', requiredness: 'required', codec: c.string },
  { id: 3, name: 'num_tasks', requiredness: 'required', codec: c.i32 },
  { id: 4, name: 'num_executors', requiredness: 'required', codec: c.i32 },
  { id: 5, name: 'num_workers', requiredness: 'required', codec: c.i32 },
  { id: 6, name: 'uptime_secs', requiredness: 'required', codec: c.i32 },
  { id: 7, name: 'status', requiredness: 'required', codec: c.string },
  { id: 8, name: 'storm_version', requiredness: 'optional', codec: c.string },
  { id: 9, name: 'topology_version', requiredness: 'optional', codec: c.string },
  { id: 513, name: 'sched_status', requiredness: 'optional', codec: c.string },
  { id: 514, name: 'owner', requiredness: 'optional', codec: c.string },
  { id: 515, name: 'replication_count', requiredness: 'optional', codec: c.i32 },
  { id: 521, name: 'requested_memonheap', requiredness: 'optional', codec: c.double },
  { id: 522, name: 'requested_memoffheap', requiredness: 'optional', codec: c.double },
  { id: 523, name: 'requested_cpu', requiredness: 'optional', codec: c.double },
  { id: 524, name: 'assigned_memonheap', requiredness: 'optional', codec: c.double },
  { id: 525, name: 'assigned_memoffheap', requiredness: 'optional', codec: c.double },
  { id: 526, name: 'assigned_cpu', requiredness: 'optional', codec: c.double },
  { id: 527, name: 'requested_generic_resources', requiredness: 'optional', codec: c.map(c.string, c.double) },
  { id: 528, name: 'assigned_generic_resources', requiredness: 'optional', codec: c.map(c.string, c.double) },
]);

/** A node that offers slots. */
export interface SupervisorSummary {
  readonly host: string;
  readonly uptime_secs: number;
  readonly num_workers: number;
  readonly num_used_workers: number;
  readonly supervisor_id: string;
  readonly version?: string | undefined;
  readonly total_resources?: ReadonlyMap<string, number> | undefined;
  readonly used_mem?: number | undefined;
  readonly used_cpu?: number | undefined;
  readonly fragmented_mem?: number | undefined;
  readonly fragmented_cpu?: number | undefined;
  readonly blacklisted?: boolean | undefined;
  readonly used_generic_resources?: ReadonlyMap<string, number> | undefined;
}
export const SupervisorSummary: StructCodec<SupervisorSummary> = struct<SupervisorSummary>('SupervisorSummary', [
  { id: 1, name: 'host', requiredness: 'required', codec: c.string },
  { id: 2, name: 'uptime_secs', requiredness: 'required', codec: c.i32 },
  { id: 3, name: 'num_workers', requiredness: 'required', codec: c.i32 },
  { id: 4, name: 'num_used_workers', requiredness: 'required', codec: c.i32 },
  { id: 5, name: 'supervisor_id', requiredness: 'required', codec: c.string },
  { id: 6, name: 'version', requiredness: 'optional', codec: c.string, preset: "VERSION_NOT_PROVIDED" },
  { id: 7, name: 'total_resources', requiredness: 'optional', codec: c.map(c.string, c.double) },
  { id: 8, name: 'used_mem', requiredness: 'optional', codec: c.double },
  { id: 9, name: 'used_cpu', requiredness: 'optional', codec: c.double },
  { id: 10, name: 'fragmented_mem', requiredness: 'optional', codec: c.double },
  { id: 11, name: 'fragmented_cpu', requiredness: 'optional', codec: c.double },
  { id: 12, name: 'blacklisted', requiredness: 'optional', codec: c.bool },
  { id: 13, name: 'used_generic_resources', requiredness: 'optional', codec: c.map(c.string, c.double) },
]);

/** A nimbus, as in the answer of getLeader. */
export interface NimbusSummary {
  readonly host: string;
  readonly port: number;
  readonly uptime_secs: number;
  readonly isLeader: boolean;
  readonly version: string;
  readonly tlsPort?: number | undefined;
}
export const NimbusSummary: StructCodec<NimbusSummary> = struct<NimbusSummary>('NimbusSummary', [
  { id: 1, name: 'host', requiredness: 'required', codec: c.string },
  { id: 2, name: 'port', requiredness: 'required', codec: c.i32 },
  { id: 3, name: 'uptime_secs', requiredness: 'required', codec: c.i32 },
  { id: 4, name: 'isLeader', requiredness: 'required', codec: c.bool },
  { id: 5, name: 'version', requiredness: 'required', codec: c.string },
  { id: 6, name: 'tlsPort', requiredness: 'optional', codec: c.i32 },
]);

/** The whole cluster at a glance. */
export interface ClusterSummary {
  readonly supervisors: readonly SupervisorSummary[];
  readonly topologies: readonly TopologySummary[];
  readonly nimbuses: readonly NimbusSummary[];
}
export const ClusterSummary: StructCodec<ClusterSummary> = struct<ClusterSummary>('ClusterSummary', [
  { id: 1, name: 'supervisors', requiredness: 'required', codec: c.list(SupervisorSummary) },
  { id: 3, name: 'topologies', requiredness: 'required', codec: c.list(TopologySummary) },
  { id: 4, name: 'nimbuses', requiredness: 'required', codec: c.list(NimbusSummary) },
]);

/** A fault that a component reported. */
export interface ErrorInfo {
  readonly error: string;
  readonly error_time_secs: number;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
}
export const ErrorInfo: StructCodec<ErrorInfo> = struct<ErrorInfo>('ErrorInfo', [
  { id: 1, name: 'error', requiredness: 'required', codec: c.string },
  { id: 2, name: 'error_time_secs', requiredness: 'required', codec: c.i32 },
  { id: 3, name: 'host', requiredness: 'optional', codec: c.string },
  { id: 4, name: 'port', requiredness: 'optional', codec: c.i32 },
]);

/** By window (seconds as text, or ":all-time"), then by source stream. */
export interface BoltStats {
  readonly acked: ReadonlyMap<string, readonly (readonly [GlobalStreamId, bigint])[]>;
  readonly failed: ReadonlyMap<string, readonly (readonly [GlobalStreamId, bigint])[]>;
  readonly process_ms_avg: ReadonlyMap<string, readonly (readonly [GlobalStreamId, number])[]>;
  readonly executed: ReadonlyMap<string, readonly (readonly [GlobalStreamId, bigint])[]>;
  readonly execute_ms_avg: ReadonlyMap<string, readonly (readonly [GlobalStreamId, number])[]>;
}
export const BoltStats: StructCodec<BoltStats> = struct<BoltStats>('BoltStats', [
  { id: 1, name: 'acked', requiredness: 'required', codec: c.map(c.string, c.mapAsPairs(GlobalStreamId, c.i64)) },
  { id: 2, name: 'failed', requiredness: 'required', codec: c.map(c.string, c.mapAsPairs(GlobalStreamId, c.i64)) },
  { id: 3, name: 'process_ms_avg', requiredness: 'required', codec: c.map(c.string, c.mapAsPairs(GlobalStreamId, c.double)) },
  { id: 4, name: 'executed', requiredness: 'required', codec: c.map(c.string, c.mapAsPairs(GlobalStreamId, c.i64)) },
  { id: 5, name: 'execute_ms_avg', requiredness: 'required', codec: c.map(c.string, c.mapAsPairs(GlobalStreamId, c.double)) },
]);

/** By window, then by stream. */
export interface SpoutStats {
  readonly acked: ReadonlyMap<string, ReadonlyMap<string, bigint>>;
  readonly failed: ReadonlyMap<string, ReadonlyMap<string, bigint>>;
  readonly complete_ms_avg: ReadonlyMap<string, ReadonlyMap<string, number>>;
}
export const SpoutStats: StructCodec<SpoutStats> = struct<SpoutStats>('SpoutStats', [
  { id: 1, name: 'acked', requiredness: 'required', codec: c.map(c.string, c.map(c.string, c.i64)) },
  { id: 2, name: 'failed', requiredness: 'required', codec: c.map(c.string, c.map(c.string, c.i64)) },
  { id: 3, name: 'complete_ms_avg', requiredness: 'required', codec: c.map(c.string, c.map(c.string, c.double)) },
]);

export type ExecutorSpecificStats =
  | { readonly kind: 'bolt'; readonly value: BoltStats }
  | { readonly kind: 'spout'; readonly value: SpoutStats };
export const ExecutorSpecificStats = union<ExecutorSpecificStats>('ExecutorSpecificStats', [
  { id: 1, name: 'bolt', codec: BoltStats },
  { id: 2, name: 'spout', codec: SpoutStats },
]);

/** By window, then by stream. `rate` is the sampling rate. */
export interface ExecutorStats {
  readonly emitted: ReadonlyMap<string, ReadonlyMap<string, bigint>>;
  readonly transferred: ReadonlyMap<string, ReadonlyMap<string, bigint>>;
  readonly specific: ExecutorSpecificStats;
  readonly rate: number;
}
export const ExecutorStats: StructCodec<ExecutorStats> = struct<ExecutorStats>('ExecutorStats', [
  { id: 1, name: 'emitted', requiredness: 'required', codec: c.map(c.string, c.map(c.string, c.i64)) },
  { id: 2, name: 'transferred', requiredness: 'required', codec: c.map(c.string, c.map(c.string, c.i64)) },
  { id: 3, name: 'specific', requiredness: 'required', codec: ExecutorSpecificStats },
  { id: 4, name: 'rate', requiredness: 'required', codec: c.double },
]);

/** An executor: the first and last task of a contiguous run. */
export interface ExecutorInfo {
  readonly task_start: number;
  readonly task_end: number;
}
export const ExecutorInfo: StructCodec<ExecutorInfo> = struct<ExecutorInfo>('ExecutorInfo', [
  { id: 1, name: 'task_start', requiredness: 'required', codec: c.i32 },
  { id: 2, name: 'task_end', requiredness: 'required', codec: c.i32 },
]);

/** Where an executor runs and what it has done. */
export interface ExecutorSummary {
  readonly executor_info: ExecutorInfo;
  readonly component_id: string;
  readonly host: string;
  readonly port: number;
  readonly uptime_secs: number;
  readonly stats?: ExecutorStats | undefined;
}
export const ExecutorSummary: StructCodec<ExecutorSummary> = struct<ExecutorSummary>('ExecutorSummary', [
  { id: 1, name: 'executor_info', requiredness: 'required', codec: ExecutorInfo },
  { id: 2, name: 'component_id', requiredness: 'required', codec: c.string },
  { id: 3, name: 'host', requiredness: 'required', codec: c.string },
  { id: 4, name: 'port', requiredness: 'required', codec: c.i32 },
  { id: 5, name: 'uptime_secs', requiredness: 'required', codec: c.i32 },
  { id: 7, name: 'stats', requiredness: 'optional', codec: ExecutorStats },
]);

/** Sampling of tuples into the event logger. */
export interface DebugOptions {
  readonly enable?: boolean | undefined;
  readonly samplingpct?: number | undefined;
}
export const DebugOptions: StructCodec<DebugOptions> = struct<DebugOptions>('DebugOptions', [
  { id: 1, name: 'enable', requiredness: 'optional', codec: c.bool },
  { id: 2, name: 'samplingpct', requiredness: 'optional', codec: c.double },
]);

/** A topology with its executors and errors. The high ids were numbered apart by Storm on purpose. */
export interface TopologyInfo {
  readonly id: string;
  readonly name: string;
  readonly uptime_secs: number;
  readonly executors: readonly ExecutorSummary[];
  readonly status: string;
  readonly errors: ReadonlyMap<string, readonly ErrorInfo[]>;
  readonly component_debug?: ReadonlyMap<string, DebugOptions> | undefined;
  readonly storm_version?: string | undefined;
  readonly sched_status?: string | undefined;
  readonly owner?: string | undefined;
  readonly replication_count?: number | undefined;
  readonly requested_memonheap?: number | undefined;
  readonly requested_memoffheap?: number | undefined;
  readonly requested_cpu?: number | undefined;
  readonly assigned_memonheap?: number | undefined;
  readonly assigned_memoffheap?: number | undefined;
  readonly assigned_cpu?: number | undefined;
}
export const TopologyInfo: StructCodec<TopologyInfo> = struct<TopologyInfo>('TopologyInfo', [
  { id: 1, name: 'id', requiredness: 'required', codec: c.string },
  { id: 2, name: 'name', requiredness: 'required', codec: c.string },
  { id: 3, name: 'uptime_secs', requiredness: 'required', codec: c.i32 },
  { id: 4, name: 'executors', requiredness: 'required', codec: c.list(ExecutorSummary) },
  { id: 5, name: 'status', requiredness: 'required', codec: c.string },
  { id: 6, name: 'errors', requiredness: 'required', codec: c.map(c.string, c.list(ErrorInfo)) },
  { id: 7, name: 'component_debug', requiredness: 'optional', codec: c.map(c.string, DebugOptions) },
  { id: 8, name: 'storm_version', requiredness: 'optional', codec: c.string },
  { id: 513, name: 'sched_status', requiredness: 'optional', codec: c.string },
  { id: 514, name: 'owner', requiredness: 'optional', codec: c.string },
  { id: 515, name: 'replication_count', requiredness: 'optional', codec: c.i32 },
  { id: 521, name: 'requested_memonheap', requiredness: 'optional', codec: c.double },
  { id: 522, name: 'requested_memoffheap', requiredness: 'optional', codec: c.double },
  { id: 523, name: 'requested_cpu', requiredness: 'optional', codec: c.double },
  { id: 524, name: 'assigned_memonheap', requiredness: 'optional', codec: c.double },
  { id: 525, name: 'assigned_memoffheap', requiredness: 'optional', codec: c.double },
  { id: 526, name: 'assigned_cpu', requiredness: 'optional', codec: c.double },
]);

/** Totals that spouts and bolts have in common. */
export interface CommonAggregateStats {
  readonly num_executors?: number | undefined;
  readonly num_tasks?: number | undefined;
  readonly emitted?: bigint | undefined;
  readonly transferred?: bigint | undefined;
  readonly acked?: bigint | undefined;
  readonly failed?: bigint | undefined;
  readonly resources_map?: ReadonlyMap<string, number> | undefined;
}
export const CommonAggregateStats: StructCodec<CommonAggregateStats> = struct<CommonAggregateStats>('CommonAggregateStats', [
  { id: 1, name: 'num_executors', requiredness: 'optional', codec: c.i32 },
  { id: 2, name: 'num_tasks', requiredness: 'optional', codec: c.i32 },
  { id: 3, name: 'emitted', requiredness: 'optional', codec: c.i64 },
  { id: 4, name: 'transferred', requiredness: 'optional', codec: c.i64 },
  { id: 5, name: 'acked', requiredness: 'optional', codec: c.i64 },
  { id: 6, name: 'failed', requiredness: 'optional', codec: c.i64 },
  { id: 7, name: 'resources_map', requiredness: 'optional', codec: c.map(c.string, c.double) },
]);

export interface SpoutAggregateStats {
  readonly complete_latency_ms?: number | undefined;
}
export const SpoutAggregateStats: StructCodec<SpoutAggregateStats> = struct<SpoutAggregateStats>('SpoutAggregateStats', [
  { id: 1, name: 'complete_latency_ms', requiredness: 'optional', codec: c.double },
]);

export interface BoltAggregateStats {
  readonly execute_latency_ms?: number | undefined;
  readonly process_latency_ms?: number | undefined;
  readonly executed?: bigint | undefined;
  readonly capacity?: number | undefined;
}
export const BoltAggregateStats: StructCodec<BoltAggregateStats> = struct<BoltAggregateStats>('BoltAggregateStats', [
  { id: 1, name: 'execute_latency_ms', requiredness: 'optional', codec: c.double },
  { id: 2, name: 'process_latency_ms', requiredness: 'optional', codec: c.double },
  { id: 3, name: 'executed', requiredness: 'optional', codec: c.i64 },
  { id: 4, name: 'capacity', requiredness: 'optional', codec: c.double },
]);

export type SpecificAggregateStats =
  | { readonly kind: 'bolt'; readonly value: BoltAggregateStats }
  | { readonly kind: 'spout'; readonly value: SpoutAggregateStats };
export const SpecificAggregateStats = union<SpecificAggregateStats>('SpecificAggregateStats', [
  { id: 1, name: 'bolt', codec: BoltAggregateStats },
  { id: 2, name: 'spout', codec: SpoutAggregateStats },
]);

/** Totals of a component over one window. */
export interface ComponentAggregateStats {
  readonly type?: ComponentType | undefined;
  readonly common_stats?: CommonAggregateStats | undefined;
  readonly specific_stats?: SpecificAggregateStats | undefined;
  readonly last_error?: ErrorInfo | undefined;
}
export const ComponentAggregateStats: StructCodec<ComponentAggregateStats> = struct<ComponentAggregateStats>('ComponentAggregateStats', [
  { id: 1, name: 'type', requiredness: 'optional', codec: ComponentType },
  { id: 2, name: 'common_stats', requiredness: 'optional', codec: CommonAggregateStats },
  { id: 3, name: 'specific_stats', requiredness: 'optional', codec: SpecificAggregateStats },
  { id: 4, name: 'last_error', requiredness: 'optional', codec: ErrorInfo },
]);

/** Totals by window. */
export interface TopologyStats {
  readonly window_to_emitted?: ReadonlyMap<string, bigint> | undefined;
  readonly window_to_transferred?: ReadonlyMap<string, bigint> | undefined;
  readonly window_to_complete_latencies_ms?: ReadonlyMap<string, number> | undefined;
  readonly window_to_acked?: ReadonlyMap<string, bigint> | undefined;
  readonly window_to_failed?: ReadonlyMap<string, bigint> | undefined;
}
export const TopologyStats: StructCodec<TopologyStats> = struct<TopologyStats>('TopologyStats', [
  { id: 1, name: 'window_to_emitted', requiredness: 'optional', codec: c.map(c.string, c.i64) },
  { id: 2, name: 'window_to_transferred', requiredness: 'optional', codec: c.map(c.string, c.i64) },
  { id: 3, name: 'window_to_complete_latencies_ms', requiredness: 'optional', codec: c.map(c.string, c.double) },
  { id: 4, name: 'window_to_acked', requiredness: 'optional', codec: c.map(c.string, c.i64) },
  { id: 5, name: 'window_to_failed', requiredness: 'optional', codec: c.map(c.string, c.i64) },
]);

/** A worker as a page of the UI shows it. */
export interface WorkerSummary {
  readonly supervisor_id?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly topology_id?: string | undefined;
  readonly topology_name?: string | undefined;
  readonly num_executors?: number | undefined;
  readonly component_to_num_tasks?: ReadonlyMap<string, bigint> | undefined;
  readonly time_secs?: number | undefined;
  readonly uptime_secs?: number | undefined;
  readonly requested_memonheap?: number | undefined;
  readonly requested_memoffheap?: number | undefined;
  readonly requested_cpu?: number | undefined;
  readonly assigned_memonheap?: number | undefined;
  readonly assigned_memoffheap?: number | undefined;
  readonly assigned_cpu?: number | undefined;
  readonly owner?: string | undefined;
}
export const WorkerSummary: StructCodec<WorkerSummary> = struct<WorkerSummary>('WorkerSummary', [
  { id: 1, name: 'supervisor_id', requiredness: 'optional', codec: c.string },
  { id: 2, name: 'host', requiredness: 'optional', codec: c.string },
  { id: 3, name: 'port', requiredness: 'optional', codec: c.i32 },
  { id: 4, name: 'topology_id', requiredness: 'optional', codec: c.string },
  { id: 5, name: 'topology_name', requiredness: 'optional', codec: c.string },
  { id: 6, name: 'num_executors', requiredness: 'optional', codec: c.i32 },
  { id: 7, name: 'component_to_num_tasks', requiredness: 'optional', codec: c.map(c.string, c.i64) },
  { id: 8, name: 'time_secs', requiredness: 'optional', codec: c.i32 },
  { id: 9, name: 'uptime_secs', requiredness: 'optional', codec: c.i32 },
  { id: 521, name: 'requested_memonheap', requiredness: 'optional', codec: c.double },
  { id: 522, name: 'requested_memoffheap', requiredness: 'optional', codec: c.double },
  { id: 523, name: 'requested_cpu', requiredness: 'optional', codec: c.double },
  { id: 524, name: 'assigned_memonheap', requiredness: 'optional', codec: c.double },
  { id: 525, name: 'assigned_memoffheap', requiredness: 'optional', codec: c.double },
  { id: 526, name: 'assigned_cpu', requiredness: 'optional', codec: c.double },
  { id: 527, name: 'owner', requiredness: 'optional', codec: c.string },
]);

/** A supervisor as a page of the UI shows it. */
export interface SupervisorPageInfo {
  readonly supervisor_summaries?: readonly SupervisorSummary[] | undefined;
  readonly worker_summaries?: readonly WorkerSummary[] | undefined;
}
export const SupervisorPageInfo: StructCodec<SupervisorPageInfo> = struct<SupervisorPageInfo>('SupervisorPageInfo', [
  { id: 1, name: 'supervisor_summaries', requiredness: 'optional', codec: c.list(SupervisorSummary) },
  { id: 2, name: 'worker_summaries', requiredness: 'optional', codec: c.list(WorkerSummary) },
]);

/** A topology as a page of the UI shows it. */
export interface TopologyPageInfo {
  readonly id: string;
  readonly name?: string | undefined;
  readonly uptime_secs?: number | undefined;
  readonly status?: string | undefined;
  readonly num_tasks?: number | undefined;
  readonly num_workers?: number | undefined;
  readonly num_executors?: number | undefined;
  readonly topology_conf?: string | undefined;
  readonly id_to_spout_agg_stats?: ReadonlyMap<string, ComponentAggregateStats> | undefined;
  readonly id_to_bolt_agg_stats?: ReadonlyMap<string, ComponentAggregateStats> | undefined;
  readonly sched_status?: string | undefined;
  readonly topology_stats?: TopologyStats | undefined;
  readonly owner?: string | undefined;
  readonly debug_options?: DebugOptions | undefined;
  readonly replication_count?: number | undefined;
  readonly workers?: readonly WorkerSummary[] | undefined;
  readonly storm_version?: string | undefined;
  readonly topology_version?: string | undefined;
  readonly requested_memonheap?: number | undefined;
  readonly requested_memoffheap?: number | undefined;
  readonly requested_cpu?: number | undefined;
  readonly assigned_memonheap?: number | undefined;
  readonly assigned_memoffheap?: number | undefined;
  readonly assigned_cpu?: number | undefined;
  readonly requested_regular_on_heap_memory?: number | undefined;
  readonly requested_shared_on_heap_memory?: number | undefined;
  readonly requested_regular_off_heap_memory?: number | undefined;
  readonly requested_shared_off_heap_memory?: number | undefined;
  readonly assigned_regular_on_heap_memory?: number | undefined;
  readonly assigned_shared_on_heap_memory?: number | undefined;
  readonly assigned_regular_off_heap_memory?: number | undefined;
  readonly assigned_shared_off_heap_memory?: number | undefined;
  readonly requested_generic_resources?: ReadonlyMap<string, number> | undefined;
  readonly assigned_generic_resources?: ReadonlyMap<string, number> | undefined;
}
export const TopologyPageInfo: StructCodec<TopologyPageInfo> = struct<TopologyPageInfo>('TopologyPageInfo', [
  { id: 1, name: 'id', requiredness: 'required', codec: c.string },
  { id: 2, name: 'name', requiredness: 'optional', codec: c.string },
  { id: 3, name: 'uptime_secs', requiredness: 'optional', codec: c.i32 },
  { id: 4, name: 'status', requiredness: 'optional', codec: c.string },
  { id: 5, name: 'num_tasks', requiredness: 'optional', codec: c.i32 },
  { id: 6, name: 'num_workers', requiredness: 'optional', codec: c.i32 },
  { id: 7, name: 'num_executors', requiredness: 'optional', codec: c.i32 },
  { id: 8, name: 'topology_conf', requiredness: 'optional', codec: c.string },
  { id: 9, name: 'id_to_spout_agg_stats', requiredness: 'optional', codec: c.map(c.string, ComponentAggregateStats) },
  { id: 10, name: 'id_to_bolt_agg_stats', requiredness: 'optional', codec: c.map(c.string, ComponentAggregateStats) },
  { id: 11, name: 'sched_status', requiredness: 'optional', codec: c.string },
  { id: 12, name: 'topology_stats', requiredness: 'optional', codec: TopologyStats },
  { id: 13, name: 'owner', requiredness: 'optional', codec: c.string },
  { id: 14, name: 'debug_options', requiredness: 'optional', codec: DebugOptions },
  { id: 15, name: 'replication_count', requiredness: 'optional', codec: c.i32 },
  { id: 16, name: 'workers', requiredness: 'optional', codec: c.list(WorkerSummary) },
  { id: 17, name: 'storm_version', requiredness: 'optional', codec: c.string },
  { id: 18, name: 'topology_version', requiredness: 'optional', codec: c.string },
  { id: 521, name: 'requested_memonheap', requiredness: 'optional', codec: c.double },
  { id: 522, name: 'requested_memoffheap', requiredness: 'optional', codec: c.double },
  { id: 523, name: 'requested_cpu', requiredness: 'optional', codec: c.double },
  { id: 524, name: 'assigned_memonheap', requiredness: 'optional', codec: c.double },
  { id: 525, name: 'assigned_memoffheap', requiredness: 'optional', codec: c.double },
  { id: 526, name: 'assigned_cpu', requiredness: 'optional', codec: c.double },
  { id: 527, name: 'requested_regular_on_heap_memory', requiredness: 'optional', codec: c.double },
  { id: 528, name: 'requested_shared_on_heap_memory', requiredness: 'optional', codec: c.double },
  { id: 529, name: 'requested_regular_off_heap_memory', requiredness: 'optional', codec: c.double },
  { id: 530, name: 'requested_shared_off_heap_memory', requiredness: 'optional', codec: c.double },
  { id: 531, name: 'assigned_regular_on_heap_memory', requiredness: 'optional', codec: c.double },
  { id: 532, name: 'assigned_shared_on_heap_memory', requiredness: 'optional', codec: c.double },
  { id: 533, name: 'assigned_regular_off_heap_memory', requiredness: 'optional', codec: c.double },
  { id: 534, name: 'assigned_shared_off_heap_memory', requiredness: 'optional', codec: c.double },
  { id: 535, name: 'requested_generic_resources', requiredness: 'optional', codec: c.map(c.string, c.double) },
  { id: 536, name: 'assigned_generic_resources', requiredness: 'optional', codec: c.map(c.string, c.double) },
]);

/** Totals of an executor. */
export interface ExecutorAggregateStats {
  readonly exec_summary?: ExecutorSummary | undefined;
  readonly stats?: ComponentAggregateStats | undefined;
}
export const ExecutorAggregateStats: StructCodec<ExecutorAggregateStats> = struct<ExecutorAggregateStats>('ExecutorAggregateStats', [
  { id: 1, name: 'exec_summary', requiredness: 'optional', codec: ExecutorSummary },
  { id: 2, name: 'stats', requiredness: 'optional', codec: ComponentAggregateStats },
]);

/** A component as a page of the UI shows it. */
export interface ComponentPageInfo {
  readonly component_id: string;
  readonly component_type: ComponentType;
  readonly topology_id?: string | undefined;
  readonly topology_name?: string | undefined;
  readonly num_executors?: number | undefined;
  readonly num_tasks?: number | undefined;
  readonly window_to_stats?: ReadonlyMap<string, ComponentAggregateStats> | undefined;
  readonly gsid_to_input_stats?: readonly (readonly [GlobalStreamId, ComponentAggregateStats])[] | undefined;
  readonly sid_to_output_stats?: ReadonlyMap<string, ComponentAggregateStats> | undefined;
  readonly exec_stats?: readonly ExecutorAggregateStats[] | undefined;
  readonly errors?: readonly ErrorInfo[] | undefined;
  readonly eventlog_host?: string | undefined;
  readonly eventlog_port?: number | undefined;
  readonly debug_options?: DebugOptions | undefined;
  readonly topology_status?: string | undefined;
  readonly resources_map?: ReadonlyMap<string, number> | undefined;
}
export const ComponentPageInfo: StructCodec<ComponentPageInfo> = struct<ComponentPageInfo>('ComponentPageInfo', [
  { id: 1, name: 'component_id', requiredness: 'required', codec: c.string },
  { id: 2, name: 'component_type', requiredness: 'required', codec: ComponentType },
  { id: 3, name: 'topology_id', requiredness: 'optional', codec: c.string },
  { id: 4, name: 'topology_name', requiredness: 'optional', codec: c.string },
  { id: 5, name: 'num_executors', requiredness: 'optional', codec: c.i32 },
  { id: 6, name: 'num_tasks', requiredness: 'optional', codec: c.i32 },
  { id: 7, name: 'window_to_stats', requiredness: 'optional', codec: c.map(c.string, ComponentAggregateStats) },
  { id: 8, name: 'gsid_to_input_stats', requiredness: 'optional', codec: c.mapAsPairs(GlobalStreamId, ComponentAggregateStats) },
  { id: 9, name: 'sid_to_output_stats', requiredness: 'optional', codec: c.map(c.string, ComponentAggregateStats) },
  { id: 10, name: 'exec_stats', requiredness: 'optional', codec: c.list(ExecutorAggregateStats) },
  { id: 11, name: 'errors', requiredness: 'optional', codec: c.list(ErrorInfo) },
  { id: 12, name: 'eventlog_host', requiredness: 'optional', codec: c.string },
  { id: 13, name: 'eventlog_port', requiredness: 'optional', codec: c.i32 },
  { id: 14, name: 'debug_options', requiredness: 'optional', codec: DebugOptions },
  { id: 15, name: 'topology_status', requiredness: 'optional', codec: c.string },
  { id: 16, name: 'resources_map', requiredness: 'optional', codec: c.map(c.string, c.double) },
]);

/** Ids of topologies that a user may see the logs of. */
export interface TopologyHistoryInfo {
  readonly topo_ids?: readonly string[] | undefined;
}
export const TopologyHistoryInfo: StructCodec<TopologyHistoryInfo> = struct<TopologyHistoryInfo>('TopologyHistoryInfo', [
  { id: 1, name: 'topo_ids', requiredness: 'default', codec: c.list(c.string) },
]);

/** What the topologies of one owner use. Memory in MiB, CPU in percent of a core. */
export interface OwnerResourceSummary {
  readonly owner: string;
  readonly total_topologies?: number | undefined;
  readonly total_executors?: number | undefined;
  readonly total_workers?: number | undefined;
  readonly memory_usage?: number | undefined;
  readonly cpu_usage?: number | undefined;
  readonly memory_guarantee?: number | undefined;
  readonly cpu_guarantee?: number | undefined;
  readonly memory_guarantee_remaining?: number | undefined;
  readonly cpu_guarantee_remaining?: number | undefined;
  readonly isolated_node_guarantee?: number | undefined;
  readonly total_tasks?: number | undefined;
  readonly requested_on_heap_memory?: number | undefined;
  readonly requested_off_heap_memory?: number | undefined;
  readonly requested_total_memory?: number | undefined;
  readonly requested_cpu?: number | undefined;
  readonly assigned_on_heap_memory?: number | undefined;
  readonly assigned_off_heap_memory?: number | undefined;
}
export const OwnerResourceSummary: StructCodec<OwnerResourceSummary> = struct<OwnerResourceSummary>('OwnerResourceSummary', [
  { id: 1, name: 'owner', requiredness: 'required', codec: c.string },
  { id: 2, name: 'total_topologies', requiredness: 'optional', codec: c.i32 },
  { id: 3, name: 'total_executors', requiredness: 'optional', codec: c.i32 },
  { id: 4, name: 'total_workers', requiredness: 'optional', codec: c.i32 },
  { id: 5, name: 'memory_usage', requiredness: 'optional', codec: c.double },
  { id: 6, name: 'cpu_usage', requiredness: 'optional', codec: c.double },
  { id: 7, name: 'memory_guarantee', requiredness: 'optional', codec: c.double },
  { id: 8, name: 'cpu_guarantee', requiredness: 'optional', codec: c.double },
  { id: 9, name: 'memory_guarantee_remaining', requiredness: 'optional', codec: c.double },
  { id: 10, name: 'cpu_guarantee_remaining', requiredness: 'optional', codec: c.double },
  { id: 11, name: 'isolated_node_guarantee', requiredness: 'optional', codec: c.i32 },
  { id: 12, name: 'total_tasks', requiredness: 'optional', codec: c.i32 },
  { id: 13, name: 'requested_on_heap_memory', requiredness: 'optional', codec: c.double },
  { id: 14, name: 'requested_off_heap_memory', requiredness: 'optional', codec: c.double },
  { id: 15, name: 'requested_total_memory', requiredness: 'optional', codec: c.double },
  { id: 16, name: 'requested_cpu', requiredness: 'optional', codec: c.double },
  { id: 17, name: 'assigned_on_heap_memory', requiredness: 'optional', codec: c.double },
  { id: 18, name: 'assigned_off_heap_memory', requiredness: 'optional', codec: c.double },
]);

/** How long to wait between deactivating and removing. */
export interface KillOptions {
  readonly wait_secs?: number | undefined;
}
export const KillOptions: StructCodec<KillOptions> = struct<KillOptions>('KillOptions', [
  { id: 1, name: 'wait_secs', requiredness: 'optional', codec: c.i32 },
]);

/** What to change while rebalancing. */
export interface RebalanceOptions {
  readonly wait_secs?: number | undefined;
  readonly num_workers?: number | undefined;
  readonly num_executors?: ReadonlyMap<string, number> | undefined;
  readonly topology_resources_overrides?: ReadonlyMap<string, ReadonlyMap<string, number>> | undefined;
  readonly topology_conf_overrides?: string | undefined;
  readonly principal?: string | undefined;
}
export const RebalanceOptions: StructCodec<RebalanceOptions> = struct<RebalanceOptions>('RebalanceOptions', [
  { id: 1, name: 'wait_secs', requiredness: 'optional', codec: c.i32 },
  { id: 2, name: 'num_workers', requiredness: 'optional', codec: c.i32 },
  { id: 3, name: 'num_executors', requiredness: 'optional', codec: c.map(c.string, c.i32) },
  { id: 4, name: 'topology_resources_overrides', requiredness: 'optional', codec: c.map(c.string, c.map(c.string, c.double)) },
  { id: 5, name: 'topology_conf_overrides', requiredness: 'optional', codec: c.string },
  { id: 6, name: 'principal', requiredness: 'optional', codec: c.string },
]);

/** Secrets handed to the components. */
export interface Credentials {
  readonly creds: ReadonlyMap<string, string>;
  readonly topoOwner?: string | undefined;
}
export const Credentials: StructCodec<Credentials> = struct<Credentials>('Credentials', [
  { id: 1, name: 'creds', requiredness: 'required', codec: c.map(c.string, c.string) },
  { id: 2, name: 'topoOwner', requiredness: 'optional', codec: c.string },
]);

/** How a topology starts. */
export interface SubmitOptions {
  readonly initial_status: TopologyInitialStatus;
  readonly creds?: Credentials | undefined;
}
export const SubmitOptions: StructCodec<SubmitOptions> = struct<SubmitOptions>('SubmitOptions', [
  { id: 1, name: 'initial_status', requiredness: 'required', codec: TopologyInitialStatus },
  { id: 2, name: 'creds', requiredness: 'optional', codec: Credentials },
]);

export interface GetInfoOptions {
  readonly num_err_choice?: NumErrorsChoice | undefined;
}
export const GetInfoOptions: StructCodec<GetInfoOptions> = struct<GetInfoOptions>('GetInfoOptions', [
  { id: 1, name: 'num_err_choice', requiredness: 'optional', codec: NumErrorsChoice },
]);

/** One entry of a blob's access control list. `access` is a bit set: read 1, write 2, admin 4. */
export interface AccessControl {
  readonly type: AccessControlType;
  readonly name?: string | undefined;
  readonly access: number;
}
export const AccessControl: StructCodec<AccessControl> = struct<AccessControl>('AccessControl', [
  { id: 1, name: 'type', requiredness: 'required', codec: AccessControlType },
  { id: 2, name: 'name', requiredness: 'optional', codec: c.string },
  { id: 3, name: 'access', requiredness: 'required', codec: c.i32 },
]);

/** Rights and replication of a blob. */
export interface SettableBlobMeta {
  readonly acl: readonly AccessControl[];
  readonly replication_factor?: number | undefined;
}
export const SettableBlobMeta: StructCodec<SettableBlobMeta> = struct<SettableBlobMeta>('SettableBlobMeta', [
  { id: 1, name: 'acl', requiredness: 'required', codec: c.list(AccessControl) },
  { id: 2, name: 'replication_factor', requiredness: 'optional', codec: c.i32 },
]);

/** Rights and version of a blob. */
export interface ReadableBlobMeta {
  readonly settable: SettableBlobMeta;
  readonly version: bigint;
}
export const ReadableBlobMeta: StructCodec<ReadableBlobMeta> = struct<ReadableBlobMeta>('ReadableBlobMeta', [
  { id: 1, name: 'settable', requiredness: 'required', codec: SettableBlobMeta },
  { id: 2, name: 'version', requiredness: 'required', codec: c.i64 },
]);

/** A page of blob keys; an empty page ends the listing. */
export interface ListBlobsResult {
  readonly keys: readonly string[];
  readonly session: string;
}
export const ListBlobsResult: StructCodec<ListBlobsResult> = struct<ListBlobsResult>('ListBlobsResult', [
  { id: 1, name: 'keys', requiredness: 'required', codec: c.list(c.string) },
  { id: 2, name: 'session', requiredness: 'required', codec: c.string },
]);

/** A download session and the size of the blob. */
export interface BeginDownloadResult {
  readonly version: bigint;
  readonly session: string;
  readonly data_size?: bigint | undefined;
}
export const BeginDownloadResult: StructCodec<BeginDownloadResult> = struct<BeginDownloadResult>('BeginDownloadResult', [
  { id: 1, name: 'version', requiredness: 'required', codec: c.i64 },
  { id: 2, name: 'session', requiredness: 'required', codec: c.string },
  { id: 3, name: 'data_size', requiredness: 'optional', codec: c.i64 },
]);

/** What a supervisor says about itself in its heartbeat. */
export interface SupervisorInfo {
  readonly time_secs: bigint;
  readonly hostname: string;
  readonly assignment_id?: string | undefined;
  readonly used_ports?: readonly bigint[] | undefined;
  readonly meta?: readonly bigint[] | undefined;
  readonly scheduler_meta?: ReadonlyMap<string, string> | undefined;
  readonly uptime_secs?: bigint | undefined;
  readonly version?: string | undefined;
  readonly resources_map?: ReadonlyMap<string, number> | undefined;
  readonly server_port?: number | undefined;
}
export const SupervisorInfo: StructCodec<SupervisorInfo> = struct<SupervisorInfo>('SupervisorInfo', [
  { id: 1, name: 'time_secs', requiredness: 'required', codec: c.i64 },
  { id: 2, name: 'hostname', requiredness: 'required', codec: c.string },
  { id: 3, name: 'assignment_id', requiredness: 'optional', codec: c.string },
  { id: 4, name: 'used_ports', requiredness: 'optional', codec: c.list(c.i64) },
  { id: 5, name: 'meta', requiredness: 'optional', codec: c.list(c.i64) },
  { id: 6, name: 'scheduler_meta', requiredness: 'optional', codec: c.map(c.string, c.string) },
  { id: 7, name: 'uptime_secs', requiredness: 'optional', codec: c.i64 },
  { id: 8, name: 'version', requiredness: 'optional', codec: c.string },
  { id: 9, name: 'resources_map', requiredness: 'optional', codec: c.map(c.string, c.double) },
  { id: 10, name: 'server_port', requiredness: 'optional', codec: c.i32 },
]);

/** Slots (ports) of a node. */
export interface NodeInfo {
  readonly node: string;
  readonly port: ReadonlySet<bigint>;
}
export const NodeInfo: StructCodec<NodeInfo> = struct<NodeInfo>('NodeInfo', [
  { id: 1, name: 'node', requiredness: 'required', codec: c.string },
  { id: 2, name: 'port', requiredness: 'required', codec: c.set(c.i64) },
]);

/** Resources given to a worker. */
export interface WorkerResources {
  readonly mem_on_heap?: number | undefined;
  readonly mem_off_heap?: number | undefined;
  readonly cpu?: number | undefined;
  readonly shared_mem_on_heap?: number | undefined;
  readonly shared_mem_off_heap?: number | undefined;
  readonly resources?: ReadonlyMap<string, number> | undefined;
  readonly shared_resources?: ReadonlyMap<string, number> | undefined;
}
export const WorkerResources: StructCodec<WorkerResources> = struct<WorkerResources>('WorkerResources', [
  { id: 1, name: 'mem_on_heap', requiredness: 'optional', codec: c.double },
  { id: 2, name: 'mem_off_heap', requiredness: 'optional', codec: c.double },
  { id: 3, name: 'cpu', requiredness: 'optional', codec: c.double },
  { id: 4, name: 'shared_mem_on_heap', requiredness: 'optional', codec: c.double },
  { id: 5, name: 'shared_mem_off_heap', requiredness: 'optional', codec: c.double },
  { id: 6, name: 'resources', requiredness: 'optional', codec: c.map(c.string, c.double) },
  { id: 7, name: 'shared_resources', requiredness: 'optional', codec: c.map(c.string, c.double) },
]);

/** Which executor of a topology runs in which slot. Executors are [first task, last task]. */
export interface Assignment {
  readonly master_code_dir: string;
  readonly node_host?: ReadonlyMap<string, string> | undefined;
  readonly executor_node_port?: readonly (readonly [readonly bigint[], NodeInfo])[] | undefined;
  readonly executor_start_time_secs?: readonly (readonly [readonly bigint[], bigint])[] | undefined;
  readonly worker_resources?: readonly (readonly [NodeInfo, WorkerResources])[] | undefined;
  readonly total_shared_off_heap?: ReadonlyMap<string, number> | undefined;
  readonly owner?: string | undefined;
}
export const Assignment: StructCodec<Assignment> = struct<Assignment>('Assignment', [
  { id: 1, name: 'master_code_dir', requiredness: 'required', codec: c.string },
  { id: 2, name: 'node_host', requiredness: 'optional', codec: c.map(c.string, c.string), preset: new Map() },
  { id: 3, name: 'executor_node_port', requiredness: 'optional', codec: c.mapAsPairs(c.list(c.i64), NodeInfo), preset: [] },
  { id: 4, name: 'executor_start_time_secs', requiredness: 'optional', codec: c.mapAsPairs(c.list(c.i64), c.i64), preset: [] },
  { id: 5, name: 'worker_resources', requiredness: 'optional', codec: c.mapAsPairs(NodeInfo, WorkerResources), preset: [] },
  { id: 6, name: 'total_shared_off_heap', requiredness: 'optional', codec: c.map(c.string, c.double), preset: new Map() },
  { id: 7, name: 'owner', requiredness: 'optional', codec: c.string },
]);

export type TopologyActionOptions =
  | { readonly kind: 'kill_options'; readonly value: KillOptions }
  | { readonly kind: 'rebalance_options'; readonly value: RebalanceOptions };
export const TopologyActionOptions = union<TopologyActionOptions>('TopologyActionOptions', [
  { id: 1, name: 'kill_options', codec: KillOptions },
  { id: 2, name: 'rebalance_options', codec: RebalanceOptions },
]);

/** What nimbus stores about a live topology. */
export interface StormBase {
  readonly name: string;
  readonly status: TopologyStatus;
  readonly num_workers: number;
  readonly component_executors?: ReadonlyMap<string, number> | undefined;
  readonly launch_time_secs?: number | undefined;
  readonly owner?: string | undefined;
  readonly topology_action_options?: TopologyActionOptions | undefined;
  readonly prev_status?: TopologyStatus | undefined;
  readonly component_debug?: ReadonlyMap<string, DebugOptions> | undefined;
  readonly principal?: string | undefined;
  readonly topology_version?: string | undefined;
}
export const StormBase: StructCodec<StormBase> = struct<StormBase>('StormBase', [
  { id: 1, name: 'name', requiredness: 'required', codec: c.string },
  { id: 2, name: 'status', requiredness: 'required', codec: TopologyStatus },
  { id: 3, name: 'num_workers', requiredness: 'required', codec: c.i32 },
  { id: 4, name: 'component_executors', requiredness: 'optional', codec: c.map(c.string, c.i32) },
  { id: 5, name: 'launch_time_secs', requiredness: 'optional', codec: c.i32 },
  { id: 6, name: 'owner', requiredness: 'optional', codec: c.string },
  { id: 7, name: 'topology_action_options', requiredness: 'optional', codec: TopologyActionOptions },
  { id: 8, name: 'prev_status', requiredness: 'optional', codec: TopologyStatus },
  { id: 9, name: 'component_debug', requiredness: 'optional', codec: c.map(c.string, DebugOptions) },
  { id: 10, name: 'principal', requiredness: 'optional', codec: c.string },
  { id: 11, name: 'topology_version', requiredness: 'optional', codec: c.string },
]);

/** The heartbeat of a worker to the cluster. */
export interface ClusterWorkerHeartbeat {
  readonly storm_id: string;
  readonly executor_stats: readonly (readonly [ExecutorInfo, ExecutorStats])[];
  readonly time_secs: number;
  readonly uptime_secs: number;
}
export const ClusterWorkerHeartbeat: StructCodec<ClusterWorkerHeartbeat> = struct<ClusterWorkerHeartbeat>('ClusterWorkerHeartbeat', [
  { id: 1, name: 'storm_id', requiredness: 'required', codec: c.string },
  { id: 2, name: 'executor_stats', requiredness: 'required', codec: c.mapAsPairs(ExecutorInfo, ExecutorStats) },
  { id: 3, name: 'time_secs', requiredness: 'required', codec: c.i32 },
  { id: 4, name: 'uptime_secs', requiredness: 'required', codec: c.i32 },
]);

/** A named struct in its serialised form. */
export interface ThriftSerializedObject {
  readonly name: string;
  readonly bits: Buffer;
}
export const ThriftSerializedObject: StructCodec<ThriftSerializedObject> = struct<ThriftSerializedObject>('ThriftSerializedObject', [
  { id: 1, name: 'name', requiredness: 'required', codec: c.string },
  { id: 2, name: 'bits', requiredness: 'required', codec: c.binary },
]);

/** The local state file of a daemon. */
export interface LocalStateData {
  readonly serialized_parts: ReadonlyMap<string, ThriftSerializedObject>;
}
export const LocalStateData: StructCodec<LocalStateData> = struct<LocalStateData>('LocalStateData', [
  { id: 1, name: 'serialized_parts', requiredness: 'required', codec: c.map(c.string, ThriftSerializedObject) },
]);

/** What a supervisor is to run in one slot. */
export interface LocalAssignment {
  readonly topology_id: string;
  readonly executors: readonly ExecutorInfo[];
  readonly resources?: WorkerResources | undefined;
  readonly total_node_shared?: number | undefined;
  readonly owner?: string | undefined;
}
export const LocalAssignment: StructCodec<LocalAssignment> = struct<LocalAssignment>('LocalAssignment', [
  { id: 1, name: 'topology_id', requiredness: 'required', codec: c.string },
  { id: 2, name: 'executors', requiredness: 'required', codec: c.list(ExecutorInfo) },
  { id: 3, name: 'resources', requiredness: 'optional', codec: WorkerResources },
  { id: 4, name: 'total_node_shared', requiredness: 'optional', codec: c.double },
  { id: 5, name: 'owner', requiredness: 'optional', codec: c.string },
]);

/** Local state: the id of a supervisor. */
export interface LSSupervisorId {
  readonly supervisor_id: string;
}
export const LSSupervisorId: StructCodec<LSSupervisorId> = struct<LSSupervisorId>('LSSupervisorId', [
  { id: 1, name: 'supervisor_id', requiredness: 'required', codec: c.string },
]);

/** Local state: workers and the slots they were approved for. */
export interface LSApprovedWorkers {
  readonly approved_workers: ReadonlyMap<string, number>;
}
export const LSApprovedWorkers: StructCodec<LSApprovedWorkers> = struct<LSApprovedWorkers>('LSApprovedWorkers', [
  { id: 1, name: 'approved_workers', requiredness: 'required', codec: c.map(c.string, c.i32) },
]);

/** Local state: assignments by slot. */
export interface LSSupervisorAssignments {
  readonly assignments: ReadonlyMap<number, LocalAssignment>;
}
export const LSSupervisorAssignments: StructCodec<LSSupervisorAssignments> = struct<LSSupervisorAssignments>('LSSupervisorAssignments', [
  { id: 1, name: 'assignments', requiredness: 'required', codec: c.map(c.i32, LocalAssignment) },
]);

/** Local state: the heartbeat of a worker to its supervisor. */
export interface LSWorkerHeartbeat {
  readonly time_secs: number;
  readonly topology_id: string;
  readonly executors: readonly ExecutorInfo[];
  readonly port: number;
}
export const LSWorkerHeartbeat: StructCodec<LSWorkerHeartbeat> = struct<LSWorkerHeartbeat>('LSWorkerHeartbeat', [
  { id: 1, name: 'time_secs', requiredness: 'required', codec: c.i32 },
  { id: 2, name: 'topology_id', requiredness: 'required', codec: c.string },
  { id: 3, name: 'executors', requiredness: 'required', codec: c.list(ExecutorInfo) },
  { id: 4, name: 'port', requiredness: 'required', codec: c.i32 },
]);

/** Local state: one topology of the history. */
export interface LSTopoHistory {
  readonly topology_id: string;
  readonly time_stamp: bigint;
  readonly users: readonly string[];
  readonly groups: readonly string[];
}
export const LSTopoHistory: StructCodec<LSTopoHistory> = struct<LSTopoHistory>('LSTopoHistory', [
  { id: 1, name: 'topology_id', requiredness: 'required', codec: c.string },
  { id: 2, name: 'time_stamp', requiredness: 'required', codec: c.i64 },
  { id: 3, name: 'users', requiredness: 'required', codec: c.list(c.string) },
  { id: 4, name: 'groups', requiredness: 'required', codec: c.list(c.string) },
]);

/** Local state: the history of topologies. */
export interface LSTopoHistoryList {
  readonly topo_history: readonly LSTopoHistory[];
}
export const LSTopoHistoryList: StructCodec<LSTopoHistoryList> = struct<LSTopoHistoryList>('LSTopoHistoryList', [
  { id: 1, name: 'topo_history', requiredness: 'required', codec: c.list(LSTopoHistory) },
]);

/** The heartbeat of one worker, forwarded by its supervisor. */
export interface SupervisorWorkerHeartbeat {
  readonly storm_id: string;
  readonly executors: readonly ExecutorInfo[];
  readonly time_secs: number;
}
export const SupervisorWorkerHeartbeat: StructCodec<SupervisorWorkerHeartbeat> = struct<SupervisorWorkerHeartbeat>('SupervisorWorkerHeartbeat', [
  { id: 1, name: 'storm_id', requiredness: 'required', codec: c.string },
  { id: 2, name: 'executors', requiredness: 'required', codec: c.list(ExecutorInfo) },
  { id: 3, name: 'time_secs', requiredness: 'required', codec: c.i32 },
]);

/** The heartbeats of all workers of a supervisor. */
export interface SupervisorWorkerHeartbeats {
  readonly supervisor_id: string;
  readonly worker_heartbeats: readonly SupervisorWorkerHeartbeat[];
}
export const SupervisorWorkerHeartbeats: StructCodec<SupervisorWorkerHeartbeats> = struct<SupervisorWorkerHeartbeats>('SupervisorWorkerHeartbeats', [
  { id: 1, name: 'supervisor_id', requiredness: 'required', codec: c.string },
  { id: 2, name: 'worker_heartbeats', requiredness: 'required', codec: c.list(SupervisorWorkerHeartbeat) },
]);

/** What a supervisor is to run, by topology id. */
export interface SupervisorAssignments {
  readonly storm_assignment?: ReadonlyMap<string, Assignment> | undefined;
}
export const SupervisorAssignments: StructCodec<SupervisorAssignments> = struct<SupervisorAssignments>('SupervisorAssignments', [
  { id: 1, name: 'storm_assignment', requiredness: 'optional', codec: c.map(c.string, Assignment), preset: new Map() },
]);

/** An action on the workers of some slots. */
export interface ProfileRequest {
  readonly nodeInfo: NodeInfo;
  readonly action: ProfileAction;
  readonly time_stamp?: bigint | undefined;
}
export const ProfileRequest: StructCodec<ProfileRequest> = struct<ProfileRequest>('ProfileRequest', [
  { id: 1, name: 'nodeInfo', requiredness: 'required', codec: NodeInfo },
  { id: 2, name: 'action', requiredness: 'required', codec: ProfileAction },
  { id: 3, name: 'time_stamp', requiredness: 'optional', codec: c.i64 },
]);

/** A level of a logger, with the time when it falls back. */
export interface LogLevel {
  readonly action: LogLevelAction;
  readonly target_log_level?: string | undefined;
  readonly reset_log_level_timeout_secs?: number | undefined;
  readonly reset_log_level_timeout_epoch?: bigint | undefined;
  readonly reset_log_level?: string | undefined;
}
export const LogLevel: StructCodec<LogLevel> = struct<LogLevel>('LogLevel', [
  { id: 1, name: 'action', requiredness: 'required', codec: LogLevelAction },
  { id: 2, name: 'target_log_level', requiredness: 'optional', codec: c.string },
  { id: 3, name: 'reset_log_level_timeout_secs', requiredness: 'optional', codec: c.i32 },
  { id: 4, name: 'reset_log_level_timeout_epoch', requiredness: 'optional', codec: c.i64 },
  { id: 5, name: 'reset_log_level', requiredness: 'optional', codec: c.string },
]);

/** Levels of loggers by name. */
export interface LogConfig {
  readonly named_logger_level?: ReadonlyMap<string, LogLevel> | undefined;
}
export const LogConfig: StructCodec<LogConfig> = struct<LogConfig>('LogConfig', [
  { id: 2, name: 'named_logger_level', requiredness: 'optional', codec: c.map(c.string, LogLevel) },
]);

/** One measured value of a worker. */
export interface WorkerMetricPoint {
  readonly metricName: string;
  readonly timestamp: bigint;
  readonly metricValue: number;
  readonly componentId: string;
  readonly executorId: string;
  readonly streamId: string;
}
export const WorkerMetricPoint: StructCodec<WorkerMetricPoint> = struct<WorkerMetricPoint>('WorkerMetricPoint', [
  { id: 1, name: 'metricName', requiredness: 'required', codec: c.string },
  { id: 2, name: 'timestamp', requiredness: 'required', codec: c.i64 },
  { id: 3, name: 'metricValue', requiredness: 'required', codec: c.double },
  { id: 4, name: 'componentId', requiredness: 'required', codec: c.string },
  { id: 5, name: 'executorId', requiredness: 'required', codec: c.string },
  { id: 6, name: 'streamId', requiredness: 'required', codec: c.string },
]);

/** Measured values. */
export interface WorkerMetricList {
  readonly metrics?: readonly WorkerMetricPoint[] | undefined;
}
export const WorkerMetricList: StructCodec<WorkerMetricList> = struct<WorkerMetricList>('WorkerMetricList', [
  { id: 1, name: 'metrics', requiredness: 'default', codec: c.list(WorkerMetricPoint) },
]);

/** Measured values of a worker. */
export interface WorkerMetrics {
  readonly topologyId: string;
  readonly port: number;
  readonly hostname: string;
  readonly metricList: WorkerMetricList;
}
export const WorkerMetrics: StructCodec<WorkerMetrics> = struct<WorkerMetrics>('WorkerMetrics', [
  { id: 1, name: 'topologyId', requiredness: 'required', codec: c.string },
  { id: 2, name: 'port', requiredness: 'required', codec: c.i32 },
  { id: 3, name: 'hostname', requiredness: 'required', codec: c.string },
  { id: 4, name: 'metricList', requiredness: 'required', codec: WorkerMetricList },
]);

/** The content of a token, serialized into WorkerToken.info. */
export interface WorkerTokenInfo {
  readonly userName: string;
  readonly topologyId: string;
  readonly secretVersion: bigint;
  readonly expirationTimeMillis: bigint;
}
export const WorkerTokenInfo: StructCodec<WorkerTokenInfo> = struct<WorkerTokenInfo>('WorkerTokenInfo', [
  { id: 1, name: 'userName', requiredness: 'required', codec: c.string },
  { id: 2, name: 'topologyId', requiredness: 'required', codec: c.string },
  { id: 3, name: 'secretVersion', requiredness: 'required', codec: c.i64 },
  { id: 4, name: 'expirationTimeMillis', requiredness: 'required', codec: c.i64 },
]);

/** A token that proves which user and topology a worker belongs to. */
export interface WorkerToken {
  readonly serviceType: WorkerTokenServiceType;
  readonly info: Buffer;
  readonly signature: Buffer;
}
export const WorkerToken: StructCodec<WorkerToken> = struct<WorkerToken>('WorkerToken', [
  { id: 1, name: 'serviceType', requiredness: 'required', codec: WorkerTokenServiceType },
  { id: 2, name: 'info', requiredness: 'required', codec: c.binary },
  { id: 3, name: 'signature', requiredness: 'required', codec: c.binary },
]);

/** The key that signs tokens. */
export interface PrivateWorkerKey {
  readonly key: Buffer;
  readonly userName: string;
  readonly expirationTimeMillis: bigint;
}
export const PrivateWorkerKey: StructCodec<PrivateWorkerKey> = struct<PrivateWorkerKey>('PrivateWorkerKey', [
  { id: 1, name: 'key', requiredness: 'required', codec: c.binary },
  { id: 2, name: 'userName', requiredness: 'required', codec: c.string },
  { id: 3, name: 'expirationTimeMillis', requiredness: 'required', codec: c.i64 },
]);

/** A DRPC call for a worker; an empty request id means that there was no call. */
export interface DRPCRequest {
  readonly func_args: string;
  readonly request_id: string;
}
export const DRPCRequest: StructCodec<DRPCRequest> = struct<DRPCRequest>('DRPCRequest', [
  { id: 1, name: 'func_args', requiredness: 'required', codec: c.string },
  { id: 2, name: 'request_id', requiredness: 'required', codec: c.string },
]);

/** A DRPC call failed. */
export interface DRPCExecutionException {
  readonly msg: string;
  readonly type?: DRPCExceptionType | undefined;
}
export const DRPCExecutionException: StructCodec<DRPCExecutionException> = struct<DRPCExecutionException>('DRPCExecutionException', [
  { id: 1, name: 'msg', requiredness: 'required', codec: c.string },
  { id: 2, name: 'type', requiredness: 'optional', codec: DRPCExceptionType },
]);

/** A heartbeat kept by Pacemaker. */
export interface HBPulse {
  readonly id: string;
  readonly details?: Buffer | undefined;
}
export const HBPulse: StructCodec<HBPulse> = struct<HBPulse>('HBPulse', [
  { id: 1, name: 'id', requiredness: 'required', codec: c.string },
  { id: 2, name: 'details', requiredness: 'default', codec: c.binary },
]);

/** Heartbeats kept by Pacemaker. */
export interface HBRecords {
  readonly pulses?: readonly HBPulse[] | undefined;
}
export const HBRecords: StructCodec<HBRecords> = struct<HBRecords>('HBRecords', [
  { id: 1, name: 'pulses', requiredness: 'default', codec: c.list(HBPulse) },
]);

/** Ids of the heartbeats under a path. */
export interface HBNodes {
  readonly pulseIds?: readonly string[] | undefined;
}
export const HBNodes: StructCodec<HBNodes> = struct<HBNodes>('HBNodes', [
  { id: 1, name: 'pulseIds', requiredness: 'default', codec: c.list(c.string) },
]);

/** The body of a Pacemaker message. */
export type HBMessageData =
  | { readonly kind: 'path'; readonly value: string }
  | { readonly kind: 'pulse'; readonly value: HBPulse }
  | { readonly kind: 'boolval'; readonly value: boolean }
  | { readonly kind: 'records'; readonly value: HBRecords }
  | { readonly kind: 'nodes'; readonly value: HBNodes }
  | { readonly kind: 'message_blob'; readonly value: Buffer };
export const HBMessageData = union<HBMessageData>('HBMessageData', [
  { id: 1, name: 'path', codec: c.string },
  { id: 2, name: 'pulse', codec: HBPulse },
  { id: 3, name: 'boolval', codec: c.bool },
  { id: 4, name: 'records', codec: HBRecords },
  { id: 5, name: 'nodes', codec: HBNodes },
  { id: 7, name: 'message_blob', codec: c.binary },
]);

/** A message of the Pacemaker heartbeat server. */
export interface HBMessage {
  readonly type?: HBServerMessageType | undefined;
  readonly data?: HBMessageData | undefined;
  readonly message_id?: number | undefined;
}
export const HBMessage: StructCodec<HBMessage> = struct<HBMessage>('HBMessage', [
  { id: 1, name: 'type', requiredness: 'default', codec: HBServerMessageType },
  { id: 2, name: 'data', requiredness: 'default', codec: HBMessageData },
  { id: 3, name: 'message_id', requiredness: 'optional', codec: c.i32 },
]);

export interface HBAuthorizationException {
  readonly msg: string;
}
export const HBAuthorizationException: StructCodec<HBAuthorizationException> = struct<HBAuthorizationException>('HBAuthorizationException', [
  { id: 1, name: 'msg', requiredness: 'required', codec: c.string },
]);

export interface HBExecutionException {
  readonly msg: string;
}
export const HBExecutionException: StructCodec<HBExecutionException> = struct<HBExecutionException>('HBExecutionException', [
  { id: 1, name: 'msg', requiredness: 'required', codec: c.string },
]);
