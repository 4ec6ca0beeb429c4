import { GatewayError, type JsonObject } from '../base/index.ts';
import {
  type ComponentId,
  confKeys,
  type LogicalTopology,
  type PackingPlan,
  type PlannedExecutor,
} from '../topology/index.ts';
import type { DealtTask } from './hosts.ts';
import type { Slot } from './slots.ts';

export interface PackingRequest {
  readonly topologyId: string;
  /** The topology that makeSystemTopology returns. */
  readonly systemTopology: LogicalTopology;
  /** The number of executors of each component for which a rebalance set one. */
  readonly executors?: Readonly<Record<ComponentId, number>>;
  /** The merged configuration of the topology, which has `topology.workers`. */
  readonly conf: JsonObject;
  /** The version of the code directory, see PackingPlan. Default 0. */
  readonly codeVersion?: number;
  readonly freeSlots: readonly Slot[];
}

export type PackingResult =
  /**
   * `shortage` says why there are fewer containers than the topology asked for; empty when there are as many.
   */
  | { readonly kind: 'packed'; readonly packing: PackingPlan; readonly shortage: string }
  | { readonly kind: 'no-free-slot'; readonly reason: string };

/** Throws `TOPOLOGY_INVALID` when `topology.workers` is not a positive integer. */
export function readWorkers(conf: JsonObject): number {
  const workers = conf[confKeys.workers] ?? 1;
  if (typeof workers === 'number' && Number.isInteger(workers) && workers > 0) return workers;
  throw new GatewayError(
    'TOPOLOGY_INVALID',
    `${confKeys.workers} is ${JSON.stringify(workers)}, expected a positive integer`,
    { facts: { key: confKeys.workers, value: workers } },
  );
}

export function noFreeSlot(topologyId: string, workers: number): PackingResult {
  return {
    kind: 'no-free-slot',
    reason: `topology ${topologyId} asks for ${workers} ${workers === 1 ? 'worker' : 'workers'}, no slot is free (supervisor.slots.ports)`,
  };
}

/**
 * Empty when there are as many containers as wanted. `its`: the slots found include those that the topology
 * has already.
 */
export function shortageOf(
  topologyId: string,
  workers: number,
  slots: { readonly wanted: number; readonly found: number; readonly verb: 'free' | 'its' },
): string {
  if (slots.found === slots.wanted) return '';
  const found = `${slots.found} ${slots.found === 1 ? 'slot' : 'slots'}`;
  const have =
    slots.verb === 'free' ? `${found} ${slots.found === 1 ? 'is' : 'are'} free` : `it has ${found}`;
  return `topology ${topologyId} asks for ${workers} workers, ${have}`;
}

export function tasksOf({ executor, componentId }: PlannedExecutor, containerId: number): DealtTask[] {
  const [first, last] = executor;
  return Array.from({ length: last - first + 1 }, (_, offset) => ({
    taskId: first + offset,
    componentId,
    executor,
    containerId,
  }));
}
