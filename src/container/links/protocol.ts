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
 * Host and stream manager: the host listens on a unix socket, the stream manager connects (only a connecting
 * socket may read into a buffer of its own). The host speaks first (`hello`), then gets `start`.
 *
 * Two stream managers: the one that wants to receive connects to the one that sends, says `peer`, and then reads
 * the tuples for its tasks. So a pair has two connections, one for each direction of tuples. `loads`, `pressure` and `lost`
 * travel against the tuples: on the connection that their sender opened.
 *
 * Stream manager and topology master: the stream manager connects, says `register`, and gets `plan` at every change. A
 * `packing` comes before the first plan that goes with it, and is answered by `took`.
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
      /** Executors of which only Storm's own sampled statistics are to be had. */
      readonly executors: readonly ExecutorStatsRecord[];
      /** Executors that are counted exactly. */
      readonly totals: readonly ExecutorTotals[];
    }
  | { readonly type: 'error'; readonly componentId: string; readonly record: ErrorRecord }
  | LoadReport
  | PressureReport
  /** The host cannot go on and exits next; `message` goes to the errors of every component it runs. */
  | { readonly type: 'fatal'; readonly message: string };

/**
 * What an executor has counted since its host started. Of a bolt, inputs go by `componentId \0 streamId` of their source; of
 * a spout, by the stream of the root.
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
  /** By input: milliseconds added up, and how many tuples were measured. */
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
  /** A new packing plan, by which this host has the same tasks as before: others may have moved. */
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
      /** Whom the sender believes to have dialled: a port may have a new owner. */
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
      /** Epoch of the plan it holds, 0 for none: the master's next one is above it, even when the store was emptied. */
      readonly epochHeld: number;
      /** Version of the packing plan that it runs by. */
      readonly packingHeld: number;
    }
  /** It runs by this packing plan now: what leaves has left, what comes has its place. */
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

/** All tasks of the sender whose queues are above the high mark now; an empty list lifts the pressure. */
export interface PressureReport {
  readonly type: 'pressure';
  /** The worker or stream manager that reports, so that a receiver can tell a lifted report from another's. */
  readonly reporter: string;
  readonly tasks: readonly TaskId[];
}

/**
 * A process ended, or cannot be reached, and with it what its tasks held. Trees followed by an acker among `tasks` will not
 * complete; trees of `spouts` may have had a tuple there. Between peers `spouts` is for the receiver to find out.
 */
export interface LossReport {
  readonly type: 'lost';
  readonly tasks: readonly TaskId[];
  /** Spout tasks above a lost task. */
  readonly spouts: readonly TaskId[];
}

/** Everything that travels in CONTROL frames. */
export type ControlMessage =
  | HostToStreamManager
  | StreamManagerToHost
  | PeerMessage
  | StreamManagerToMaster
  | MasterToStreamManager;
