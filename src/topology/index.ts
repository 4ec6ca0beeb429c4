/**
 * topology: what a topology is, and the decisions about it that need no process: validation, system topology,
 * task ids, executors, stream numbers, groupings. Pure: no sockets, files, timers or Redis. Oracle:
 * storm-client's StormCommon. Start at model.ts; the way of a submission is normalizeTopology ->
 * withDurableStreams -> makeSystemTopology -> TopologyIndex.
 */

export { componentConfOf, ownConfOf } from './component-conf.ts';
export { confKeys } from './conf-values.ts';
export { withDurableStreams } from './durable/durable-streams.ts';
export {
  type LogPlace,
  logComponentPrefixes,
  logNamespace,
  logStreamName,
  logStreamPrefix,
  logSubscriber,
  parseLogStreamName,
  partitionOf,
} from './durable/log-names.ts';
export { type LogSettings, logSettingsOf } from './durable/log-settings.ts';
export { eventLoggerTaskOf } from './event-logger.ts';
export { FlowGraph } from './flow-graph.ts';
export { needsJava } from './groupings/custom-grouping.ts';
export { OutgoingStreams } from './groupings/outgoing-streams.ts';
export {
  type LatencyCounts,
  type LatencyCountsByWindow,
  latencyBucketOf,
  latencyBuckets,
  type Percentiles,
  percentilesOf,
} from './latency-buckets.ts';
export * from './model.ts';
export {
  makeSystemTopology,
  normalizeTopology,
  systemComponentIds,
  systemStreamIds,
  systemTopologySteps,
} from './system-topology.ts';
export {
  computeExecutors,
  executorCountOf,
  type PlannedExecutor,
  systemTaskId,
} from './tasks.ts';
export { TopologyIndex } from './topology-index.ts';
