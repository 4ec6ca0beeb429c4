import type * as Rdkafka from 'node-rdkafka';
import {
  type Clock,
  deferred,
  describeError,
  GatewayError,
  type Logger,
  throwIfAborted,
} from '../../../base/index.ts';
import { streamUnknown } from '../faults.ts';
import type { KafkaLimits, NewRecord, Settled, Tail, TailListener } from './broker.ts';
import { recordTooLarge, storageUnavailable } from './faults.ts';
import type { PartitionRecord } from './record.ts';
import { recordBytesMax } from './topic.ts';

/**
 * The one file that knows node-rdkafka, and loads it only when it is called: a machine without the library of the client runs everything
 * else.
 */
export interface ClientDeps {
  readonly address: string;
  readonly limits: KafkaLimits;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Readers of old records at a time; more wait for one of them. */
const readersMax = 4;
/** Delivery reports are asked for so often while one is awaited. */
const reportEveryMs = 2;
/** Consumers that follow nothing now, and are there for the next. */
const spareFollowersMax = 16;
const disconnectMsMax = 2000;
/** A tail looks so often whether it was closed. */
const tailTurnMs = 50;
/** A reader that is placed anew waits so long at most for what it asked for at its old place. */
const readWaitMs = 20;
const unackedBytesMax = 64 * 1024 * 1024;
const prefetchedKiBMax = 32 * 1024;
const recordsReadMax = 512;

const codes = {
  outOfRange: 1,
  noOffset: -140,
  unknownTopic: 3,
  tooLarge: 10,
  tooLargeHere: -192,
  unknownTopicHere: -188,
  noTopicPart: -190,
};

export class KafkaClient {
  readonly #deps: ClientDeps;
  readonly #kafka: typeof Rdkafka;
  readonly #idle: PositionedReader[] = [];
  readonly #waiting: (() => void)[] = [];
  readonly #followers = new Set<Follower>();
  readonly #spareFollowers: Follower[] = [];
  #readers = 0;
  #producer: Promise<ReportingProducer> | undefined;
  #query: Promise<Rdkafka.KafkaConsumer> | undefined;
  #isClosed = false;

  private constructor(deps: ClientDeps, kafka: typeof Rdkafka) {
    this.#deps = deps;
    this.#kafka = kafka;
  }

  /** Resolves once the broker has answered. Rejects with `STORAGE_UNAVAILABLE`, `STORAGE_UNFIT` when the client was not built. */
  static async open(deps: ClientDeps, signal?: AbortSignal): Promise<KafkaClient> {
    const client = new KafkaClient(deps, await loaded());
    throwIfAborted(signal);
    await client.#querying();
    return client;
  }

  produce(topic: string, record: NewRecord, settled: Settled): void {
    const ready = this.#readyProducer;
    if (ready?.isUsable === true) {
      ready.produce(topic, record, settled);
      return;
    }
    // The buffers are the caller's again when this returns.
    const kept = { key: Buffer.from(record.key), value: Buffer.from(record.value) };
    this.#producing().then(
      (producer) => producer.produce(topic, kept, settled),
      (error: unknown) => settled(error as Error, -1),
    );
  }

