import { fieldsGroupingIndex } from '../tuple/index.ts';
import type { ComponentId, TaskId } from './model.ts';

/**
 * The event logger's task that a component's events go to: fields grouping on the component id, as Storm
 * wires it.
 */
export function eventLoggerTaskOf(
  componentId: ComponentId,
  loggerTasks: readonly TaskId[],
): TaskId | undefined {
  return loggerTasks.length === 0
    ? undefined
    : loggerTasks[fieldsGroupingIndex([componentId], loggerTasks.length)];
}
