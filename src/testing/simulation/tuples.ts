import type { RandomSource } from '../../base/index.ts';
import { systemStreamIds, type TaskId } from '../../topology/index.ts';
import { DataFrameCursor, DataFrameWriter, longGroupingIndex } from '../../tuple/index.ts';
import type { Shape } from './shape.ts';

/** A 64-bit number in two halves. */
export interface Id {
  readonly hi: number;
  readonly lo: number;
}

export interface Anchor {
  readonly root: Id;
  readonly edge: Id;
}

export interface Tuple {
  readonly source: TaskId;
  readonly stream: number;
  /** Its place among all that its source sent on this way, or the values of an acker's reply. */
  readonly sequence: number;
  readonly life: number;
  readonly hops: number;
  readonly anchors: readonly Anchor[];
  /** Root that an acker's reply is about. */
  readonly about: Id;
  readonly bytes: number;
}

/** Values of a tuple of ours: u16 count, then (tag, i32) sequence, life and hops, then the padding. */
const sequenceAt = 3;
const lifeAt = 8;
const hopsAt = 13;
/** Values of an acker's reply: u16 count, then (tag, i64) root. */
const rootLoAt = 3;
const rootHiAt = 7;

/** What one life of a task sends: gathered into frames, each taken by `send` at the next flush. */
export class TupleSender {
  readonly life: number;
  readonly #taskId: TaskId;
  readonly #shape: Shape;
  readonly #padding: Buffer;
  readonly #send: (frame: Buffer) => void;
  readonly #writers = new Map<number, DataFrameWriter>();
  readonly #sequences = new Map<number, number>();
  readonly #ackStreams: Readonly<Record<'init' | 'ack' | 'fail' | 'resetTimeout', number>>;

  constructor(options: {
    readonly life: number;
    readonly taskId: TaskId;
    readonly shape: Shape;
    readonly send: (frame: Buffer) => void;
  }) {
    const { taskId, shape } = options;
    this.life = options.life;
    this.#taskId = taskId;
    this.#shape = shape;
    this.#send = options.send;
    this.#padding = Buffer.alloc(shape.scenario.setup.padding, 7);
    const streams = shape.topology.streamIdsOf(shape.topology.componentOf(taskId)!);
    const number = (id: string): number => streams.indexOf(id) + 1;
    this.#ackStreams = {
      init: number(systemStreamIds.ackInit),
      ack: number(systemStreamIds.ackAck),
      fail: number(systemStreamIds.ackFail),
      resetTimeout: number(systemStreamIds.ackResetTimeout),
    };
  }

  tuple(target: TaskId, stream: number, content: { hops: number; anchors: readonly Anchor[] }): void {
    const way = target * 64 + stream;
    const sequence = this.#sequences.get(way) ?? 0;
    this.#sequences.set(way, sequence + 1);
    const writer = this.#writer(target, stream);
    writer.beginTuple(content.anchors.length);
    for (const { root, edge } of content.anchors) writer.addAnchor(root.hi, root.lo, edge.hi, edge.lo);
    writer.values.begin(4);
    writer.values.writeInt(sequence);
    writer.values.writeInt(this.life);
    writer.values.writeInt(content.hops);
    writer.values.writeBytes(this.#padding);
    writer.endTuple();
  }

  init(root: Id, edges: Id): void {
    const values = this.#begin(root, this.#ackStreams.init, 3);
    values.values.writeLong(edges.hi, edges.lo);
    values.values.writeInt(this.#taskId);
    values.endTuple();
  }

  ack(root: Id, value: Id): void {
    const values = this.#begin(root, this.#ackStreams.ack, 2);
    values.values.writeLong(value.hi, value.lo);
    values.endTuple();
  }

  fail(root: Id): void {
    this.#begin(root, this.#ackStreams.fail, 1).endTuple();
  }

  resetTimeout(root: Id): void {
    this.#begin(root, this.#ackStreams.resetTimeout, 1).endTuple();
  }

  flush(): void {
    for (const writer of this.#writers.values()) writer.flush();
  }

  #begin(root: Id, stream: number, values: number): DataFrameWriter {
    const { ackers } = this.#shape;
    const writer = this.#writer(ackers[longGroupingIndex(root.hi, root.lo, ackers.length)]!, stream);
    writer.beginTuple(0);
    writer.values.begin(values);
    writer.values.writeLong(root.hi, root.lo);
    return writer;
  }

  #writer(target: TaskId, stream: number): DataFrameWriter {
    const way = target * 64 + stream;
    let writer = this.#writers.get(way);
    if (writer === undefined) {
      writer = new DataFrameWriter({ target, stream, source: this.#taskId }, (buffer, start, end) =>
        this.#send(Buffer.from(buffer.subarray(start, end))),
      );
      this.#writers.set(way, writer);
    }
    return writer;
  }
}

const cursor = new DataFrameCursor();

/** The tuples of a frame, copied out of it. */
export function readTuples(buffer: Buffer, start: number, end: number, shape: Shape): Tuple[] {
  cursor.open(buffer, start, end);
  const tuples: Tuple[] = [];
  const isReply = shape.ackers.includes(cursor.source);
  while (cursor.next()) {
    const at = cursor.valuesStart;
    const anchors = Array.from({ length: cursor.anchorCount }, (_, index) => ({
      root: { hi: cursor.rootHi(index), lo: cursor.rootLo(index) },
      edge: { hi: cursor.edgeHi(index), lo: cursor.edgeLo(index) },
    }));
    tuples.push({
      source: cursor.source,
      stream: cursor.stream,
      sequence: isReply ? 0 : buffer.readInt32LE(at + sequenceAt),
      life: isReply ? 0 : buffer.readInt32LE(at + lifeAt),
      hops: isReply ? 0 : buffer.readInt32LE(at + hopsAt),
      anchors,
      about: isReply
        ? { hi: buffer.readInt32LE(at + rootHiAt), lo: buffer.readInt32LE(at + rootLoAt) }
        : noId,
      bytes: cursor.valuesEnd - at,
    });
  }
  return tuples;
}

export const noId: Id = { hi: 0, lo: 0 };

export function randomId(random: RandomSource): Id {
  return { hi: random.nextInt32(), lo: random.nextInt32() };
}

export function xor(one: Id, other: Id): Id {
  return { hi: one.hi ^ other.hi, lo: one.lo ^ other.lo };
}
