import type { PartitionRecord } from './record.ts';
import type { TopicFacts } from './topic.ts';

/**
 * What is needed of Kafka, always of partition 0 of a topic. Every call ends within a named limit: with
 * `STORAGE_UNAVAILABLE` where the broker did not answer, `STREAM_UNKNOWN` where the topic is not there,
 * `ABORTED` where the connection was closed meanwhile.
 */
export interface KafkaBrokers {
  /** For messages: where it is configured to be. */
  readonly address: string;
  /**
   * Appends a record, in the order of the calls. `settled` receives its offset once all in-sync replicas have
   * it, or the error after which its fate is unknown. The error is `STORAGE_UNFIT` when the broker rejects a
   * record of that size. The caller may reuse the buffers as soon as this returns.
   */
  produce(topic: string, record: NewRecord, settled: Settled): void;
  /** The first place that is kept, and the one behind the last record that all replicas have. */
  watermarks(topic: string): Promise<{ readonly low: number; readonly high: number }>;
  /**
   * Records from a place on, in order: at least one, and otherwise about `bytesMax` of them. The caller knows
   * that there is one: `LOG_GAP` where it is not kept any more.
   */
  read(topic: string, from: number, bytesMax: number): Promise<readonly PartitionRecord[]>;
  /**
   * Tells every record from a place on as it comes, until it is closed or, once, until `failed`. A broker
   * that is away is waited for.
   */
  follow(topic: string, from: number, listener: TailListener): Tail;

  createTopic(
    topic: string,
    replicationFactor: number,
    settings: Readonly<Record<string, string>>,
  ): Promise<void>;
  /** Undefined when there is no such topic. */
  topic(topic: string): Promise<TopicFacts | undefined>;
  topics(): Promise<readonly string[]>;
  /** Gives the space of all records before a place back. */
  deleteRecords(topic: string, before: number): Promise<void>;
  /** Resolves within `closeMs`, whatever is in flight; calls in flight fail with an error that says so. */
  close(): Promise<void>;
}

export interface NewRecord {
  readonly key: Buffer;
  readonly value: Buffer;
}

export type Settled = (error: Error | undefined, offset: number) => void;

export interface TailListener {
  readonly record: (record: PartitionRecord) => void;
  readonly failed: (error: Error) => void;
}

export interface Tail {
  close(): Promise<void>;
}

/** How long Kafka may take before the callers that wait for it receive an error. */
export interface KafkaLimits {
  readonly connectMs: number;
  /** One request, such as for the end of a partition. */
  readonly requestMs: number;
  /** Until an append is on all replicas: the broker may be away for so long without an append failing. */
  readonly deliveryMs: number;
  /** Closing all connections. One that is not done by then is left behind. */
  readonly closeMs: number;
}

export const kafkaLimits: KafkaLimits = {
  connectMs: 10_000,
  requestMs: 5000,
  deliveryMs: 10_000,
  closeMs: 3000,
};
