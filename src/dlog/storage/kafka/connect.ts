import type { Clock, Logger } from '../../../base/index.ts';
import { type KafkaBrokers, type KafkaLimits, kafkaLimits } from './broker.ts';
import { KafkaAdmin } from './kafka-admin.ts';
import { KafkaClient } from './kafka-client.ts';

/** Resolves once a broker has answered. Rejects with `STORAGE_UNAVAILABLE`, naming the address, and `STORAGE_UNFIT`. */
export async function connectKafka(
  address: string,
  deps: {
    readonly clock: Clock;
    readonly log: Logger;
    readonly limits?: Partial<KafkaLimits>;
    readonly signal?: AbortSignal;
  },
): Promise<KafkaBrokers> {
  const limits = { ...kafkaLimits, ...deps.limits };
  const client = await KafkaClient.open({ address, limits, clock: deps.clock, log: deps.log }, deps.signal);
  const admin = await KafkaAdmin.open(address, limits);
  return {
    address,
    produce: (topic, record, settled) => client.produce(topic, record, settled),
    watermarks: (topic) => client.watermarks(topic),
    read: (topic, from, count) => client.read(topic, from, count),
    follow: (topic, from, listener) => client.follow(topic, from, listener),
    createTopic: (topic, replicationFactor, settings) =>
      admin.createTopic(topic, replicationFactor, settings),
    topic: (topic) => admin.topic(topic),
    topics: () => admin.topics(),
    deleteRecords: (topic, before) => admin.deleteRecords(topic, before),
    close: async () => {
      await client.close();
      await admin.close();
    },
  };
}