  async watermarks(topic: string): Promise<{ readonly low: number; readonly high: number }> {
    const query = await this.#querying();
    const { requestMs } = this.#deps.limits;
    return new Promise((resolve, reject) => {
      query.queryWatermarkOffsets(topic, 0, requestMs, (error, offsets) => {
        if (isError(error)) reject(this.#fault(error, `the end of ${topic}`, topic));
        else resolve({ low: offsets.lowOffset, high: offsets.highOffset });
      });
    });
  }

  async read(topic: string, from: number, count: number): Promise<readonly PartitionRecord[]> {
    const reader = await this.#reader(topic, from);
    try {
      const records = await reader.read(
        topic,
        from,
        Math.min(count, recordsReadMax),
        this.#deps.limits.requestMs,
      );
      if (records.length === 0) throw storageUnavailable(this.#deps.address, `record ${from} of ${topic}`);
      return records;
    } catch (error) {
      reader.forget();
      throw this.#fault(error, `record ${from} of ${topic}`, topic);
    } finally {
      this.#idle.push(reader);
      this.#waiting.shift()?.();
    }
  }

  async follow(topic: string, from: number, listener: TailListener): Promise<Tail> {
    const follower =
      this.#spareFollowers.pop() ??
      new Follower(await this.#consumer({}), (error, of) => this.#fault(error, `the records of ${of}`, of));
    this.#followers.add(follower);
    follower.start(topic, from, listener);
    const close = async (): Promise<void> => {
      if (!this.#followers.delete(follower)) return;
      // Kept for the next: not every consumer gets done with closing.
      if (follower.stop() && this.#spareFollowers.length < spareFollowersMax && !this.#isClosed)
        this.#spareFollowers.push(follower);
      else await follower.close(this.#deps.clock);
    };
    return { close };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const producer = await this.#producer?.catch(() => undefined);
    await producer?.close();
    const query = await this.#query?.catch(() => undefined);
    if (query !== undefined) await disconnected(query, this.#deps.clock);
    const followers = [...this.#followers, ...this.#spareFollowers.splice(0)];
    this.#followers.clear();
    await Promise.all(followers.map((follower) => follower.close(this.#deps.clock)));
    for (const reader of this.#idle.splice(0)) await reader.close(this.#deps.clock);
  }

  #readyProducer: ReportingProducer | undefined;

  #producing(): Promise<ReportingProducer> {
    if (this.#isClosed) return Promise.reject(this.#closed());
    if (this.#readyProducer?.isUsable === false) {
      void this.#readyProducer.close();
      this.#producer = this.#readyProducer = undefined;
    }
    this.#producer ??= this.#openProducer().catch((error: unknown) => {
      this.#producer = undefined;
      throw error;
    });
    return this.#producer;
  }

  async #openProducer(): Promise<ReportingProducer> {
    const { limits } = this.#deps;
    const producer = new this.#kafka.Producer(
      {
        ...this.#common(),
        'enable.idempotence': true, // what is sent twice after a lost answer is there once, and in order
        'queue.buffering.max.ms': 0,
        'queue.buffering.max.kbytes': unackedBytesMax / 1024,
        dr_cb: true,
      },
      { 'request.required.acks': -1, 'message.timeout.ms': limits.deliveryMs },
    );
    await this.#connected(producer);
    this.#readyProducer = new ReportingProducer(producer, this.#deps, (error, topic, bytes) => {
      const isTooLarge = error.code === codes.tooLarge || error.code === codes.tooLargeHere;
      if (isTooLarge) return recordTooLarge(topic, bytes, recordBytesMax);
      return this.#fault(error, `a record for ${topic}`, topic);
    });
    return this.#readyProducer;
  }

  #querying(): Promise<Rdkafka.KafkaConsumer> {
    if (this.#isClosed) return Promise.reject(this.#closed());
    this.#query ??= this.#consumer({}).catch((error: unknown) => {
      this.#query = undefined;
      throw error;
    });
    return this.#query;
  }

  async #reader(topic: string, from: number): Promise<PositionedReader> {
    while (this.#idle.length === 0 && this.#readers >= readersMax)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.#isClosed) throw this.#closed();
    const placed = this.#idle.findIndex((reader) => reader.isAt(topic, from));
    if (placed !== -1) return this.#idle.splice(placed, 1)[0]!;
    if (this.#readers >= readersMax) return this.#idle.shift()!;
    this.#readers += 1;
    try {
      return new PositionedReader(await this.#consumer({ 'fetch.wait.max.ms': readWaitMs }));
    } catch (error) {
      this.#readers -= 1;
      this.#waiting.shift()?.();
      throw error;
    }
  }

  async #consumer(more: Rdkafka.ConsumerGlobalConfig): Promise<Rdkafka.KafkaConsumer> {
    const consumer = new this.#kafka.KafkaConsumer(
      {
        ...this.#common(),
        'group.id': 'egret-dlog', // asked for, but no group is joined: places are assigned
        'enable.auto.commit': false,
        'enable.auto.offset.store': false,
        'allow.auto.create.topics': false,
        'queued.max.messages.kbytes': prefetchedKiBMax,
        'fetch.message.max.bytes': recordBytesMax,
        'fetch.error.backoff.ms': 20,
        'check.crcs': true,
        ...more,
      },
      { 'auto.offset.reset': 'error' }, // a place that is gone is a fault, not a place to jump from
    );
    await this.#connected(consumer);
    return consumer;
  }

  #common(): Rdkafka.GlobalConfig {
    return {
      'metadata.broker.list': this.#deps.address,
      'client.id': 'egret-dlog',
      'message.max.bytes': recordBytesMax + 65_536,
      'socket.nagle.disable': true,
      'topic.metadata.refresh.fast.interval.ms': 20, // a topic that was just made is found soon
      'reconnect.backoff.ms': 20,
      'reconnect.backoff.max.ms': 500,
    };
  }

  async #connected<E extends Rdkafka.KafkaClientEvents>(client: Rdkafka.Client<E>): Promise<void> {
    const { address, limits, log } = this.#deps;
    (client as Rdkafka.Client<Rdkafka.KafkaClientEvents>).on('event.error', (error) =>
      log.debug({ event: 'dlog.kafka_client', error: error.message }),
    );
    await new Promise<void>((resolve, reject) => {
      client.connect({ timeout: limits.connectMs, allTopics: false }, (error) => {
        if (!isError(error)) resolve();
        else reject(storageUnavailable(address, 'no connection', error));
      });
    });
  }

  #fault(error: unknown, what: string, topic: string): Error {
    if (error instanceof GatewayError) return error;
    const { code } = error as Rdkafka.LibrdKafkaError;
    if (code === codes.noOffset || code === codes.outOfRange)
      return new GatewayError('LOG_GAP', `${topic}: ${what} is not kept any more`, { cause: error });
    const isUnknown = [codes.unknownTopic, codes.unknownTopicHere, codes.noTopicPart].includes(code);
    return isUnknown ? streamUnknown(topic, error) : storageUnavailable(this.#deps.address, what, error);
  }

  #closed(): GatewayError {
    return new GatewayError('ABORTED', 'the log storage in Kafka was closed');
  }
}

/** A producer that asks for delivery reports while it waits for any. */
class ReportingProducer {
  readonly #producer: Rdkafka.Producer;
  readonly #clock: Clock;
  readonly #faultOf: (error: Rdkafka.LibrdKafkaError, topic: string, bytes: number) => Error;
  readonly #awaited = new Map<
    number,
    { readonly settled: Settled; readonly topic: string; readonly bytes: number }
  >();
  #number = 0;
  #timer: Disposable | undefined;
  /** After a fatal error of its own it takes nothing more; another takes its place. */
  isUsable = true;

