import type { JsonObject, JsonValue } from '../../base/index.ts';
import type {
  PackingPlan,
  PhysicalPlan,
  PlannedContainer,
  PlannedTask,
  StreamManagerAddress,
  TaskId,
} from '../../topology/index.ts';
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

const statuses: readonly JsonValue[] = ['ACTIVE', 'INACTIVE', 'KILLED', 'REBALANCING'];

export function readPhysicalPlan(value: JsonValue | undefined): PhysicalPlan | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const { topologyId, epoch, packingVersion, isComplete, status, streamManagers } = value as JsonObject;
  const isPlan =
    typeof topologyId === 'string' &&
    typeof epoch === 'number' &&
    typeof packingVersion === 'number' &&
    typeof isComplete === 'boolean' &&
    statuses.includes(status ?? null) &&
    Array.isArray(streamManagers) &&
    streamManagers.every(isAddress);
  return isPlan ? (value as unknown as PhysicalPlan) : undefined;
}

export function readPackingPlan(value: JsonValue | undefined): PackingPlan | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const { topologyId, version, codeVersion, containers, tasks } = value as JsonObject;
  const isPacking =
    typeof topologyId === 'string' &&
    Number.isSafeInteger(version) &&
    Number.isSafeInteger(codeVersion) &&
    Array.isArray(containers) &&
    containers.every(isPlannedContainer) &&
    Array.isArray(tasks) &&
    tasks.every(isPlannedTask);
  return isPacking ? (value as unknown as PackingPlan) : undefined;
}

function isPlannedContainer(value: JsonValue): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { containerId, slotPort, nodeId, hostname } = value as Partial<
    Record<keyof PlannedContainer, JsonValue>
  >;
  const areNumbers = Number.isInteger(containerId) && Number.isInteger(slotPort);
  return areNumbers && typeof nodeId === 'string' && typeof hostname === 'string';
}

function isPlannedTask(value: JsonValue): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { taskId, componentId, executor, containerId, host } = value as Partial<
    Record<keyof PlannedTask, JsonValue>
  >;
  return (
    Number.isInteger(taskId) &&
    typeof componentId === 'string' &&
    Array.isArray(executor) &&
    executor.length === 2 &&
    executor.every(Number.isInteger) &&
    Number.isInteger(containerId) &&
    typeof host === 'string'
  );
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

function isPort(value: JsonValue | undefined): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 65_536;
}

function isLoad(value: JsonValue): boolean {
  return Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === 'number');
}
