import { GatewayError, type JsonObject } from '../base/index.ts';
import {
  type Component,
  type ComponentId,
  computeExecutors,
  confKeys,
  type LogicalTopology,
  needsJava,
  type PackingPlan,
  type PlannedExecutor,
  type PlannedTask,
  systemComponentIds,
  type TaskHostKind,
} from '../topology/index.ts';
import { type Slot, sortSlots } from './slots.ts';

export interface PackingRequest {
  readonly topologyId: string;
  /** As makeSystemTopology leaves it. */
  readonly systemTopology: LogicalTopology;
  /** The merged configuration of the topology; `topology.workers` counts. */
  readonly conf: JsonObject;
  readonly freeSlots: readonly Slot[];
}

export type PackingResult =
  /** `shortage` says why there are fewer containers than the topology asked for; empty when there are as many. */
  | { readonly kind: 'packed'; readonly plan: PackingPlan; readonly shortage: string }
  | { readonly kind: 'no-free-slot'; readonly reason: string };

/**
 * Deals the executors of a topology, by ascending first task, over its containers in turn, as Storm's EvenScheduler
 * does. There are as many containers as `topology.workers`, fewer when slots or executors are fewer.
 * Throws `TOPOLOGY_INVALID` when `topology.workers` is not a positive integer.
 */
export function packRoundRobin(request: PackingRequest): PackingResult {
  const { topologyId, systemTopology, conf } = request;
  const workers = readWorkers(conf);
  const executors = computeExecutors(systemTopology);
  const slots = sortSlots(request.freeSlots).slice(0, Math.min(workers, executors.length));
  if (slots.length === 0 && executors.length > 0) {
    return {
      kind: 'no-free-slot',
      reason: `topology ${topologyId} asks for ${workers} ${workers === 1 ? 'worker' : 'workers'}, no slot is free (supervisor.slots.ports)`,
    };
  }
  const containers = slots.map((slot, index) => ({
    containerId: index + 1,
    slotPort: slot.port,
    nodeId: slot.nodeId,
    hostname: slot.hostname,
  }));
  const tasks = decideHosts(systemTopology, dealOut(executors, containers.length));
  const wanted = Math.min(workers, executors.length);
  return {
    kind: 'packed',
    plan: { topologyId, containers, tasks },
    shortage:
      slots.length === wanted
        ? ''
        : `topology ${topologyId} asks for ${workers} workers, ${slots.length} ${slots.length === 1 ? 'slot is' : 'slots are'} free`,
  };
}

type DealtTask = Omit<PlannedTask, 'host'>;

function dealOut(executors: readonly PlannedExecutor[], containerCount: number): DealtTask[] {
  return executors.flatMap(({ executor, componentId }, index) => {
    const [first, last] = executor;
    const containerId = (index % containerCount) + 1;
    return Array.from({ length: last - first + 1 }, (_, offset) => ({
      taskId: first + offset,
      componentId,
      executor,
      containerId,
    }));
  });
}

/** Ackers run in the JVM of their container when it has one, else in its stream manager. */
function decideHosts(systemTopology: LogicalTopology, dealt: readonly DealtTask[]): PlannedTask[] {
  const routedByJava = new Set(
    systemTopology.components.flatMap((component) =>
      component.inputs.filter((input) => needsJava(input.grouping)).map((input) => input.sourceComponentId),
    ),
  );
  const kinds = new Map<ComponentId, TaskHostKind | 'either'>(
    systemTopology.components.map((component) => [component.id, hostOf(component, routedByJava)]),
  );
  const withJvm = new Set(
    dealt.filter((task) => kinds.get(task.componentId) === 'jvm').map((task) => task.containerId),
  );
  return dealt.map((task) => {
    const kind = kinds.get(task.componentId)!;
    const host = kind === 'either' ? (withJvm.has(task.containerId) ? 'jvm' : 'system') : kind;
    return { ...task, host };
  });
}

/**
 * Metrics consumers and the event logger are Storm's own Java, `__acker` exists in both forms. A shell component whose
 * tuples are routed by a Java class (a custom grouping) goes into the JVM, where Storm's ShellBolt runs its child.
 */
function hostOf(component: Component, routedByJava: ReadonlySet<ComponentId>): TaskHostKind | 'either' {
  switch (component.implementation.kind) {
    case 'serialized_java':
    case 'java_object':
      return 'jvm';
    case 'shell':
      return routedByJava.has(component.id) ? 'jvm' : 'shell';
    case 'system':
      return component.id === systemComponentIds.acker ? 'either' : 'jvm';
  }
}

function readWorkers(conf: JsonObject): number {
  const workers = conf[confKeys.workers] ?? 1;
  if (typeof workers === 'number' && Number.isInteger(workers) && workers > 0) return workers;
  throw new GatewayError(
    'TOPOLOGY_INVALID',
    `${confKeys.workers} is ${JSON.stringify(workers)}, expected a positive integer`,
    { facts: { key: confKeys.workers, value: workers } },
  );
}
