import type { JsonObject, JsonValue } from '../base/index.ts';
import type { PhysicalPlan, StreamManagerAddress, TaskId } from '../topology/index.ts';
import type { LoadReport, PressureReport } from './protocol.ts';

/**
 * What came over a socket, checked field by field: another container may be of another version, or no container at all.
 * Each reader answers undefined when the message is not what its type says.
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

const statuses: readonly JsonValue[] = ['ACTIVE', 'INACTIVE', 'KILLED', 'REBALANCING'];

export function readPlan(value: JsonValue | undefined): PhysicalPlan | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const { topologyId, epoch, isComplete, status, streamManagers } = value as JsonObject;
  const isPlan =
    typeof topologyId === 'string' &&
    typeof epoch === 'number' &&
    typeof isComplete === 'boolean' &&
    statuses.includes(status ?? null) &&
    Array.isArray(streamManagers) &&
    streamManagers.every(isAddress);
  return isPlan ? (value as unknown as PhysicalPlan) : undefined;
}

export function isAddress(value: JsonValue): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { containerId, host, port, incarnation } = value as Partial<
    Record<keyof StreamManagerAddress, JsonValue>
  >;
  return (
    Number.isInteger(containerId) &&
    typeof host === 'string' &&
    isPort(port) &&
    typeof incarnation === 'string'
  );
}

export function isPort(value: JsonValue | undefined): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 65_536;
}

function isLoad(value: JsonValue): boolean {
  return Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === 'number');
}
