import { GatewayError, type RandomSource } from '../../base/index.ts';
import type {
  KafkaBrokers,
  NewRecord,
  Settled,
  Tail,
  TailListener,
} from '../../dlog/storage/kafka/broker.ts';
import type { PartitionRecord } from '../../dlog/storage/kafka/record.ts';

/**
 * A process that uses the broker. It waits for its turn before and after each call, permanently once it is
 * dead.
 */
export interface BrokerUser {
  turn(): Promise<void>;
}

interface Topic {
  readonly settings: ReadonlyMap<string, string>;
  /** Everything appended, by place. Those before `low` were deleted. */
  readonly records: PartitionRecord[];
  low: number;
  /** Flushed and on all replicas up to here: what consumers see, and what a power cut leaves for certain. */
  high: number;
  readonly waiting: (() => void)[];
}

/** A record in transit: its sender can no longer stop it, whatever happens to it. */
interface Sent {
  readonly topic: string;
  readonly record: NewRecord;
  readonly appended: (offset: number) => void;
}

/** The records of one producer, in order: those that its process has yet to send, and those in transit. */
interface Outbox {
  readonly waiting: Sent[];
  readonly sent: Sent[];
}

const stallShare = 0.1;
const faultShare = 0.2;

/**
 * A broker of single partitions, with Kafka's rules and no others: the records of one producer keep their
 * order, those of several mix in any way, a record may land long after its sender saw it time out or has
 * died, and no consumer reads what is not flushed. `step` lets some of the records in transit arrive.
 */
export class SimulatedBroker {
  readonly #random: RandomSource;
  readonly #topics = new Map<string, Topic>();
  readonly #producers = new Set<Sent[]>();
  #faultsLeft = 0;

  constructor(random: RandomSource) {
    this.#random = random;
  }

  /** Some calls fail, as when the broker does not answer in time. */
  fail(count: number): void {
    this.#faultsLeft = count;
  }

  step(): void {
    for (const sent of this.#producers) {
      if (this.#random.next() < stallShare) continue;
      const next = sent.shift();
      if (next === undefined) this.#producers.delete(sent);
      else this.#append(next);
    }
    for (const topic of this.#topics.values()) {
      if (topic.high === topic.records.length || this.#random.next() < stallShare) continue;
      topic.high = topic.records.length;
      for (const wake of topic.waiting.splice(0)) wake();
    }
  }

  /** Loses the records in transit and the records that were not flushed. */
  cutPower(): void {
    this.#producers.clear();
    for (const topic of this.#topics.values()) topic.records.length = topic.high;
  }

  /** The connections of one process. */
  connect(user: BrokerUser): KafkaBrokers {
    const outbox: Outbox = { waiting: [], sent: [] };
    const call = async <T>(what: string, act: () => T): Promise<T> => {
      await user.turn();
      this.#mayFail(what);
      const answer = act();
      await user.turn();
      return answer;
    };
    return {
      address: 'simulated',
      produce: (topic, record, settled) => this.#send(user, outbox, { topic, record, settled }),
      watermarks: (topic) =>
        call(`the end of ${topic}`, () => {
          const { low, high } = this.#topic(topic);
          return { low, high };
        }),
      read: (topic, from, bytesMax) => call(`record ${from}`, () => this.#read(topic, from, bytesMax)),
      follow: (topic, from, listener) => this.#follow(user, { topic, from }, listener),
      createTopic: (topic, _, settings) => call('a topic', () => this.#create(topic, settings)),
      topic: (name) =>
        call('a topic', () => {
          const topic = this.#topics.get(name);
          return topic && { partitions: 1, replicas: 1, settings: topic.settings };
        }),
      topics: () => call('topics', () => [...this.#topics.keys()]),
      deleteRecords: (name, before) =>
        call('a deletion', () => {
          const topic = this.#topic(name);
          topic.low = Math.max(topic.low, Math.min(before, topic.high));
        }),
      close: () => Promise.resolve(),
    };
  }

  #send(
    user: BrokerUser,
    { waiting, sent }: Outbox,
    given: { readonly topic: string; readonly record: NewRecord; readonly settled: Settled },
  ): void {
    const { topic, settled } = given;
    const record = { key: Buffer.from(given.record.key), value: Buffer.from(given.record.value) };
    let isTold = false;
    const tell: Settled = (error, offset) => {
      void user.turn().then(() => {
        if (!isTold) settled(error, offset);
        isTold = true;
      });
    };
    // Timed out, and arrives all the same.
    if (this.#hasFault()) tell(unavailable('a record'), -1);
    waiting.push({ topic, record, appended: (offset) => tell(undefined, offset) });
    void user.turn().then(() => {
      sent.push(waiting.shift()!);
      this.#producers.add(sent);
    });
  }

  #append({ topic: name, record, appended }: Sent): void {
    const topic = this.#topics.get(name);
    if (topic === undefined) return;
    const offset = topic.records.length;
    topic.records.push({ offset, ...record });
    topic.waiting.push(() => appended(offset));
  }

  #read(name: string, from: number, bytesMax: number): readonly PartitionRecord[] {
    const topic = this.#topic(name);
    if (from < topic.low) throw new GatewayError('LOG_GAP', `${name}: record ${from} is not kept any more`);
    if (from >= topic.high) throw unavailable(`record ${from}`);
    let bytes = 0;
    const end = topic.records.findIndex(({ offset, value }) => {
      if (offset < from) return false;
      bytes += value.length;
      return offset >= topic.high || (offset > from && bytes > bytesMax);
    });
    return topic.records.slice(from, end === -1 ? topic.high : end);
  }

  #follow(
    user: BrokerUser,
    { topic: name, from }: { readonly topic: string; readonly from: number },
    listener: TailListener,
  ): Tail {
    let isClosed = false;
    const run = async (): Promise<void> => {
      for (let next = from; ; ) {
        await user.turn();
        if (isClosed) return;
        const topic = this.#topic(name);
        if (next < topic.low)
          throw new GatewayError('LOG_GAP', `${name}: record ${next} is not kept any more`);
        if (next >= topic.high) await new Promise<void>((resolve) => topic.waiting.push(resolve));
        else listener.record(topic.records[next++]!);
      }
    };
    run().catch((error: unknown) => listener.failed(error as Error));
    return {
      close: () => {
        isClosed = true;
        return Promise.resolve();
      },
    };
  }

  #create(name: string, settings: Readonly<Record<string, string>>): void {
    if (this.#topics.has(name)) return;
    const topic = { records: [], low: 0, high: 0, waiting: [] };
    this.#topics.set(name, { ...topic, settings: new Map(Object.entries(settings)) });
  }

  #topic(name: string): Topic {
    const topic = this.#topics.get(name);
    if (topic === undefined) throw new GatewayError('STREAM_UNKNOWN', `there is no topic ${name}`);
    return topic;
  }

  #hasFault(): boolean {
    if (this.#faultsLeft === 0 || this.#random.next() > faultShare) return false;
    this.#faultsLeft -= 1;
    return true;
  }

  #mayFail(what: string): void {
    if (this.#hasFault()) throw unavailable(what);
  }
}

function unavailable(what: string): GatewayError {
  return new GatewayError('STORAGE_UNAVAILABLE', `simulated: ${what}`, { retryable: true });
}