  constructor(
    producer: Rdkafka.Producer,
    { clock }: ClientDeps,
    faultOf: (error: Rdkafka.LibrdKafkaError, topic: string, bytes: number) => Error,
  ) {
    this.#producer = producer;
    this.#clock = clock;
    this.#faultOf = faultOf;
    producer.on('delivery-report', (error, report) =>
      this.#settle(report.opaque as number, error, report.offset),
    );
    producer.on('event.error', (error) => {
      if (error.isFatal === true || error.code === fatalCode) this.isUsable = false;
    });
  }

  produce(topic: string, { key, value }: NewRecord, settled: Settled): void {
    const number = ++this.#number;
    this.#awaited.set(number, { settled, topic, bytes: value.length });
    this.#timer ??= this.#clock.every(reportEveryMs, () => this.#producer.poll());
    try {
      this.#producer.produce(topic, 0, value, key, undefined, number);
    } catch (error) {
      this.#settle(number, error as Rdkafka.LibrdKafkaError, -1);
    }
  }

  async close(): Promise<void> {
    this.isUsable = false;
    await disconnected(this.#producer, this.#clock);
    const closed = { message: 'the producer was closed', code: fatalCode, errno: fatalCode, origin: 'local' };
    for (const number of [...this.#awaited.keys()]) this.#settle(number, closed, -1);
  }

  #settle(number: number, error: Rdkafka.LibrdKafkaError | null | undefined, offset: number): void {
    const awaited = this.#awaited.get(number);
    if (awaited === undefined) return;
    this.#awaited.delete(number);
    if (this.#awaited.size === 0) {
      this.#timer?.[Symbol.dispose]();
      this.#timer = undefined;
    }
    const { settled, topic, bytes } = awaited;
    settled(isError(error) ? this.#faultOf(error, topic, bytes) : undefined, offset);
  }
}

const fatalCode = -150;

/** A consumer that tells the records of a partition as they come; when told to stop it can be given another. */
class Follower {
  readonly #consumer: Rdkafka.KafkaConsumer;
  #following: { readonly topic: string; readonly from: number; readonly listener: TailListener } | undefined;
  /** What it still has of the partition before comes first, and is not meant. */
  #hasBegun = false;
  #isBroken = false;

  constructor(consumer: Rdkafka.KafkaConsumer, faultOf: (error: unknown, topic: string) => Error) {
    this.#consumer = consumer;
    consumer.setDefaultConsumeTimeout(tailTurnMs);
    consumer.setDefaultConsumeLoopTimeoutDelay(0);
    consumer.on('data', (message) => this.#take(message));
    consumer.consume((error: unknown) => {
      if (!isError(error)) return;
      this.#isBroken = true;
      const following = this.#following;
      this.#following = undefined;
      following?.listener.failed(faultOf(error, following.topic));
    });
  }

  start(topic: string, from: number, listener: TailListener): void {
    this.#following = { topic, from, listener };
    this.#hasBegun = false;
    this.#consumer.assign([{ topic, partition: 0, offset: from }]);
  }

  /** Whether it can be started again. */
  stop(): boolean {
    this.#following = undefined;
    if (!this.#isBroken) this.#consumer.unassign();
    return !this.#isBroken;
  }

  close(clock: Clock): Promise<void> {
    this.#following = undefined;
    return disconnected(this.#consumer, clock);
  }

  #take(message: Rdkafka.Message): void {
    if (this.#following === undefined || message.topic !== this.#following.topic) return;
    this.#hasBegun ||= message.offset === this.#following.from;
    if (this.#hasBegun) this.#following.listener.record(recordOf(message));
  }
}

/** A consumer that goes on where it stands, or is placed anew. */
class PositionedReader {
  readonly #consumer: Rdkafka.KafkaConsumer;
  #topic: string | undefined;
  #next = -1;

  constructor(consumer: Rdkafka.KafkaConsumer) {
    this.#consumer = consumer;
  }

  isAt(topic: string, from: number): boolean {
    return this.#topic === topic && this.#next === from;
  }

  forget(): void {
    this.#topic = undefined;
  }

  async read(topic: string, from: number, count: number, limitMs: number): Promise<PartitionRecord[]> {
    if (!this.isAt(topic, from)) this.#consumer.assign([{ topic, partition: 0, offset: from }]);
    this.#topic = topic;
    this.#consumer.setDefaultConsumeTimeout(limitMs);
    const messages = await new Promise<readonly Rdkafka.Message[]>((resolve, reject) => {
      this.#consumer.consume(count, (error, found) => (isError(error) ? reject(error) : resolve(found)));
    });
    const records = messages
      .filter((message) => message.topic === topic && message.offset >= from)
      .map(recordOf);
    this.#next = (records.at(-1)?.offset ?? from - 1) + 1;
    return records;
  }

  close(clock: Clock): Promise<void> {
    return disconnected(this.#consumer, clock);
  }
}

function recordOf({ offset, key, value }: Rdkafka.Message): PartitionRecord {
  return { offset, key: Buffer.isBuffer(key) ? key : undefined, value: value ?? Buffer.alloc(0) };
}

/** Its types promise an error where there is none. */
function isError(error: unknown): error is Rdkafka.LibrdKafkaError & Error {
  return error !== null && error !== undefined && error !== 0;
}

/** A client that does not get done with closing is left behind: whoever ends must not wait for it for ever. */
async function disconnected<E extends string>(client: Rdkafka.Client<E>, clock: Clock): Promise<void> {
  const done = deferred<undefined>();
  const limit = clock.after(disconnectMsMax, () => done.resolve(undefined));
  client.disconnect(() => done.resolve(undefined));
  await done.promise;
  limit[Symbol.dispose]();
}

async function loaded(): Promise<typeof Rdkafka> {
  try {
    return (await import('node-rdkafka')).default as unknown as typeof Rdkafka;
  } catch (error) {
    throw new GatewayError(
      'STORAGE_UNFIT',
      'the Kafka client is not built: install librdkafka-dev and run "npm run setup"',
      { facts: { error: describeError(error) } },
    );
  }
}
