import type { JsonObject, JsonValue } from '../../../base/index.ts';
import type { PlannedTask, TopologyIndex } from '../../../topology/index.ts';

const onHeapKey = 'topology.component.resources.onheap.memory.mb';
const offHeapKey = 'topology.component.resources.offheap.memory.mb';
const ackerKeys = {
  onHeap: 'topology.acker.resources.onheap.memory.mb',
  offHeap: 'topology.acker.resources.offheap.memory.mb',
};
const metricsConsumerKeys = {
  onHeap: 'topology.metrics.consumer.resources.onheap.memory.mb',
  offHeap: 'topology.metrics.consumer.resources.offheap.memory.mb',
};

/**
 * Memory of a worker: the sum over its executors of what their components ask for (ResourceUtils, Storm 2.8),
 * rounded up; `worker.heap.memory.mb` when they ask for nothing.
 */
export function workerMemory(
  conf: JsonObject,
  topology: TopologyIndex,
  tasks: readonly PlannedTask[],
): { readonly heapMb: number; readonly offHeapMb: number } {
  const executors = new Map(tasks.map((task) => [task.executor[0], task.componentId]));
  let onHeapMb = 0;
  let offHeapMb = 0;
  for (const componentId of executors.values()) {
    const own = topology.component(componentId)?.conf ?? {};
    const keys = keysOf(componentId);
    onHeapMb += firstNumber(own[onHeapKey], conf[keys.onHeap], conf[onHeapKey], 128);
    offHeapMb += firstNumber(own[offHeapKey], conf[keys.offHeap], conf[offHeapKey], 0);
  }
  const heapMb = onHeapMb > 0 ? onHeapMb : firstNumber(conf['worker.heap.memory.mb'], 768);
  return { heapMb: Math.ceil(heapMb), offHeapMb: Math.ceil(offHeapMb) };
}

function keysOf(componentId: string): { readonly onHeap: string; readonly offHeap: string } {
  if (componentId === '__acker') return ackerKeys;
  if (componentId.startsWith('__metrics')) return metricsConsumerKeys;
  return { onHeap: onHeapKey, offHeap: offHeapKey };
}

function firstNumber(...values: readonly (JsonValue | undefined)[]): number {
  return values.find((value): value is number => typeof value === 'number' && value >= 0) ?? 0;
}
