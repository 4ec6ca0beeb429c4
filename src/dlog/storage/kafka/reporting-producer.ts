import type * as Rdkafka from 'node-rdkafka';
import type { Clock } from '../../../base/index.ts';
import type { NewRecord, Settled } from './broker.ts';

/** How often to poll for delivery reports while one is awaited. */
const reportEveryMs = 2;
/** The time that the producer has to flush; it drops what it has not sent to the broker by then. */
const flushMs = 500;
const fatalCode = -150;

type FaultOf = (error: Rdkafka.LibrdKafkaError, topic: string, bytes: number) => Error;

/** A connected producer that polls for delivery reports while it waits for any. */
export class ReportingProducer {
  readonly #producer: Rdkafka.Producer;
  readonly #clock: Clock;
  readonly #faultOf: FaultOf;
  readonly #awaited = new Map<
    number,
    { readonly settled: Settled; readonly topic: string; readonly bytes: number }
  >();
  #number = 0;
  #timer: Disposable | undefined;
  /** False after a fatal error of the client: it accepts nothing more, and another producer replaces it. */
  isUsable = true;

  constructor(producer: Rdkafka.Producer, clock: Clock, faultOf: FaultOf) {
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

  /** Stops waiting for everything in flight; its fate is unknown. */
  abandon(): void {
    this.isUsable = false;
    const closed = { message: 'the producer was closed', code: fatalCode, errno: fatalCode, origin: 'local' };
    for (const number of [...this.#awaited.keys()]) this.#settle(number, closed, -1);
  }

  async close(): Promise<void> {
    this.abandon();
    await new Promise<void>((resolve) => this.#producer.disconnect(flushMs, () => resolve()));
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
    // Its types promise an error where there is none.
    const isDone = error === null || error === undefined || (error as unknown) === 0;
    settled(isDone ? undefined : this.#faultOf(error, topic, bytes), offset);
  }
}
