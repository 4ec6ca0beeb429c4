import { GatewayError, type JsonObject } from '../base/index.ts';

/** Keys of Storm's configuration that decide about the shape of a topology. */
export const confKeys = {
  tasks: 'topology.tasks',
  maxTaskParallelism: 'topology.max.task.parallelism',
  workers: 'topology.workers',
  ackerExecutors: 'topology.acker.executors',
  eventLoggerExecutors: 'topology.eventlogger.executors',
  messageTimeoutSecs: 'topology.message.timeout.secs',
  tickTupleFreqSecs: 'topology.tick.tuple.freq.secs',
  metricsConsumers: 'topology.metrics.consumer.register',
  disableLoadAware: 'topology.disable.loadaware.messaging',
  localityHigherBound: 'topology.localityaware.higher.bound',
  localityLowerBound: 'topology.localityaware.lower.bound',
  durableStreams: 'topology.egret.durable.streams',
  spillStreams: 'topology.egret.spill.streams',
  durablePartitions: 'topology.egret.durable.partitions',
} as const;

/**
 * An int of a configuration, read as Storm does (ObjectReader.getInt): a whole number, or a string that says
 * one. Undefined when the key is absent or null. Throws `TOPOLOGY_INVALID` naming `owner`, key and value
 * otherwise.
 */
export function readInt(conf: JsonObject, key: string, owner: string): number | undefined {
  const value = conf[key];
  if (value === undefined || value === null) return undefined;
  const number = typeof value === 'string' && /^[+-]?\d+$/.test(value) ? Number(value) : value;
  if (typeof number === 'number' && Number.isInteger(number) && number === (number | 0)) return number;
  throw new GatewayError(
    'TOPOLOGY_INVALID',
    `${owner}: ${key} is ${JSON.stringify(value)}, expected a 32-bit integer`,
    { facts: { owner, key, value } },
  );
}

/** As {@link readInt}, for a key that must be there. */
export function readRequiredInt(conf: JsonObject, key: string): number {
  const value = readInt(conf, key, 'topology configuration');
  if (value !== undefined) return value;
  throw new GatewayError('TOPOLOGY_INVALID', `topology configuration: ${key} is missing`, { facts: { key } });
}
