import {
  systemComponentIds,
  systemStreamIds,
  type TaskId,
  type TopologyIndex,
} from '../../../topology/index.ts';
import { longGroupingIndex } from '../../../tuple/index.ts';
import type { TargetFrames } from './target-frames.ts';

/**
 * Sends the ackers what a task does to the trees it has a part in (storm-client 2.8:
 * SpoutOutputCollectorImpl, BoltOutputCollectorImpl). Ids are 64-bit numbers in two 32-bit halves. Fields
 * grouping on the root id chooses the acker of a tree. Without ackers it sends nothing.
 */
export class AckerLink {
  readonly #taskId: TaskId;
  readonly #ackers: readonly TaskId[];
  readonly #frames: TargetFrames;
  readonly #initStream: number;
  readonly #ackStream: number;
  readonly #failStream: number;

  constructor(options: {
    readonly topology: TopologyIndex;
    readonly taskId: TaskId;
    readonly componentId: string;
    readonly frames: TargetFrames;
  }) {
    const { topology, componentId } = options;
    this.#taskId = options.taskId;
    this.#frames = options.frames;
    this.#ackers = topology.tasksOf(systemComponentIds.acker);
    const streams = topology.streamIdsOf(componentId);
    const numberOf = (stream: string): number => streams.indexOf(stream) + 1;
    this.#initStream = numberOf(systemStreamIds.ackInit);
    this.#ackStream = numberOf(systemStreamIds.ackAck);
    this.#failStream = numberOf(systemStreamIds.ackFail);
  }

  /** False when `topology.acker.executors` is 0: tuples are not tracked. */
  get hasAckers(): boolean {
    return this.#ackers.length > 0;
  }

  /** A spout's tree has begun; `edges` is the XOR of the ids of its first tuples. */
  init(rootHi: number, rootLo: number, edgesHi: number, edgesLo: number): void {
    const writer = this.#frames.writer(this.#ackerOf(rootHi, rootLo), this.#initStream);
    writer.beginTuple(0);
    writer.values.begin(3);
    writer.values.writeLong(rootHi, rootLo);
    writer.values.writeLong(edgesHi, edgesLo);
    writer.values.writeInt(this.#taskId);
    writer.endTuple();
  }

  /** A bolt is done with a tuple: `value` is its edge XOR the edges of what grew from it. */
  ack(rootHi: number, rootLo: number, valueHi: number, valueLo: number): void {
    const writer = this.#frames.writer(this.#ackerOf(rootHi, rootLo), this.#ackStream);
    writer.beginTuple(0);
    writer.values.begin(2);
    writer.values.writeLong(rootHi, rootLo);
    writer.values.writeLong(valueHi, valueLo);
    writer.endTuple();
  }

  fail(rootHi: number, rootLo: number): void {
    const writer = this.#frames.writer(this.#ackerOf(rootHi, rootLo), this.#failStream);
    writer.beginTuple(0);
    writer.values.begin(1);
    writer.values.writeLong(rootHi, rootLo);
    writer.endTuple();
  }

  #ackerOf(rootHi: number, rootLo: number): TaskId {
    return this.#ackers[longGroupingIndex(rootHi, rootLo, this.#ackers.length)]!;
  }
}
