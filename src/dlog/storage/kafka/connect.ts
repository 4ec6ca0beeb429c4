import { type Clock, type Logger, type RandomSource, throwIfAborted } from '../../../base/index.ts';
import { type KafkaBrokers, type KafkaLimits, kafkaLimits } from './broker.ts';
import { KafkaAdmin } from './kafka-admin.ts';
import { KafkaFetcher } from './kafka-fetcher.ts';
import { KafkaProducer } from './kafka-producer.ts';
import { closedWithin } from './within.ts';

/**
 * Resolves once a broker has answered. Rejects with `STORAGE_UNAVAILABLE`, naming the address, and
 * `STORAGE_UNFIT`.
 */
export async function connectKafka(
  address: string,
  deps: {
    readonly clock: Clock;
    readonly random: RandomSource;
    readonly log: Logger;
    readonly limits?: Partial<KafkaLimits>;
    readonly signal?: AbortSignal;
  },
): Promise<KafkaBrokers> {
  const limits = { ...kafkaLimits, ...deps.limits };
  const clientDeps = { ...deps, address, limits };
  const producer = await KafkaProducer.load(clientDeps);
  throwIfAborted(deps.signal);
  const fetcher = await KafkaFetcher.open(clientDeps);
  const admin = await KafkaAdmin.open(address, limits);
  return {
    address,
    produce: (topic, record, settled) => producer.produce(topic, record, settled),
    watermarks: (topic) => fetcher.watermarks(topic),
    read: (topic, from, bytesMax) => fetcher.read(topic, from, bytesMax),
    follow: (topic, from, listener) => fetcher.follow(topic, from, listener),
    createTopic: (topic, replicationFactor, settings) =>
      admin.createTopic(topic, replicationFactor, settings),
    topic: (topic) => admin.topic(topic),
    topics: () => admin.topics(),
    deleteRecords: (topic, before) => admin.deleteRecords(topic, before),
    close: () =>
      closedWithin(deps.clock, limits.closeMs, [
        () => producer.close(),
        () => fetcher.close(),
        () => admin.close(),
      ]),
  };
}
