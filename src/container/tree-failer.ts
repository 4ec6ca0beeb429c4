import { systemComponentIds, systemStreamIds, type TaskId, type TopologyIndex } from '../topology/index.ts';
import { DataFrameCursor, DataFrameWriter, type FrameConsumer, longGroupingIndex } from '../tuple/index.ts';

/**
 * Fails the trees of tuples that are given up, as the task that they were for would have failed them, so that spouts
 * play them again at once and not after the message timeout. Frames are decoded here only because they are lost.
 */
export class TreeFailer {
  readonly #topology: TopologyIndex;
  readonly #ackers: readonly TaskId[];
  readonly #emit: FrameConsumer;
  readonly #cursor = new DataFrameCursor();
  /** By the task that fails, then by acker: as many as there are pairs of them. */
  readonly #writers = new Map<TaskId, Map<TaskId, DataFrameWriter>>();
  readonly #open: DataFrameWriter[] = [];

  constructor(topology: TopologyIndex, emit: FrameConsumer) {
    this.#topology = topology;
    this.#ackers = topology.tasksOf(systemComponentIds.acker);
    this.#emit = emit;
  }

  /**
   * Tells the ackers of every tree in the DATA frame `buffer[start, end)`. Nothing is told of unanchored tuples, and of a
   * frame that is for no bolt or cannot be read.
   */
  fail(buffer: Buffer, start: number, end: number): void {
    const cursor = this.#cursor;
    try {
      cursor.open(buffer, start, end);
      const stream = this.#failStreamOf(cursor.target);
      if (stream === undefined) return;
      while (cursor.next()) this.#failTrees(cursor, stream);
    } catch {
      // Its trees cannot be known; they time out.
    }
    for (const writer of this.#open.splice(0)) writer.flush();
  }

  #failTrees(cursor: DataFrameCursor, stream: number): void {
    for (let i = 0; i < cursor.anchorCount; i++) {
      const hi = cursor.rootHi(i);
      const lo = cursor.rootLo(i);
      const acker = this.#ackers[longGroupingIndex(hi, lo, this.#ackers.length)]!;
      const writer = this.#writer(cursor.target, acker, stream);
      if (writer.count === 0) this.#open.push(writer);
      writer.beginTuple(0);
      writer.values.begin(1);
      writer.values.writeLong(hi, lo);
      writer.endTuple();
    }
  }

  /** Undefined for tasks that fail nothing: spouts, ackers and strangers; and where nothing is tracked. */
  #failStreamOf(task: TaskId): number | undefined {
    const componentId = this.#topology.componentOf(task);
    if (componentId === undefined || this.#ackers.length === 0) return undefined;
    const place = this.#topology.streamIdsOf(componentId).indexOf(systemStreamIds.ackFail);
    return place < 0 || componentId === systemComponentIds.acker ? undefined : place + 1;
  }

  #writer(source: TaskId, target: TaskId, stream: number): DataFrameWriter {
    const bySource = this.#writers.get(source) ?? new Map<TaskId, DataFrameWriter>();
    this.#writers.set(source, bySource);
    let writer = bySource.get(target);
    if (writer === undefined) {
      writer = new DataFrameWriter({ source, target, stream }, this.#emit);
      bySource.set(target, writer);
    }
    return writer;
  }
}
