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

/**
 * refused: no queue had room for it. broken: it was being written when the connection ended, and may have
 * arrived.
 */
type Fate = 'refused' | 'broken';

/**
 * Fails the trees of frames that will not arrive, at once instead of after the message timeout. Only these
 * frames are decoded, tuple by tuple, and each root fails as if the task that the tuple was for had failed
 * it.
 *
 *   a tuple of the user            `__ack_fail` to the acker of each of its roots, from the task it was for
 *   `__ack_init` to an acker       a fail to the spout itself: the acker does not know the tree
 *   `__ack_ack` to an acker        `__ack_fail` in its place: the XOR of the tree can no longer reach zero
 *   other acker messages           sent again when the connection broke: receiving them twice is harmless
 *
 * A frame whose connection broke may have arrived after all. Then a tuple is replayed needlessly, and none is
 * lost.
 */
export class LostFrames {
  readonly #topology: TopologyIndex;
  readonly #route: FrameConsumer;
  readonly #ackers: readonly TaskId[];
  readonly #cursor = new DataFrameCursor();
  readonly #values = new ValueReader();
  /**
   * Target, source and stream as a key -> the fails for it.
   * Invariant: empty between two calls.
   */
  readonly #fails = new Map<string, DataFrameWriter>();

  constructor(topology: TopologyIndex, route: FrameConsumer) {
    this.#topology = topology;
    this.#route = route;
    this.#ackers = topology.tasksOf(systemComponentIds.acker);
  }

  /** One frame that no queue accepted. */
  refused(buffer: Buffer, start: number, end: number): void {
    this.#take([buffer, start, end], 'refused');
    this.#send();
  }

  /** Whole frames in buffers that were being written when the connection broke. */
  broken(buffers: readonly Buffer[]): void {
    const reader = new FrameReader({
      dataFrame: (buffer, start, end) => this.#take([buffer, start, end], 'broken'),
      controlFrame: () => undefined,
    });
    for (const buffer of buffers) reader.feed(buffer);
    this.#send();
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
      // A frame that cannot be read names no tree. The task host that reads such frames reports the sender.
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

  /** 0 when the component has no such stream and takes no part in acking. */
  #streamNumber(component: string, stream: string): number {
    return this.#topology.streamIdsOf(component).indexOf(stream) + 1;
  }

  #writer(target: TaskId, source: TaskId, stream: number): DataFrameWriter {
    const key = `${target} ${source} ${stream}`;
    let writer = this.#fails.get(key);
    if (writer === undefined) {
      writer = new DataFrameWriter({ target, stream, source }, this.#route);
      this.#fails.set(key, writer);
    }
    return writer;
  }

  /** Fails that find no room either come back through `refused`, which makes no further fails of them. */
  #send(): void {
    const writers = [...this.#fails.values()];
    this.#fails.clear();
    for (const writer of writers) writer.flush();
  }
}
