import Kafka from 'node-rdkafka';
import { describeError } from '../../src/base/index.ts';
import { KafkaBroker } from '../../src/testing/kafka-broker.ts';
import type { OpenSubject, Subject } from './subject.ts';

const topic = (stream: number): string => `stream-${stream}`;
const requestMs = 30_000;
/** RD_KAFKA_OFFSET_END. */
const atTheEnd = -1;

/**
 * A real broker of one node, one topic of one partition a stream, an idempotent producer that waits for the broker's answer. The client
 * sends at once what there is: a linger would be time that a closed loop waits.
 */
export function kafka(level: 'flush per batch' | 'page cache'): Subject {
  return {
    name: 'Kafka',
    level: level === 'page cache' ? level : 'disk',
    open: (_, streams) => open(level, streams),
  };
}

async function open(level: 'flush per batch' | 'page cache', streams: number): Promise<OpenSubject> {
  const broker = await KafkaBroker.start({
    settings: level === 'flush per batch' ? { 'log.flush.interval.messages': '1' } : {},
    jvmFlags: ['-Xms1g', '-Xmx1g', '-XX:+UseG1GC'],
  });
  try {
    await makeTopics(broker.address, streams);
    const producer = await openProducer(broker.address);
    const poll = pollWhileBusy(producer);
    return {
      pids: [broker.pid!],
      append: (stream, payload) =>
        new Promise((resolve, reject) => {
          producer.produce(topic(stream), 0, Buffer.from(payload), null, null, { resolve, reject });
          poll.sent();
        }),
      tail: (stream, onRecord) => openTail(broker.address, stream, onRecord),
      async close() {
        await new Promise((resolve) => producer.disconnect(resolve));
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

async function openProducer(address: string): Promise<Kafka.Producer> {
  const producer = new Kafka.Producer(
    {
      'bootstrap.servers': address,
      'enable.idempotence': true,
      'linger.ms': 0,
      'queue.buffering.max.messages': 100_000,
      dr_cb: true,
    },
    { acks: -1 },
  );
  await done((settle) => producer.connect({ timeout: requestMs }, settle));
  return producer;
}

/** Answers are looked for at every turn of the loop while any is due: the client hands them over only when asked. */
function pollWhileBusy(producer: Kafka.Producer): { sent(): void } {
  let due = 0;
  let isPolling = false;
  const poll = (): void => {
    producer.poll();
    isPolling = due > 0;
    if (isPolling) setImmediate(poll);
  };
  producer.on('delivery-report', (error: unknown, report) => {
    due -= 1;
    const { resolve, reject } = report.opaque as Settle;
    if (isAbsent(error)) resolve();
    else reject(new Error(describeError(error)));
  });
  return {
    sent() {
      due += 1;
      if (!isPolling) setImmediate(poll);
      isPolling = true;
    },
  };
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
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => consumer.disconnect(() => resolve())),
  };
}
