import type { JsonObject } from '../base/index.ts';

/** Task ids are positive; -1 is `__system`, one in each worker (Storm `Constants.SYSTEM_TASK_ID`). */
export type TaskId = number;
export type ComponentId = string;
export type StreamId = string;

/** Whether Storm reserves an id of a component or stream for itself (Utils.isSystemId, 2.8). */
export function isSystemId(id: string): boolean {
  return id.startsWith('__');
}

export interface StreamDeclaration {
  readonly fields: readonly string[];
  /** True when the producer names the receiving task itself (`emitDirect`). */
  readonly direct: boolean;
}

/** One of the groupings of Storm's `Grouping` union, by its Thrift field name. */
export type Grouping =
  | { readonly kind: 'fields'; readonly fields: readonly string[] } // no fields = global grouping
  | { readonly kind: 'shuffle' }
  | { readonly kind: 'all' }
  | { readonly kind: 'none' }
  | { readonly kind: 'direct' }
  | { readonly kind: 'local_or_shuffle' }
  /** A Java object described by class and arguments; only a JVM host can make it. */
  | { readonly kind: 'custom_object'; readonly className: string }
  /**
   * Java serialisation (base64). Partial key grouping comes like this and is understood; any other needs a
   * JVM host.
   */
  | { readonly kind: 'custom_serialized'; readonly bytesBase64: string };

export interface InputDeclaration {
  readonly sourceComponentId: ComponentId;
  readonly sourceStreamId: StreamId;
  readonly grouping: Grouping;
}

/** What does the work of a component. The gateway never looks inside Java's serialised objects. */
export type ComponentImplementation =
  | { readonly kind: 'serialized_java' }
  | { readonly kind: 'java_object'; readonly className: string }
  | { readonly kind: 'shell'; readonly executionCommand: string; readonly script: string }
  /**
   * Parts that Egret adds: `__acker`, `__system`, `__eventlogger`, metrics consumers (which are Java all the
   * same).
   */
  | { readonly kind: 'system' }
  | LogImplementation;

/**
 * The two sides of a log: the sink (a bolt) writes a stream of a component to it, the source (a spout) emits
 * what it reads.
 */
export interface LogImplementation {
  readonly kind: 'log_sink' | 'log_source';
  /** Whose stream it is. */
  readonly componentId: ComponentId;
  readonly streamId: StreamId;
  readonly durability: LogDurability;
}

/**
 * What the log has done with a tuple before it is acked: synced it to the disk (the strongest that its
 * storage has), or given it to the operating system.
 */
export type LogDurability = 'fsync' | 'os';

export interface Component {
  readonly id: ComponentId;
  readonly kind: 'spout' | 'bolt' | 'state_spout';
  readonly implementation: ComponentImplementation;
  readonly inputs: readonly InputDeclaration[];
  readonly streams: Readonly<Record<StreamId, StreamDeclaration>>;
  /** Undefined when the client left it out; it then counts as 1. */
  readonly parallelismHint: number | undefined;
  /** The component's own configuration (`json_conf`, parsed). */
  readonly conf: JsonObject;
}

/**
 * A topology as submitted, or (after `makeSystemTopology`) with Storm's system components and streams added.
 */
export interface LogicalTopology {
  /** In the client's order; ids are unique across spouts, bolts and state spouts once validated. */
  readonly components: readonly Component[];
}

/**
 * Which host runs a task. Packing chooses `jvm` (Storm's Worker), `shell` (multilang over stdin/stdout) or
 * `system` (inside the process of the container). Only a container knows more of it: its table of host kinds
 * has a row for each (container/task-hosts/kinds.ts).
 */
export type TaskHostKind = string;

/** Executor id as Storm writes it: first and last task of a contiguous run. */
export type ExecutorId = readonly [first: TaskId, last: TaskId];

export interface PlannedTask {
  readonly taskId: TaskId;
  readonly componentId: ComponentId;
  readonly executor: ExecutorId;
  /** 1..N. Container 0 is the topology master and has no tasks. */
  readonly containerId: number;
  readonly host: TaskHostKind;
}

export interface PlannedContainer {
  /** 1..N. */
  readonly containerId: number;
  /** The Storm slot it occupies: names its log directory and appears as the port of its executors. */
  readonly slotPort: number;
  readonly nodeId: string;
  readonly hostname: string;
}

/** Which task runs where, before any process exists. Made by packing, kept in the state store. */
export interface PackingPlan {
  readonly topologyId: string;
  /**
   * 1 for the first; each later one is above the one it follows. A container never goes back to an older
   * plan.
   */
  readonly version: number;
  /**
   * How often the configuration in the code directory has changed. Hosts that began with another version
   * restart.
   */
  readonly codeVersion: number;
  readonly containers: readonly PlannedContainer[];
  readonly tasks: readonly PlannedTask[];
}

export type TopologyStatus = 'ACTIVE' | 'INACTIVE' | 'KILLED' | 'REBALANCING';

/**
 * The packing plan with the addresses of the stream managers that have registered. Published by the topology
 * master.
 */
export interface PhysicalPlan {
  readonly topologyId: string;
  /** Grows with every change; a stream manager ignores a plan with an epoch below the one it holds. */
  readonly epoch: number;
  /** The version of the packing plan that this one belongs to; that plan reaches a stream manager first. */
  readonly packingVersion: number;
  /** True when every container of the packing plan has registered. */
  readonly isComplete: boolean;
  /**
   * REBALANCING also after the topology's own has been restored, while tasks are moving to other containers.
   */
  readonly status: TopologyStatus;
  /**
   * Those of the packing plan's containers, and of containers that left it and still forward what they hold.
   */
  readonly streamManagers: readonly StreamManagerAddress[];
}

export interface StreamManagerAddress {
  readonly containerId: number;
  readonly host: string;
  readonly port: number;
  /** Changes with every start of the container: a peer that sees a new one reconnects. */
  readonly incarnation: string;
}

/**
 * The largest file of a topology's code, before compression. Submissions that need a larger one are refused,
 * and Nimbus and the scheduler read nothing larger: a file that has grown past this makes its topology
 * unreadable, and no other.
 */
export const codeFileBytesMax = 16 * 1024 * 1024;
