import type { JsonObject, JsonValue } from '../../../base/index.ts';
import { componentConfOf } from '../../../topology/index.ts';
import { confNumber } from '../../spec/index.ts';
import type { TaskHostDeps } from '../deps.ts';

const hooksKey = 'topology.auto.task.hooks';
const hookClass = 'egret.host.OutputRateHook';
/** Read by the hook itself, for its own component. The last is Heron's. */
const rateKeys = [
  'topology.egret.output.rate.tuples.per.sec',
  'topology.egret.output.rate.bytes.per.sec',
  'topology.component.output.bps',
];

/**
 * The keys that install the hook, when a component of this JVM has an output rate. Throws `CONFIG_INVALID`.
 */
export function outputRateHook(deps: Pick<TaskHostDeps, 'conf' | 'topology' | 'tasks'>): JsonObject {
  const { conf, topology, tasks } = deps;
  const isLimited = [...new Set(tasks.map((task) => task.componentId))].some((id) => {
    const own = componentConfOf(conf, topology.component(id)?.conf ?? {});
    return rateKeys.some((key) => confNumber(own, key, 0) > 0);
  });
  if (!isLimited) return {};
  const hooks = conf[hooksKey];
  return { [hooksKey]: [...(Array.isArray(hooks) ? (hooks as readonly JsonValue[]) : []), hookClass] };
}
