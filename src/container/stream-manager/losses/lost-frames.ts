import {
  systemComponentIds,
  systemStreamIds,
  type TaskId,
  type TopologyIndex,
} from '../../../topology/index.ts';
import {
  DataFrameCursor,
  DataFrameWriter,
  type FrameConsumer,
  FrameReader,
  frameSource,
  frameStream,
  frameTarget,
  longGroupingIndex,
  ValueReader,
} from '../../../tuple/index.ts';

/** refused: there is no room for it, nor for another like it. broken: it was on its way when the way ended. */
type Fate = 'refused' | 'broken';

/**
 * Frames that will not arrive: their trees fail at once instead of after the message timeout. Only these frames are
 * decoded, tuple by tuple, and each root is failed as the task that should have got the tuple would have failed it.
 *
 *   a tuple of the user's          `__ack_fail` to the acker of each of its roots, from the task it was for
 *   `__ack_init` to an acker       a fail to the spout itself: the acker never heard of the tree
 *   `__ack_ack` to an acker        `__ack_fail` in its place: the tree can no longer come to nothing
 *   the other news of trees        sent again where the way broke: to hear them twice does no harm
 *
 * A frame whose way broke may have arrived after all: then a tuple is played again needlessly, and none is lost.
 */
export class LostFrames {
  readonly #topology: TopologyIndex;
  readonly #route: FrameConsumer;
  readonly #ackers: readonly TaskId[];
  readonly #cursor = new DataFrameCursor();
  readonly #values = new ValueReader();
  /** target, source and stream as a key -> the news for it; emptied after each call. */
  readonly #news = new Map<string, DataFrameWriter>();

  constructor(topology: TopologyIndex, route: FrameConsumer) {
    this.#topology = topology;
    this.#route = route;
    this.#ackers = topology.tasksOf(systemComponentIds.acker);
  }

  /** One frame that was not taken. */
  refused(buffer: Buffer, start: number, end: number): void {
    this.#take([buffer, start, end], 'refused');
    this.#tell();
  }

  /** Whole frames in buffers that were being written when the connection broke. */
  broken(buffers: readonly Buffer[]): void {
    const reader = new FrameReader({
      dataFrame: (buffer, start, end) => this.#take([buffer, start, end], 'broken'),
      controlFrame: () => undefined,
    });
    for (const buffer of buffers) reader.feed(buffer);
    this.#tell();
  }

  #take([buffer, start, end]: readonly [Buffer, number, number], fate: Fate): void {
    if (this.#ackers.length === 0) return;
    const target = this.#topology.componentOf(frameTarget(buffer, start));
    const source = this.#topology.componentOf(frameSource(buffer, start));
    if (target === undefined || source === undefined) return;
    try {
      this.#cursor.open(buffer, start, end);
      if (target === systemComponentIds.acker) {
        const stream = this.#topology.streamId(source, frameStream(buffer, start));
        if (stream === systemStreamIds.ackInit) this.#failInits();
        else if (stream === systemStreamIds.ackAck) this.#failAcks(source);
        else if (fate === 'broken') this.#route(buffer, start, end);
      } else if (source === systemComponentIds.acker) {
        if (fate === 'broken') this.#route(buffer, start, end);
      } else this.#failTuples(target);
    } catch {
      // What cannot be read names no tree; whoever sent it is told by whoever reads such frames.
    }
  }

  #failTuples(component: string): void {
    const stream = this.#streamNumber(component, systemStreamIds.ackFail);
    if (stream === 0) return;
    const cursor = this.#cursor;
    while (cursor.next()) {
      for (let anchor = 0; anchor < cursor.anchorCount; anchor++) {
        const [hi, lo] = [cursor.rootHi(anchor), cursor.rootLo(anchor)];
        const acker = this.#ackers[longGroupingIndex(hi, lo, this.#ackers.length)]!;
        this.#fail(this.#writer(acker, cursor.target, stream), hi, lo);
      }
    }
  }

  #failAcks(component: string): void {
    const stream = this.#streamNumber(component, systemStreamIds.ackFail);
    if (stream === 0) return;
    while (this.#cursor.next()) {
      const root = this.#readRoot();
      this.#fail(this.#writer(this.#cursor.target, this.#cursor.source, stream), root.hi, root.lo);
    }
  }

  #failInits(): void {
    const stream = this.#streamNumber(systemComponentIds.acker, systemStreamIds.ackFail);
    while (this.#cursor.next()) {
      const { hi, lo } = this.#readRoot();
      const writer = this.#writer(this.#cursor.source, this.#cursor.target, stream);
      writer.beginTuple(0);
      writer.values.begin(2);
      writer.values.writeLong(hi, lo);
      writer.values.writeLong(0, 0); // the milliseconds it took
      writer.endTuple();
    }
  }

  #fail(writer: DataFrameWriter, hi: number, lo: number): void {
    writer.beginTuple(0);
    writer.values.begin(1);
    writer.values.writeLong(hi, lo);
    writer.endTuple();
  }

  #readRoot(): { readonly hi: number; readonly lo: number } {
    this.#values.open(this.#cursor.buffer, this.#cursor.valuesStart, this.#cursor.valuesEnd);
    this.#values.begin();
    this.#values.readLong();
    return { hi: this.#values.longHi, lo: this.#values.longLo };
  }

  /** 0 when the component has no such stream: it takes no part in trees. */
  #streamNumber(component: string, stream: string): number {
    return this.#topology.streamIdsOf(component).indexOf(stream) + 1;
  }

  #writer(target: TaskId, source: TaskId, stream: number): DataFrameWriter {
    const key = `${target} ${source} ${stream}`;
    let writer = this.#news.get(key);
    if (writer === undefined) {
      writer = new DataFrameWriter({ target, stream, source }, this.#route);
      this.#news.set(key, writer);
    }
    return writer;
  }

  /** News that find no room either come back as refused; they make no further news. */
  #tell(): void {
    const writers = [...this.#news.values()];
    this.#news.clear();
    for (const writer of writers) writer.flush();
  }
}
