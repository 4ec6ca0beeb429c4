import type { ExecutorId, LatencyCountsByWindow, TaskId } from '../topology/index.ts';

/** Counts by window key ("600", "10800", "86400", ":all-time"), then by stream id. Exact, not sampled. */
export type CountsByWindow = Readonly<Record<string, Readonly<Record<string, number>>>>;
/** As CountsByWindow, the inner key being `componentId \0 streamId` of the source. */
export type InputCountsByWindow = CountsByWindow;

export interface ExecutorStatsRecord {
  readonly executor: ExecutorId;
  readonly componentId: string;
  readonly uptimeSecs: number;
  readonly emitted: CountsByWindow;
  readonly transferred: CountsByWindow;
  readonly rate: number;
  readonly specific:
    | {
        readonly kind: 'spout';
        readonly acked: CountsByWindow;
        readonly failed: CountsByWindow;
        readonly completeMsAvg: CountsByWindow;
      }
    | {
        readonly kind: 'bolt';
        readonly acked: InputCountsByWindow;
        readonly failed: InputCountsByWindow;
        readonly processMsAvg: InputCountsByWindow;
        readonly executed: InputCountsByWindow;
        readonly executeMsAvg: InputCountsByWindow;
      };
  /**
   * Complete latencies of a spout, process latencies of a bolt, of ten minutes and of all time; Storm has no
   * such thing.
   */
  readonly latencies?: LatencyCountsByWindow | undefined;
}

/** How often and how long a task was in a state (under pressure, held back), since its container started. */
export interface TaskDurationRecord {
  readonly taskId: TaskId;
  readonly componentId: string;
  readonly times: number;
  readonly totalMs: number;
  /** While it is: since when, in milliseconds since the epoch. */
  readonly sinceMs?: number;
}

/**
 * One queue of a container: `link 2` to container 2, `slot jvm` before a host has started, `jvm`, `shell-7`.
 */
export interface QueueRecord {
  readonly name: string;
  readonly bytes: number;
  readonly tuples: number;
}

/**
 * How tuples flow through a container: where they wait, which task is the cause, and which spouts wait for
 * it.
 */
export interface FlowRecord {
  /** Tasks of this container that are or have been under pressure. */
  readonly pressured: readonly TaskDurationRecord[];
  /**
   * Spouts of this container that are or have been held back for a task under pressure, here or elsewhere.
   */
  readonly heldSpouts: readonly TaskDurationRecord[];
  readonly queues: readonly QueueRecord[];
  /** Tuples given up, by reason; the trees of those that were anchored have been failed. */
  readonly droppedTuples: Readonly<Record<string, number>>;
}

/** Written by the metrics manager of a container every few seconds. */
export interface HeartbeatRecord {
  readonly containerId: number;
  readonly timeMs: number;
  readonly uptimeSecs: number;
  readonly executors: readonly ExecutorStatsRecord[];
  /**
   * By component: how often a host with tasks of it has been started again since the container's process
   * began.
   */
  readonly restarts?: Readonly<Record<string, number>>;
  readonly flow?: FlowRecord;
}

/** Written by the metrics manager (faults of components) and by the scheduler (faults of containers). */
export interface ErrorRecord {
  readonly error: string;
  readonly timeSecs: number;
  readonly host: string;
  readonly port: number;
}
