import { strict as assert } from 'node:assert';
import { GatewayError } from '../../../base/index.ts';
import type { OutgoingStreams, TaskId, TopologyIndex } from '../../../topology/index.ts';
import { ByteWriter, frameBodyBytesMax, type JavaValue, ValueWriter } from '../../../tuple/index.ts';
import type { TaskMetrics } from '../../metrics-manager/index.ts';
import type { TargetFrames } from '../emitting/index.ts';
import { type Anchors, anchorCountOf } from './anchors.ts';
import { type EmitMessage, taskIdsText } from './messages.ts';
import type { TaskIdsAhead } from './task-ids-ahead.ts';

interface Stream {
  readonly number: number;
  readonly fields: readonly string[];
}

/** Values above this are not kept in the shared buffer once they have been sent. */
const scratchBytesKept = 1 << 20;
/** What anchors and lengths may add to the values of a tuple in its frame. */
const valuesBytesMax = frameBodyBytesMax - (128 << 10);

/** Sends the tuples of one shell task: chooses their target tasks and encodes their values. */
export class Emitter {
  readonly #componentId: string;
  readonly #streams: ReadonlyMap<string, Stream>;
  readonly #outgoing: OutgoingStreams;
  readonly #frames: TargetFrames;
  readonly #metrics: TaskMetrics;
  readonly #taskIdsAhead: TaskIdsAhead | undefined;
  #scratch = new ByteWriter();
  #encoder = new ValueWriter(this.#scratch);
  /** Tuples emitted in this life, and bytes of the values sent, once for each target. */
  emits = 0;
  sentBytes = 0;
  /** Why the emit that {@link choose} saw last cannot be sent: its values are too large for a frame. */
  refused: GatewayError | undefined;
  /** The tasks of the emit that {@link choose} saw last. */
  #chosen: TaskId[] = [];
  #stream: Stream | undefined;
  #reply = '';

  constructor(options: {
    readonly topology: TopologyIndex;
    readonly outgoing: OutgoingStreams;
    readonly frames: TargetFrames;
    readonly metrics: TaskMetrics;
    /** Where the tasks of an emit may be chosen before it. */
    readonly taskIdsAhead?: TaskIdsAhead | undefined;
  }) {
    const { topology, outgoing } = options;
    const { componentId } = outgoing;
    this.#componentId = componentId;
    this.#outgoing = outgoing;
    this.#frames = options.frames;
    this.#metrics = options.metrics;
    this.#taskIdsAhead = options.taskIdsAhead;
    this.#streams = new Map(
      topology
        .streamIdsOf(componentId)
        .map((id, index) => [id, { number: index + 1, fields: topology.fieldsOf(componentId, id) ?? [] }]),
    );
  }

  /**
   * Chooses the tasks of an emit and encodes its values. {@link send} follows for each of them; the list is
   * valid until the next call. Throws `EMIT_REFUSED` where Storm throws: an undeclared stream, a wrong number
   * of values, a regular emit on a direct stream, a direct emit to a task that takes the stream by another
   * grouping. Throws `VALUE_UNSUPPORTED` for values that cannot be sent. Values too large for a frame choose
   * no task and set `refused`.
   */
  choose(message: EmitMessage): readonly TaskId[] {
    const { stream: streamId, values, task } = message;
    const chosen = this.#chosen;
    chosen.length = 0;
    this.refused = undefined;
    this.#reply = '';
    this.emits++;
    const stream = this.#streams.get(streamId);
    if (stream !== undefined && values.length !== stream.fields.length) {
      throw this.#wrongLength(streamId, stream, values.length);
    }
    if (task === 0) this.#chooseTasks(message, chosen);
    else if (this.#outgoing.reachesDirectly(streamId, task)) chosen.push(task);
    assert(stream !== undefined, 'an undeclared stream has been refused');
    this.#stream = stream;
    this.#metrics.emitted(stream.number, 1);
    if (chosen.length > 0) this.#encode(values);
    if (chosen.length > 0 && this.#scratch.position > valuesBytesMax) {
      this.refused = this.#tooLarge(streamId);
      chosen.length = 0;
    }
    if (chosen.length > 0) this.#metrics.transferred(stream.number, chosen.length);
    return chosen;
  }

  /** What a child receives before its first command; empty unless it takes task ids ahead of its emits. */
  begin(): string {
    return this.#taskIdsAhead?.begin() ?? '';
  }

  /**
   * What the child receives for the emit that {@link choose} saw last, whether or not it could be sent: the
   * ids of its tasks or, where these went ahead of it, those of a later emit. Empty when the child waits for
   * none.
   */
  get reply(): string {
    return this.#reply;
  }

  /** The number of the stream of the emit that {@link choose} saw last. */
  get streamNumber(): number {
    return this.#stream!.number;
  }

  /** Sends the values that were encoded last. */
  send(target: TaskId, anchors: Anchors): void {
    const writer = this.#frames.writer(target, this.#stream!.number);
    writer.beginTuple(anchorCountOf(anchors));
    for (let at = 0; at < anchors.length; at += 4) {
      writer.addAnchor(anchors[at]!, anchors[at + 1]!, anchors[at + 2]!, anchors[at + 3]!);
    }
    writer.addValues(this.#scratch.buffer, 0, this.#scratch.position);
    writer.endTuple();
    this.sentBytes += this.#scratch.position;
  }

  #chooseTasks({ stream, values, needsTaskIds }: EmitMessage, chosen: TaskId[]): void {
    const ahead = this.#taskIdsAhead;
    if (needsTaskIds && stream === ahead?.streamId) {
      this.#reply = ahead.take(chosen);
      return;
    }
    this.#outgoing.chooseTasks(stream, values, chosen);
    if (needsTaskIds) this.#reply = taskIdsText(chosen);
  }

  #tooLarge(streamId: string): GatewayError {
    const bytes = this.#scratch.position;
    return new GatewayError(
      'FRAME_TOO_LARGE',
      `component ${this.#componentId}, stream ${streamId}: the values of a tuple have ${bytes} bytes, at most ` +
        `${valuesBytesMax} can be sent. The tuple was left out and its trees failed; emit it in parts, or where it is kept`,
      { facts: { componentId: this.#componentId, streamId, bytes, bytesMax: valuesBytesMax } },
    );
  }

  #wrongLength(streamId: string, stream: Stream, found: number): GatewayError {
    const expected = stream.fields;
    return new GatewayError(
      'EMIT_REFUSED',
      `Tuple created with wrong number of fields. Expected ${expected.length} fields but got ${found} fields: ` +
        `component ${this.#componentId}, stream ${streamId} [${expected.join(', ')}]`,
      { facts: { componentId: this.#componentId, streamId, expected, found } },
    );
  }

  #encode(values: readonly JavaValue[]): void {
    if (this.#scratch.buffer.length > scratchBytesKept) {
      this.#scratch = new ByteWriter();
      this.#encoder = new ValueWriter(this.#scratch);
    }
    this.#scratch.position = 0;
    this.#encoder.writeAll(values);
  }
}
