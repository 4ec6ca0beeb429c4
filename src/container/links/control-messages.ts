import type { JsonObject, JsonValue } from '../../base/index.ts';
import type { TaskId } from '../../topology/index.ts';
import type { LoadReport, LossReport, PressureReport } from './protocol.ts';

/**
 * Checks what came over a socket field by field: the sender may be a container of another version, or no
 * container at all. Each reader returns undefined when the message is not what its type says.
 */
export function readLoads(message: JsonObject): LoadReport | undefined {
  const loads = message['loads'];
  if (!Array.isArray(loads) || !loads.every(isLoad)) return undefined;
  return { type: 'loads', loads };
}

export function readPressure(message: JsonObject): PressureReport | undefined {
  const { reporter, tasks } = message;
  if (typeof reporter !== 'string' || !Array.isArray(tasks) || !tasks.every(Number.isInteger))
    return undefined;
  return { type: 'pressure', reporter, tasks: tasks as TaskId[] };
}

/** The tasks that a peer says are lost. */
export function readLostTasks(message: JsonObject): LossReport['tasks'] | undefined {
  const { tasks } = message;
  return Array.isArray(tasks) && tasks.every(Number.isInteger) ? (tasks as TaskId[]) : undefined;
}

function isLoad(value: JsonValue): boolean {
  return Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === 'number');
}
