import type { TaskId, TopologyIndex } from '../../../topology/index.ts';
import { type DataFrameCursor, DataFrameWriter, type FrameConsumer } from '../../../tuple/index.ts';
import type { TaskMetrics } from '../../metrics-manager/index.ts';
import { type AckKind, type AckMessage, type AckOutcome, AckTable, ackKinds } from './ack-table.ts';

/** Storm's ids (Acker, storm-client 2.8.3). A reply stream bears the name of what it answers. */
export const ackerComponentId = '__acker';
const kindOfStream = new Map<string, AckKind>([
  ['__ack_init', ackKinds.init],
  ['__ack_ack', ackKinds.ack],
  ['__ack_fail', ackKinds.fail],
  ['__ack_reset_timeout', ackKinds.resetTimeout],
]);
const replyStream = { ack: '__ack_ack', fail: '__ack_fail', resetTimeout: '__ack_reset_timeout' } as const;
const replyOutcomes = ['ack', 'fail', 'resetTimeout'] as const;

/**
 * Bytes of the values of each kind: u16 count, then (tag, Long) root, (tag, Long) value, (tag, Integer) task.
 */
const valuesBytes: Readonly<Record<AckKind, number>> = { 0: 25, 1: 20, 2: 11, 3: 11 };
const valuesCount: Readonly<Record<AckKind, number>> = { 0: 3, 1: 2, 2: 1, 3: 1 };
const tagInteger = 5;
const tagLong = 6;

interface Origin {
  readonly kind: AckKind | undefined;
  /** Place among the inputs of the executor's metrics, or -1. */
  readonly input: number;
}

export interface AckerTaskOptions {
  readonly taskId: TaskId;
  readonly topology: TopologyIndex;
  readonly metrics: TaskMetrics;
  readonly treesMax: number;
  readonly emit: FrameConsumer;
}

/** One `__acker` task: reads its tuples where they lie and gathers the replies, which leave at `flush`. */
export class AckerTask {
  readonly taskId: TaskId;
  readonly table: AckTable;
  readonly #topology: TopologyIndex;
  readonly #metrics: TaskMetrics;
  readonly #emit: FrameConsumer;
  readonly #replyStreamNumbers: Readonly<Record<Exclude<AckOutcome, 'none'>, number>>;
  readonly #message: AckMessage = { rootHi: 0, rootLo: 0, valueHi: 0, valueLo: 0, spoutTask: 0 };
  /** source * 65536 + stream -> what it is. As many as there are streams into the acker. */
  readonly #origins = new Map<number, Origin>();
  /** spout task * 3 + place of the outcome -> writer of its replies. */
  readonly #writers = new Map<number, DataFrameWriter>();
  #waiting: DataFrameWriter[] = [];

  constructor(options: AckerTaskOptions) {
    this.taskId = options.taskId;
    this.table = new AckTable({ treesMax: options.treesMax });
    this.#topology = options.topology;
    this.#metrics = options.metrics;
    this.#emit = options.emit;
    const number = (stream: string): number => options.topology.streamNumber(ackerComponentId, stream);
    this.#replyStreamNumbers = {
      ack: number(replyStream.ack),
      fail: number(replyStream.fail),
      resetTimeout: number(replyStream.resetTimeout),
    };
  }

  /**
   * Takes all tuples of an opened frame. Returns how many were not what an acker takes (and were left out);
   * throws `WIRE_CORRUPT` for a broken frame or a stream that does not exist.
   */
  take(frame: DataFrameCursor, nowMs: number): number {
    const { kind, input } = this.#origin(frame.source, frame.stream);
    if (kind === undefined) return frame.count;
    let strange = 0;
    while (frame.next()) {
      if (this.#read(kind, frame)) this.#reply(this.table.apply(kind, this.#message, nowMs));
      else strange++;
    }
    if (input >= 0) {
      this.#metrics.executed(input, frame.count - strange, 0);
      this.#metrics.acked(input, frame.count - strange, 0);
    }
    return strange;
  }

  flush(): void {
    const writers = this.#waiting;
    if (writers.length === 0) return;
    this.#waiting = [];
    for (const writer of writers) writer.flush();
  }

  /**
   * What frames of a source and stream are to an acker. Throws `WIRE_CORRUPT` when there is no such stream.
   */
  #origin(source: TaskId, stream: number): Origin {
    const key = source * 0x1_0000 + stream;
    let origin = this.#origins.get(key);
    if (origin === undefined) {
      const componentId = this.#topology.componentOf(source) ?? '';
      const streamId = this.#topology.streamId(componentId, stream);
      const input = this.#metrics.description.inputs.findIndex(
        (each) => each.componentId === componentId && each.streamId === streamId,
      );
      origin = { kind: kindOfStream.get(streamId), input };
      this.#origins.set(key, origin);
    }
    return origin;
  }

  /** False when the values are not those of the kind, or name a spout task that does not exist. */
  #read(kind: AckKind, frame: DataFrameCursor): boolean {
    const { buffer, valuesStart } = frame;
    const isKnown =
      frame.valuesEnd - valuesStart === valuesBytes[kind] &&
      buffer.readUInt16LE(valuesStart) === valuesCount[kind] &&
      buffer[valuesStart + 2] === tagLong;
    if (!isKnown) return false;
    const message = this.#message;
    message.rootLo = buffer.readInt32LE(valuesStart + 3);
    message.rootHi = buffer.readInt32LE(valuesStart + 7);
    if (kind === ackKinds.fail || kind === ackKinds.resetTimeout) return true;
    if (buffer[valuesStart + 11] !== tagLong) return false;
    message.valueLo = buffer.readInt32LE(valuesStart + 12);
    message.valueHi = buffer.readInt32LE(valuesStart + 16);
    if (kind === ackKinds.ack) return true;
    if (buffer[valuesStart + 20] !== tagInteger) return false;
    message.spoutTask = buffer.readInt32LE(valuesStart + 21);
    return message.spoutTask >= 1 && message.spoutTask <= this.#topology.taskCount;
  }

  #reply(outcome: AckOutcome): void {
    if (outcome === 'none') return;
    const { spoutTask, elapsedMs } = this.table;
    const writer = this.#writer(spoutTask, outcome);
    if (writer.count === 0) this.#waiting.push(writer);
    writer.beginTuple(0);
    writer.values.begin(2);
    writer.values.writeLong(this.#message.rootHi, this.#message.rootLo);
    writer.values.writeLong(Math.floor(elapsedMs / 0x1_0000_0000), elapsedMs | 0);
    writer.endTuple();
    this.#metrics.emitted(writer.route.stream, 1);
    this.#metrics.transferred(writer.route.stream, 1);
  }

  #writer(spoutTask: TaskId, outcome: Exclude<AckOutcome, 'none'>): DataFrameWriter {
    const key = spoutTask * replyOutcomes.length + replyOutcomes.indexOf(outcome);
    let writer = this.#writers.get(key);
    if (writer === undefined) {
      const stream = this.#replyStreamNumbers[outcome];
      writer = new DataFrameWriter({ target: spoutTask, stream, source: this.taskId }, this.#emit);
      this.#writers.set(key, writer);
    }
    return writer;
  }
}
