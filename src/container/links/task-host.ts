import type { TaskId } from '../../topology/index.ts';
import type { HostToStreamManager, StreamManagerToHost } from './protocol.ts';

/** What waits for the tasks of a host. */
export interface QueueFill {
  readonly bytes: number;
  readonly tuples: number;
  /** Tuples given up, in the host's life, because the queue was full. */
  readonly droppedTuples: number;
}

/**
 * Something that runs tasks, as its stream manager sees it: a JVM behind a unix socket, a multilang child behind
 * pipes, or system tasks in the same process. All run on the container's event loop; nothing here awaits.
 */
export interface TaskHost {
  /** Names the host in logs and in pressure reports: `jvm`, `shell-7`, `acker`. */
  readonly name: string;
  readonly tasks: readonly TaskId[];
  /** What it held when it ended is lost, and nobody can name it: true of a JVM. */
  readonly isOpaque?: true;
  /** Of the host's process while it runs; absent for hosts in this process. */
  readonly pid?: number | undefined;
  /** Absent: it keeps none. */
  readonly queue?: QueueFill;
  /**
   * Takes one DATA frame (docs/wire.md) for one of its tasks: `buffer[start, end)`, header included.
   * The bytes are the caller's and are overwritten after the call. Never refuses: a host whose queue passes its
   * high mark says so through {@link Outlet.report} (`pressure`), and senders slow down.
   */
  deliver(buffer: Buffer, start: number, end: number): void;
  /** All frames of one read have been delivered: write what is buffered. */
  flush(): void;
  /**
   * `plan`, `packing`, `loads`, `pressure`, from when `start` has resolved: first what is so at that moment, then each change.
   * `start` and `stop` are only for hosts in other processes.
   */
  control(message: StreamManagerToHost): void;
  /**
   * Stops, and takes up again, reading what the tasks emit: the last means when a link's hard bound is reached although
   * pressure was reported. Frames keep being delivered meanwhile, so that no two containers wait for each other.
   * Both may come at any time after `start` was called, and twice.
   */
  pause(): void;
  resume(): void;
  /**
   * The tasks have left and nothing more will be delivered: resolves when what was delivered is worked off, after `limitMs`
   * at most, or on abort. `stop` follows, and what is left then is failed. Absent: it is not known when it is. Never rejects.
   */
  drain?(limitMs: number, signal: AbortSignal): Promise<void>;
  /** Starts the host's process, if it has one. Resolves when it can take frames. Rejects with a GatewayError. */
  start(signal: AbortSignal): Promise<void>;
  /**
   * The process is stuck: ends it now, as for any fault of its own. What it held is failed, and `onExit` follows. Absent
   * where `stop(0)` does as well.
   */
  giveUp?(why: string): void;
  /** Orderly end: cleanup runs, at most `graceMs`, then it is killed. Idempotent. Leaves no process, file or socket. */
  stop(graceMs: number): Promise<void>;
}

/** What a task host may do to its stream manager. */
export interface Outlet {
  /** Routes one DATA frame by its target; the bytes are copied before the call returns. */
  route(buffer: Buffer, start: number, end: number): void;
  /** A frame for one of the host's tasks that it had no room for: its trees are failed. */
  refused(buffer: Buffer, start: number, end: number): void;
  /** The host has nothing more to route for now: the stream manager writes what it buffered. */
  flush(): void;
  /** Heartbeats, statistics, errors, loads, pressure. */
  report(host: TaskHost, message: HostToStreamManager): void;
}
