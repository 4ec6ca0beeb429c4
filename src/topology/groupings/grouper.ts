import type { JavaValue } from '../../tuple/index.ts';
import type { TaskId } from '../model.ts';

/** Load of a task, 0..1: the fuller of its queue and its connection. A task without a report has load 1. */
export type TaskLoads = ReadonlyMap<TaskId, number>;

/** Chooses the tasks of one subscriber for each tuple of one stream of one emitting task. */
export interface Grouper {
  /** Whether values have no part in the choice, so that tasks can be chosen before the values are known. */
  readonly ignoresValues: boolean;
  /** The chosen tasks: a list that the grouper keeps, to be read before the next call. */
  chooseTasks(values: readonly JavaValue[]): readonly TaskId[];
  /** New loads have come in (about once a second). */
  refreshLoads(loads: TaskLoads): void;
}
