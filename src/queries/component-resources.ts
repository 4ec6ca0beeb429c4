import type { JsonObject, JsonValue } from '../base/index.ts';
import { type Component, systemComponentIds } from '../topology/index.ts';

const names = {
  onHeapMb: 'onheap.memory.mb',
  offHeapMb: 'offheap.memory.mb',
  cpuPercent: 'cpu.pcore.percent',
} as const;

/** Their keys in configurations (NormalizedResources 2.8); any other name is a resource of the user's own. */
const byConfKey: Readonly<Record<string, string>> = {
  'topology.component.resources.onheap.memory.mb': names.onHeapMb,
  'topology.component.resources.offheap.memory.mb': names.offHeapMb,
  'topology.component.cpu.pcore.percent': names.cpuPercent,
  'supervisor.memory.capacity.mb': 'memory.mb',
  'supervisor.cpu.capacity': names.cpuPercent,
};
const resourcesMapKey = 'topology.component.resources.map';

/**
 * The resources that each task of a component requests, as Storm's pages show them (NormalizedResourceRequest
 * 2.8): memory in MiB, CPU in percent of a core, other resources as they are. `conf` is the topology's
 * configuration over the cluster's.
 */
export function componentResources(component: Component, conf: JsonObject): ReadonlyMap<string, number> {
  const own = component.conf;
  const resources = new Map<string, number>(Object.values(names).map((name) => [name, 0]));
  const set = (name: string, value: JsonValue | undefined): void => {
    if (typeof value === 'number') resources.set(name, value);
  };
  const addAll = (map: JsonValue | undefined): void => {
    if (map === null || typeof map !== 'object' || Array.isArray(map)) return;
    for (const [name, value] of Object.entries(map as JsonObject)) set(byConfKey[name] ?? name, value);
  };
  const plain = Object.entries(byConfKey).filter(([key]) => key.startsWith('topology.component.'));

  for (const [key, name] of plain) set(name, conf[key]);
  addAll(conf[resourcesMapKey]);
  for (const [key, name] of Object.entries(ownDefaults(component.id))) set(name, conf[key]);
  for (const [key, name] of plain) set(name, own[key]);
  addAll(own[resourcesMapKey]);
  return resources;
}

/** System components have defaults of their own. */
function ownDefaults(componentId: string): Readonly<Record<string, string>> {
  const keysOf = (prefix: string): Record<string, string> => ({
    [`topology.${prefix}.resources.onheap.memory.mb`]: names.onHeapMb,
    [`topology.${prefix}.resources.offheap.memory.mb`]: names.offHeapMb,
    [`topology.${prefix}.cpu.pcore.percent`]: names.cpuPercent,
  });
  if (componentId === systemComponentIds.acker) return keysOf('acker');
  return componentId.startsWith(systemComponentIds.metricsPrefix) ? keysOf('metrics.consumer') : {};
}
