import type { JsonObject } from '../../base/index.ts';
import type { ErrorRecord, ExecutorStatsRecord } from '../../records/index.ts';
import type {
  ExecutorId,
  PackingPlan,
  PhysicalPlan,
  PlannedContainer,
  PlannedTask,
  TaskId,
} from '../../topology/index.ts';

/**
 * The CONTROL messages (see docs/wire.md), one JSON object a frame.
 *
 * Host and stream manager: the host listens on a unix socket and the stream manager connects, because only a
 * connecting socket can read into a buffer of its own. The host sends `hello` first and then receives
 * `start`.
 *
 * Two stream managers: the receiver connects to the sender, sends `peer`, and then reads the tuples for its
 * tasks. A pair has two connections, one for each direction of tuples. `loads`, `pressure` and `lost` travel
 * against the tuples, on the connection that their sender opened.
 *
 * Container and topology master: the container connects, sends `register`, and receives `plan` at every
 * change. `packing` comes before the first `plan` that refers to it, and the container answers it with
 * `took`.
 */
export const protocolVersion = 1;

export type HostToStreamManager =
  | { readonly type: 'hello'; readonly protocol: number; readonly kind: 'jvm'; readonly pid: number }
  /** The worker has started: its tasks exist (open/prepare may still be waiting for activation). */
  | { readonly type: 'started' }
  | { readonly type: 'heartbeat'; readonly timeMs: number }
  | {
      readonly type: 'stats';
      readonly uptimeSecs: number;
      /** Executors that have only Storm's own sampled statistics. */
      readonly executors: readonly ExecutorStatsRecord[];
      /** Executors that are counted exactly. */
      readonly totals: readonly ExecutorTotals[];
    }
  | { readonly type: 'error'; readonly componentId: string; readonly record: ErrorRecord }
  | LoadReport
  | PressureReport
  /** The host cannot continue and exits next. `message` is added to the errors of every component it runs. */
  | { readonly type: 'fatal'; readonly message: string };

/**
 * What an executor has counted since its host started. The inputs of a bolt are keyed by `componentId \0
 * streamId` of their source, those of a spout by the stream of the root.
 */
export interface ExecutorTotals {
  readonly executor: ExecutorId;
  readonly componentId: string;
  readonly kind: 'spout' | 'bolt';
  /** By stream. */
  readonly emitted: Readonly<Record<string, number>>;
  readonly transferred: Readonly<Record<string, number>>;
  /** By input. */
  readonly acked: Readonly<Record<string, number>>;
  readonly failed: Readonly<Record<string, number>>;
  readonly executed: Readonly<Record<string, number>>;
  /** By input: the sum of milliseconds, and how many tuples were measured. */
  readonly executeMs: Readonly<Record<string, readonly [sumMs: number, count: number]>>;
  /** Process latency of a bolt, complete latency of a spout. */
  readonly latencyMs: Readonly<Record<string, readonly [sumMs: number, count: number]>>;
  /** The same latencies: bucket, count, bucket, count ... (topology/latency-buckets.ts). */
  readonly latencyBuckets: readonly number[];
}

export type StreamManagerToHost =
  | {
      readonly type: 'start';
      readonly topologyId: string;
      readonly topologyName: string;
      readonly containerId: number;
      readonly workerId: string;
      readonly codeDir: string;
      readonly stormLocalDir: string;
      readonly logDir: string;
      /** Keys laid over conf.json for this host. */
      readonly confOverrides: JsonObject;
      readonly containers: readonly PlannedContainer[];
      readonly tasks: readonly PlannedTask[];
    }
  // Both plans are named `plan` in these messages: containers of an earlier version read and send that name.
  /** A new physical plan. The host starts its tasks when it first sees a complete one. */
  | { readonly type: 'plan'; readonly plan: PhysicalPlan }
  /** A new packing plan in which this host has the same tasks as before. Other tasks may have moved. */
  | { readonly type: 'packing'; readonly plan: PackingPlan }
  | LoadReport
  | PressureReport
  | LossReport
  /** Orderly end: close and cleanup run, then the host exits 0. After `graceMs` it is killed. */
  | { readonly type: 'stop'; readonly graceMs: number };

export type PeerMessage =
  | {
      readonly type: 'peer';
      readonly protocol: number;
      readonly topologyId: string;
      readonly containerId: number;
      readonly incarnation: string;
      /** The container that the sender means to dial: the port may have a new owner. */
      readonly to: { readonly containerId: number; readonly incarnation: string };
    }
  | { readonly type: 'peer-refused'; readonly reason: string }
  | LoadReport
  | PressureReport
  | LossReport;

export type StreamManagerToMaster =
  | {
      readonly type: 'register';
      readonly protocol: number;
      readonly topologyId: string;
      readonly containerId: number;
      readonly incarnation: string;
      readonly host: string;
      readonly port: number;
      /**
       * Epoch of the plan it holds, 0 for none. The master's next epoch is above it, even after the store was
       * emptied.
       */
      readonly epochHeld: number;
      /** Version of the packing plan that it has applied. */
      readonly packingHeld: number;
    }
  /** It has applied this packing plan: hosts that leave have ended, and new ones have been started. */
  | { readonly type: 'took'; readonly version: number }
  | { readonly type: 'ping' };

export type MasterToStreamManager =
  | { readonly type: 'plan'; readonly plan: PhysicalPlan }
  | { readonly type: 'packing'; readonly plan: PackingPlan }
  | { readonly type: 'refused'; readonly reason: string }
  | { readonly type: 'pong' };

/** Queue load of tasks, 0..1, for load-aware shuffle grouping (Storm broadcasts it every 5 s). */
export interface LoadReport {
  readonly type: 'loads';
  readonly loads: readonly (readonly [TaskId, number])[];
}

/**
 * All tasks of the sender whose queues are above the high watermark now. An empty list lifts the pressure.
 */
export interface PressureReport {
  readonly type: 'pressure';
  /** The host or stream manager that reports. A report replaces the last one of the same reporter. */
  readonly reporter: string;
  readonly tasks: readonly TaskId[];
}

/**
 * A process ended or cannot be reached, and what its tasks held is lost. Trees that an acker among `tasks`
 * followed will not complete; trees of `spouts` may have had a tuple there. Between peers `spouts` is empty,
 * and the receiver derives it.
 */
export interface LossReport {
  readonly type: 'lost';
  readonly tasks: readonly TaskId[];
  /** Spout tasks upstream of a lost task. */
  readonly spouts: readonly TaskId[];
}

/** Everything that travels in CONTROL frames. */
export type ControlMessage =
  | HostToStreamManager
  | StreamManagerToHost
  | PeerMessage
  | StreamManagerToMaster
  | MasterToStreamManager;
