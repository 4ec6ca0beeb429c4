import type { PartitionRecord } from './record.ts';
import type { TopicFacts } from './topic.ts';

/**
 * The operations that the storage needs of Kafka, always on partition 0 of a topic. Every call ends within a
 * named limit. It rejects with `STORAGE_UNAVAILABLE` when the broker did not answer, `STREAM_UNKNOWN` when
 * the topic does not exist, and `ABORTED` when the connection was closed meanwhile.
 */
export interface KafkaBrokers {
  /** The configured address, for messages. */
  readonly address: string;
  /**
   * Appends a record, in the order of the calls. `settled` receives its offset once all in-sync replicas have
   * it, or the error after which its fate is unknown. The error is `STORAGE_UNFIT` when the broker rejects a
   * record of that size. The caller may reuse the buffers as soon as this returns.
   */
  produce(topic: string, record: NewRecord, settled: Settled): void;
  /** The first retained offset, and the one behind the last record that all replicas have. */
  watermarks(topic: string): Promise<{ readonly low: number; readonly high: number }>;
  /**
   * Reads records from an offset on, in order: at least one, and otherwise about `bytesMax` of them. The
   * caller must know that there is one: rejects with `LOG_GAP` when it is no longer retained.
   */
  read(topic: string, from: number, bytesMax: number): Promise<readonly PartitionRecord[]>;
  /**
   * Passes every record from an offset on to the listener as it comes, until closed or until `failed`, which
   * is called once. Waits for a broker that is away.
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
  /** Frees the space of all records before an offset. */
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
  /** The time limit of one request, such as for the end of a partition. */
  readonly requestMs: number;
  /**
   * The time limit until an append is on all replicas: the broker may be away this long without an append
   * failing.
   */
  readonly deliveryMs: number;
  /** The time limit for closing all connections. A connection that is not closed by then is abandoned. */
  readonly closeMs: number;
}

export const kafkaLimits: KafkaLimits = {
  connectMs: 10_000,
  requestMs: 5000,
  deliveryMs: 10_000,
  closeMs: 3000,
};
