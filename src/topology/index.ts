/**
 * topology: what a topology is, and the decisions about it that need no process: validation, system topology, task ids,
 * executors, stream numbers, groupings. Pure: no sockets, files, timers or Redis. Oracle: storm-client's StormCommon.
 * Start at model.ts; the way of a submission is normalizeTopology -> makeSystemTopology -> TopologyIndex.
 */

export { componentConfOf, ownConfOf } from './component-conf.ts';
export { confKeys } from './conf-values.ts';
export { type CustomGrouping, describeCustomGrouping, needsJava } from './groupings/custom-grouping.ts';
export type { TaskLoads } from './groupings/grouper.ts';
export { type OutgoingOptions, OutgoingStreams } from './groupings/outgoing-streams.ts';
export * from './model.ts';
export * from './records.ts';
export {
  makeSystemTopology,
  normalizeTopology,
  systemComponentIds,
  systemStreamIds,
} from './system-topology.ts';
export {
  assignTaskIds,
  computeExecutors,
  executorCountOf,
  type PlannedExecutor,
  systemTaskId,
  taskCountOf,
} from './tasks.ts';
export { type Subscriber, TopologyIndex } from './topology-index.ts';
export { validateBasic, validateStructure } from './validate.ts';
