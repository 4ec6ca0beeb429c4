import Kafka from 'node-rdkafka';
import { describeError, systemClock } from '../../src/base/index.ts';
import { KafkaBroker } from '../../src/testing/kafka-broker.ts';
import type { OpenSubject, Subject } from './subject.ts';

const topic = (stream: number): string => `stream-${stream}`;
const requestMs = 30_000;
/** A client of librdkafka 2.0 may not come back from closing; its broker ends next. */
const closeMs = 2000;
/** RD_KAFKA_OFFSET_END. */
const atTheEnd = -1;

interface How {
  readonly flush: 'per batch' | 'never';
  /** How long the client waits to fill a batch: 0 is best for few records in flight, more for many. */
  readonly lingerMs: 0 | 5;
}

/**
 * A real broker of one node, one topic of one partition a stream, an idempotent producer that waits for the
 * broker's answer.
 */
export function kafka(how: How): Subject {
  return {
    name: `Kafka, linger ${how.lingerMs} ms`,
    level: how.flush === 'never' ? 'page cache' : 'disk',
    open: (_, streams) => open(how, streams),
  };
}

async function open({ flush, lingerMs }: How, streams: number): Promise<OpenSubject> {
  const broker = await KafkaBroker.start({
    settings: flush === 'per batch' ? { 'log.flush.interval.messages': '1' } : {},
    jvmFlags: ['-Xms1g', '-Xmx1g', '-XX:+UseG1GC'],
  });
  try {
    await makeTopics(broker.address, streams);
    const producer = await openProducer(broker.address, lingerMs);
    pollForAnswers(producer);
    return {
      pids: [broker.pid!],
      append: (stream, payload) =>
        new Promise((resolve, reject) => {
          producer.produce(topic(stream), 0, Buffer.from(payload), null, null, { resolve, reject });
        }),
      tail: (stream, onRecord) => openTail(broker.address, stream, onRecord),
      async close() {
        await within(closeMs, (settle) => producer.disconnect(() => settle()));
        await broker.close();
      },
    };
  } catch (error) {
    await broker.close();
    throw error;
  }
}

async function makeTopics(address: string, streams: number): Promise<void> {
  const admin = Kafka.AdminClient.create({ 'bootstrap.servers': address });
  for (let stream = 0; stream < streams; stream++) {
    const settings = { topic: topic(stream), num_partitions: 1, replication_factor: 1 };
    await done((settle) => admin.createTopic(settings, requestMs, settle));
  }
  admin.disconnect();
}

interface Settle {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

async function openProducer(address: string, lingerMs: number): Promise<Kafka.Producer> {
  const producer = new Kafka.Producer(
    {
      'bootstrap.servers': address,
      'enable.idempotence': true,
      'linger.ms': lingerMs,
      'queue.buffering.max.messages': 100_000,
      dr_cb: true,
    },
    { acks: -1 },
  );
  await done((settle) => producer.connect({ timeout: requestMs }, settle));
  return producer;
}

/**
 * Answers come only when they are asked for: every millisecond, the least that leaves the client's threads
 * their time.
 */
const pollEveryMs = 1;

function pollForAnswers(producer: Kafka.Producer): void {
  producer.on('delivery-report', (error: unknown, report) => {
    const { resolve, reject } = report.opaque as Settle;
    if (isAbsent(error)) resolve();
    else reject(new Error(describeError(error)));
  });
  producer.setPollInterval(pollEveryMs);
}

/** The promise of what calls back. */
function done(begin: (settle: (error: unknown) => void) => void): Promise<void> {
  return new Promise((resolve, reject) =>
    begin((error) => {
      if (isAbsent(error)) resolve();
      else reject(new Error(describeError(error)));
    }),
  );
}

async function within(limitMs: number, end: (settle: () => void) => void): Promise<void> {
  await Promise.race([new Promise<void>((resolve) => end(resolve)), systemClock.sleep(limitMs)]);
}

function isAbsent(error: unknown): boolean {
  return error === null || error === undefined;
}

async function openTail(
  address: string,
  stream: number,
  onRecord: (payload: Uint8Array) => void,
): Promise<AsyncDisposable> {
  const consumer = new Kafka.KafkaConsumer(
    {
      'bootstrap.servers': address,
      'group.id': 'none',
      'enable.auto.commit': false,
      'fetch.wait.max.ms': 100,
    },
    {},
  );
  await done((settle) => consumer.connect({ timeout: requestMs }, settle));
  consumer.assign([{ topic: topic(stream), partition: 0, offset: atTheEnd }]);
  consumer.on('data', ({ value }) => {
    if (value !== null) onRecord(value);
  });
  consumer.consume();
  return {
    [Symbol.asyncDispose]: () => within(closeMs, (settle) => consumer.disconnect(() => settle())),
  };
}
