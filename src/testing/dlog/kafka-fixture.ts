import { silentLog, systemClock, systemRandom } from '../../base/index.ts';
import { connectKafka, type KafkaBrokers, KafkaStorage } from '../../dlog/storage/kafka/index.ts';
import { KafkaBroker } from '../kafka-broker.ts';

/** One broker for all tests of a run, started by the first that needs it and ended after the last. */
let started: Promise<KafkaBroker> | undefined;
let prefixes = 0;

export function sharedBroker(): Promise<KafkaBroker> {
  started ??= KafkaBroker.start({ settings: { 'offsets.topic.num.partitions': '1' } });
  return started;
}

after(async () => (await started)?.close());

/** A prefix for topics that no other test uses. */
export function freshPrefix(): string {
  prefixes += 1;
  return `test-${prefixes}.`;
}

export function connected(broker: KafkaBroker): Promise<KafkaBrokers> {
  return connectKafka(broker.address, { clock: systemClock, random: systemRandom, log: silentLog });
}

export function storageOn(kafka: KafkaBrokers, topicPrefix: string, isFlushed = true): KafkaStorage {
  const edges = { clock: systemClock, random: systemRandom, log: silentLog };
  return new KafkaStorage({ kafka, ...edges }, { topicPrefix, replicationFactor: 1, isFlushed });
}

/** The same connection for many storages: closing one of them leaves it open. */
export function kept(kafka: KafkaBrokers): KafkaBrokers {
  return { ...kafka, close: () => Promise.resolve() };
}
