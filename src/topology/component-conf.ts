import type { JsonObject } from '../base/index.ts';
import { stormConfigKeys } from './gen/storm-config-keys.ts';

/** Storm's keys that a component may set for itself (storm-client 2.8, Executor.normalizedComponentConf). */
const overridable: ReadonlySet<string> = new Set([
  'topology.debug',
  'topology.max.spout.pending',
  'topology.max.task.parallelism',
  'topology.transactional.id',
  'topology.tick.tuple.freq.secs',
  'topology.sleep.spout.wait.strategy.time.ms',
  'topology.spout.wait.strategy',
  'topology.bolts.window.length.count',
  'topology.bolts.window.length.duration.ms',
  'topology.bolts.window.sliding.interval.count',
  'topology.bolts.window.sliding.interval.duration.ms',
  'topology.bolts.tuple.timestamp.max.lag.ms',
  'topology.bolts.message.id.field.name',
  'topology.state.provider',
  'topology.state.provider.config',
  'topology.bolts.late.tuple.stream',
]);

const fixed: ReadonlySet<string> = new Set(stormConfigKeys.filter((key) => !overridable.has(key)));

/**
 * The part of a component's own configuration that counts: the few of Storm's keys above, and all that are
 * not Storm's.
 */
export function ownConfOf(ownConf: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(ownConf).filter(([key]) => !fixed.has(key)));
}

/**
 * What a task of a component works with: the topology's configuration with the component's own laid over it.
 */
export function componentConfOf(topologyConf: JsonObject, ownConf: JsonObject): JsonObject {
  return { ...topologyConf, ...ownConfOf(ownConf) };
}
