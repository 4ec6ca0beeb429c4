import type { TaskId } from '../../../topology/index.ts';

/**
 * How often and how long a task was in the state. `sinceMs` is set while it is. All times are those the
 * caller passed in.
 */
export interface DurationEntry {
  readonly taskId: TaskId;
  readonly times: number;
  /** Up to now, including the current stay. */
  readonly totalMs: number;
  readonly sinceMs: number | undefined;
}

export interface DurationChange {
  readonly taskId: TaskId;
  /** Undefined when the stay began. */
  readonly durationMs: number | undefined;
  /**
   * How many changes of this task were not logged since the last one that was. Undefined: do not log this
   * one.
   */
  readonly unlogged: number | undefined;
}

interface Entry {
  times: number;
  /** All stays that have ended. */
  totalMs: number;
  sinceMs: number | undefined;
  loggedAtMs: number;
  isLogged: boolean;
  /** Invariant: 0 right after a change that was logged. */
  unlogged: number;
}

/** Log at most one start and one end per task in this interval. */
const logEveryMs = 10_000;

/** Since when and how long tasks have been in a state (under pressure, held back). Pure. */
export class DurationLedger {
  readonly #entries = new Map<TaskId, Entry>();

  /** Sets the tasks that are in the state now. Returns what has changed. */
  update(tasks: Iterable<TaskId>, nowMs: number): readonly DurationChange[] {
    const now = new Set(tasks);
    const changes: DurationChange[] = [];
    for (const taskId of now) {
      const entry = this.#entry(taskId);
      if (entry.sinceMs === undefined) changes.push(begin(taskId, entry, nowMs));
    }
    for (const [taskId, entry] of this.#entries) {
      if (entry.sinceMs !== undefined && !now.has(taskId)) changes.push(end(taskId, entry, nowMs));
    }
    return changes;
  }

  /** Every task that ever was in the state. */
  entries(nowMs: number): readonly DurationEntry[] {
    return [...this.#entries].map(([taskId, { times, totalMs, sinceMs }]) => ({
      taskId,
      times,
      totalMs: totalMs + (sinceMs === undefined ? 0 : nowMs - sinceMs),
      sinceMs,
    }));
  }

  #entry(taskId: TaskId): Entry {
    let entry = this.#entries.get(taskId);
    if (entry === undefined) {
      entry = {
        ...{ times: 0, totalMs: 0, sinceMs: undefined },
        ...{ loggedAtMs: Number.NEGATIVE_INFINITY, isLogged: false, unlogged: 0 },
      };
      this.#entries.set(taskId, entry);
    }
    return entry;
  }
}

function begin(taskId: TaskId, entry: Entry, nowMs: number): DurationChange {
  entry.times++;
  entry.sinceMs = nowMs;
  entry.isLogged = nowMs - entry.loggedAtMs >= logEveryMs;
  if (!entry.isLogged) {
    entry.unlogged++;
    return { taskId, durationMs: undefined, unlogged: undefined };
  }
  const { unlogged } = entry;
  entry.loggedAtMs = nowMs;
  entry.unlogged = 0;
  return { taskId, durationMs: undefined, unlogged };
}

function end(taskId: TaskId, entry: Entry, nowMs: number): DurationChange {
  const durationMs = nowMs - entry.sinceMs!;
  entry.totalMs += durationMs;
  entry.sinceMs = undefined;
  if (!entry.isLogged) entry.unlogged++;
  return { taskId, durationMs, unlogged: entry.isLogged ? 0 : undefined };
}
