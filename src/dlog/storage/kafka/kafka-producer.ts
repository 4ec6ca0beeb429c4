import type * as Rdkafka from 'node-rdkafka';
import { type Clock, describeError, GatewayError, type Logger } from '../../../base/index.ts';
import { streamUnknown } from '../faults.ts';
import type { KafkaLimits, NewRecord, Settled } from './broker.ts';
import { recordTooLarge, storageClosed, storageUnavailable } from './faults.ts';
import { ReportingProducer } from './reporting-producer.ts';
import { recordBytesMax } from './topic.ts';

export interface ClientDeps {
  readonly address: string;
  readonly limits: KafkaLimits;
  readonly clock: Clock;
  readonly log: Logger;
}

const unackedBytesMax = 64 * 1024 * 1024;

const codes = {
  unknownTopic: 3,
  tooLarge: 10,
  tooLargeHere: -192,
  unknownTopicHere: -188,
  noTopicPart: -190,
};

/**
 * Appends records, in order and each once, over one connection that is opened with the first of them. This is
 * the only file that loads node-rdkafka, and only when it is called: a machine without the library of that
 * client runs everything else. Reads do not use it: its consumers pause for a second whenever their queue is
 * full, and some never finish closing.
 */
export class KafkaProducer {
  readonly #deps: ClientDeps;
  readonly #kafka: typeof Rdkafka;
  #opening: Promise<ReportingProducer> | undefined;
  #ready: ReportingProducer | undefined;
  #isClosed = false;

  private constructor(deps: ClientDeps, kafka: typeof Rdkafka) {
    this.#deps = deps;
    this.#kafka = kafka;
  }

  /** Does not connect yet. Rejects with `STORAGE_UNFIT` when the client was not built. */
  static async load(deps: ClientDeps): Promise<KafkaProducer> {
    return new KafkaProducer(deps, await loaded());
  }

  produce(topic: string, record: NewRecord, settled: Settled): void {
    if (this.#ready?.isUsable === true) {
      this.#ready.produce(topic, record, settled);
      return;
    }
    // The caller may reuse the buffers when this returns.
    const kept = { key: Buffer.from(record.key), value: Buffer.from(record.value) };
    this.#producing().then(
      (producer) => producer.produce(topic, kept, settled),
      (error: unknown) => settled(error as Error, -1),
    );
  }

  /** Fails everything in flight at once. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#ready?.abandon();
    const producer = await this.#opening?.catch(() => undefined);
    await producer?.close();
  }

  #producing(): Promise<ReportingProducer> {
    if (this.#isClosed) return Promise.reject(storageClosed());
    if (this.#ready?.isUsable === false) {
      void this.#ready.close();
      this.#opening = this.#ready = undefined;
    }
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  async #open(): Promise<ReportingProducer> {
    const { address, limits, clock } = this.#deps;
    const producer = new this.#kafka.Producer(
      {
        'metadata.broker.list': address,
        'client.id': 'egret-dlog',
        'message.max.bytes': recordBytesMax + 65_536,
        'socket.nagle.disable': true,
        'topic.metadata.refresh.fast.interval.ms': 20, // a topic that was just made is found soon
        'reconnect.backoff.ms': 20,
        'reconnect.backoff.max.ms': 500,
        'enable.idempotence': true, // what is sent twice after a lost answer is there once, and in order
        'queue.buffering.max.ms': 0,
        'queue.buffering.max.kbytes': unackedBytesMax / 1024,
        dr_cb: true,
      },
      { 'request.required.acks': -1, 'message.timeout.ms': limits.deliveryMs },
    );
    await this.#connect(producer);
    const reporting = new ReportingProducer(producer, clock, (...fault) => this.#fault(...fault));
    if (this.#isClosed) {
      void reporting.close();
      throw storageClosed();
    }
    this.#ready = reporting;
    return reporting;
  }

  async #connect(producer: Rdkafka.Producer): Promise<void> {
    const { address, limits, log } = this.#deps;
    producer.on('event.error', (error) => log.debug({ event: 'dlog.kafka-client', error: error.message }));
    await new Promise<void>((resolve, reject) => {
      producer.connect({ timeout: limits.connectMs, allTopics: false }, (error: unknown) => {
        if (error === null || error === undefined) resolve();
        else reject(storageUnavailable(address, 'no connection', error));
      });
    });
  }

  #fault(error: Rdkafka.LibrdKafkaError, topic: string, bytes: number): Error {
    if (this.#isClosed) return storageClosed();
    const { code } = error;
    if (code === codes.tooLarge || code === codes.tooLargeHere)
      return recordTooLarge(topic, bytes, recordBytesMax);
    if ([codes.unknownTopic, codes.unknownTopicHere, codes.noTopicPart].includes(code))
      return streamUnknown(topic, error);
    return storageUnavailable(this.#deps.address, `a record for ${topic}`, error);
  }
}

async function loaded(): Promise<typeof Rdkafka> {
  try {
    return (await import('node-rdkafka')).default as unknown as typeof Rdkafka;
  } catch (error) {
    throw new GatewayError(
      'STORAGE_UNFIT',
      'the Kafka client (node-rdkafka) is not built. Install librdkafka-dev, then run "npm run setup" in a checkout, ' +
        'or "BUILD_LIBRDKAFKA=0 npm install node-rdkafka@3.6.1" where npm installed egret',
      { facts: { error: describeError(error) } },
    );
  }
}
