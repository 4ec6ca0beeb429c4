/**
 * kafka: streams as topics of Kafka. Start at kafka-storage.ts; what a partition means is in fold.ts. Loaded
 * only where it is configured.
 */
export type { KafkaBrokers } from './broker.ts';
export { connectKafka } from './connect.ts';
export { KafkaStorage } from './kafka-storage.ts';
