import type { TaskId } from '../../../topology/index.ts';

/** How often and how long something was so for a task; `sinceMs` while it is. Times are those that were passed in. */
export interface DurationEntry {
  readonly taskId: TaskId;
  readonly times: number;
  /** Up to now, the current time included. */
  readonly totalMs: number;
  readonly sinceMs: number | undefined;
}

export interface DurationChange {
  readonly taskId: TaskId;
  /** Undefined when it began. */
  readonly durationMs: number | undefined;
  /** Changes of this task that were not told since the last one that was; undefined: this one is not to be told. */
  readonly untold: number | undefined;
}

interface Entry {
  times: number;
  totalMs: number;
  sinceMs: number | undefined;
  toldAtMs: number;
  isTold: boolean;
  untold: number;
}

/** Of a task that flutters one beginning, and its end, is told in this time. */
const tellEveryMs = 10_000;

/** Since when and how long tasks have been in a state (under pressure, held back). Pure. */
export class DurationLedger {
  readonly #entries = new Map<TaskId, Entry>();

  /** The tasks that are in the state now. Answers what has changed. */
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
        ...{ toldAtMs: Number.NEGATIVE_INFINITY, isTold: false, untold: 0 },
      };
      this.#entries.set(taskId, entry);
    }
    return entry;
  }
}

function begin(taskId: TaskId, entry: Entry, nowMs: number): DurationChange {
  entry.times++;
  entry.sinceMs = nowMs;
  entry.isTold = nowMs - entry.toldAtMs >= tellEveryMs;
  if (!entry.isTold) {
    entry.untold++;
    return { taskId, durationMs: undefined, untold: undefined };
  }
  const { untold } = entry;
  entry.toldAtMs = nowMs;
  entry.untold = 0;
  return { taskId, durationMs: undefined, untold };
}

function end(taskId: TaskId, entry: Entry, nowMs: number): DurationChange {
  const durationMs = nowMs - entry.sinceMs!;
  entry.totalMs += durationMs;
  entry.sinceMs = undefined;
  if (!entry.isTold) entry.untold++;
  return { taskId, durationMs, untold: entry.isTold ? 0 : undefined };
}
