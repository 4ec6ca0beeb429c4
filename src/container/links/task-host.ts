import type { TaskId } from '../../topology/index.ts';
import type { HostToStreamManager, StreamManagerToHost } from './protocol.ts';

/** The tuples that wait for the tasks of a host. */
export interface QueueFill {
  readonly bytes: number;
  readonly tuples: number;
  /** Tuples dropped since the host started because the queue was full. */
  readonly droppedTuples: number;
}

/**
 * Something that runs tasks, as its stream manager sees it: a JVM behind a unix socket, a multilang child
 * behind pipes, or system tasks in the same process. All run on the container's event loop; nothing here
 * awaits.
 */
export interface TaskHost {
  /** Names the host in logs and in pressure reports: `jvm`, `shell-7`, `acker`. */
  readonly name: string;
  readonly tasks: readonly TaskId[];
  /** What it held when it ended is lost and unknown, as for a JVM. */
  readonly isOpaque?: true;
  /** The id of the host's process while it runs; absent for hosts in this process. */
  readonly pid?: number | undefined;
  /** Absent: it has no queue. */
  readonly queue?: QueueFill;
  /**
   * Takes one DATA frame (docs/wire.md) for one of its tasks: `buffer[start, end)`, header included. The
   * bytes are the caller's and are overwritten after the call. Never refuses: a host whose queue passes its
   * high watermark reports `pressure` through {@link Outlet.report}, and senders slow down.
   */
  deliver(buffer: Buffer, start: number, end: number): void;
  /** All frames of one read have been delivered: write what is buffered. */
  flush(): void;
  /**
   * Receives `plan`, `packing`, `loads` and `pressure` once `start` has resolved: first the current state,
   * then each change. Only hosts in other processes receive `start` and `stop`.
   */
  control(message: StreamManagerToHost): void;
  /**
   * Pauses and resumes reading what the tasks emit: the last resort when a link reaches its hard bound
   * although pressure was reported. Frames are still delivered meanwhile, so that no two containers wait for
   * each other. Both are idempotent and may be called at any time after `start`.
   */
  pause(): void;
  resume(): void;
  /**
   * The tasks have left and nothing more will be delivered: resolves when what was delivered has been
   * processed, after `limitMs` at most, or on abort. `stop` follows, and fails what is left then. Absent: the
   * host cannot tell when it is done. Never rejects.
   */
  drain?(limitMs: number, signal: AbortSignal): Promise<void>;
  /**
   * Starts the host's process, if it has one. Resolves when it can take frames. Rejects with a GatewayError.
   */
  start(signal: AbortSignal): Promise<void>;
  /**
   * The process is stuck: ends it now, as after any fault of its own. What it held is failed, and `onExit`
   * follows. Absent where `stop(0)` has the same effect.
   */
  giveUp?(why: string): void;
  /**
   * Ends it in order: cleanup runs for `graceMs` at most, then it is killed. Idempotent. Leaves no process,
   * file or socket.
   */
  stop(graceMs: number): Promise<void>;
}

/** What a task host may do to its stream manager. */
export interface Outlet {
  /** Routes one DATA frame by its target; the bytes are copied before the call returns. */
  route(buffer: Buffer, start: number, end: number): void;
  /** A frame for one of the host's tasks that the host had no room for: its trees fail. */
  refused(buffer: Buffer, start: number, end: number): void;
  /** The host has nothing more to route for now: the stream manager writes what it has buffered. */
  flush(): void;
  /** Heartbeats, statistics, errors, loads, pressure. */
  report(host: TaskHost, message: HostToStreamManager): void;
}
