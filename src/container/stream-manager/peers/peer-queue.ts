import type { Clock, Logger } from '../../../base/index.ts';
import type { TaskId } from '../../../topology/index.ts';
import { type FrameConsumer, FrameSlab, frameCount } from '../../../tuple/index.ts';
import type { Connection } from '../../links/index.ts';
import { boundMarks, pressureMarks, type StreamManagerLimits } from '../limits.ts';
import type { Route } from '../route/router.ts';
import { WaterMarks } from '../route/water-marks.ts';

export interface PeerQueueOptions {
  readonly containerId: number;
  /** The tasks of that container. */
  readonly tasks: readonly TaskId[];
  readonly limits: StreamManagerLimits;
  readonly log: Logger;
  /** `isHigh` or `isFull` may have changed. */
  readonly onMark: () => void;
  readonly clock: Clock;
  /** Receives each frame that is dropped. */
  readonly onDrop: FrameConsumer;
  /**
   * Receives whole frames that were being written when the connection ended: some of them may have arrived.
   */
  readonly onBreak: (buffers: readonly Buffer[]) => void;
}

/**
 * Frames in transit to another container, which connects to this one to receive them.
 *
 * What a full queue means: high mark     its tasks are under pressure: all spouts upstream of them slow down.
 *   hard bound    connected: `isFull`, and the stream manager stops reading the hosts that feed the peer
 *   until the queue is below the high mark, so nothing is lost however slow the peer is. Links from other
 *   containers are still read: what they bring is for tasks of this container, so two containers never wait
 *   for each other. A peer that reads nothing for the stall timeout has stopped: its connection is closed.
 *   not connected: frames beyond the bound are dropped, counted, and logged once for each absence. Their
 *   trees are failed. Frames queued for a peer that went away wait for its next incarnation. What had been
 *   handed to the socket is lost. Delivery is at least once, as in Storm: trees that lost a tuple fail
 *   (LostFrames) and are replayed.
 */
export class PeerQueue implements Route {
  readonly containerId: number;
  #tasks: readonly TaskId[];
  readonly #limits: StreamManagerLimits;
  readonly #log: Logger;
  readonly #onMark: () => void;
  readonly #onDrop: FrameConsumer;
  readonly #onBreak: PeerQueueOptions['onBreak'];
  readonly #clock: Clock;
  /** What is being written now. Invariant: empty exactly when the slab has nothing in flight. */
  #writing: readonly Buffer[] = [];
  readonly #slab: FrameSlab;
  readonly #pressure: WaterMarks;
  readonly #bound: WaterMarks;
  #socket: Connection | undefined;
  #isRetired = false;
  /**
   * Invariant: `#pendingTuples` counts the frames in the slab that are not in flight, `#inFlightTuples` those
   * that are.
   */
  #pendingTuples = 0;
  #inFlightTuples = 0;
  /** Invariant: set only while `isFull`. Restarts with every write that the kernel took over. */
  #stall: Disposable | undefined;
  #droppedTuples = 0;
  #droppedTuplesBefore = 0;

  constructor(options: PeerQueueOptions) {
    const { limits } = options;
    this.containerId = options.containerId;
    this.#tasks = options.tasks;
    this.#limits = limits;
    this.#log = options.log;
    this.#onMark = options.onMark;
    this.#slab = new FrameSlab({ queueBytesMax: limits.queueBytesMax + limits.queueSlackBytes });
    this.#onDrop = options.onDrop;
    this.#onBreak = options.onBreak;
    this.#clock = options.clock;
    this.#pressure = new WaterMarks(pressureMarks(limits));
    this.#bound = new WaterMarks(boundMarks(limits));
  }

  get tasks(): readonly TaskId[] {
    return this.#tasks;
  }

  get isConnected(): boolean {
    return this.#socket !== undefined;
  }

  get isHigh(): boolean {
    return this.#pressure.isHigh;
  }

  /** Connected and at the hard bound: hosts that feed it must not be read. */
  get isFull(): boolean {
    return this.#bound.isHigh && this.#socket !== undefined;
  }

  get queuedBytes(): number {
    return this.#slab.queuedBytes;
  }

  get queuedTuples(): number {
    return this.#pendingTuples + this.#inFlightTuples;
  }

  get droppedTuples(): number {
    return this.#droppedTuples;
  }

  deliver(buffer: Buffer, start: number, end: number): void {
    const tuples = frameCount(buffer, start);
    const { queueBytesMax, queueTuplesMax } = this.#limits;
    const isAbsentAndFull =
      this.#socket === undefined &&
      (this.#slab.queuedBytes + end - start > queueBytesMax || this.queuedTuples + tuples > queueTuplesMax);
    if (!isAbsentAndFull && this.#slab.put(buffer, start, end) === 'accepted') {
      this.#pendingTuples += tuples;
      return;
    }
    this.#drop(tuples);
    this.#onDrop(buffer, start, end);
  }

  /** One write holds everything that came since the kernel took over the last one. */
  flush(): void {
    const socket = this.#socket;
    // A socket that is closing must not swallow frames that the next connection can deliver.
    if (socket?.writable === true && this.#slab.inFlightBytes === 0) this.#write(socket);
    this.#updateMarks();
  }

  /** That container has other tasks now. It forwards what is queued for the tasks it had before. */
  setTasks(tasks: readonly TaskId[]): void {
    this.#tasks = tasks;
  }

  /**
   * The packing plan has left the peer out. Returns what has not been handed to the socket, which closes when
   * the rest is written. Nothing may be delivered afterwards.
   */
  retire(): readonly Buffer[] {
    this.#isRetired = true;
    this.#endStall();
    const inFlightBytes = this.#slab.inFlightBytes;
    const buffers = this.#slab.take();
    this.#slab.written(this.#slab.inFlightBytes - inFlightBytes);
    this.#pendingTuples = 0;
    if (inFlightBytes === 0) this.#socket?.destroySoon();
    return buffers;
  }

  /** The peer has connected and receives what is queued. An older connection of the same peer is closed. */
  attach(socket: Connection): void {
    this.detach()?.destroy();
    this.#socket = socket;
    this.flush();
    this.#onMark();
  }

  /** Ends its timers. */
  close(): void {
    this.#endStall();
  }

  /** Returns the socket, if it is the one named or none is named. What it had not sent is lost. */
  detach(socket?: Connection): Connection | undefined {
    const current = this.#socket;
    if (current === undefined || (socket !== undefined && socket !== current)) return undefined;
    this.#socket = undefined;
    const lostBytes = this.#slab.inFlightBytes;
    // Fails of the lost frames may enter this queue again: read the frames before their space in the slab is
    // reused.
    const lost = this.#writing;
    this.#writing = [];
    this.#onBreak(lost);
    this.#slab.written(lostBytes);
    this.#inFlightTuples = 0;
    const { containerId } = this;
    this.#log.info({ event: 'peer.detached', peer: containerId, lostBytes, queuedBytes: this.queuedBytes });
    this.#droppedTuplesBefore = this.#droppedTuples;
    this.#updateMarks();
    this.#onMark();
    return current;
  }

  #write(socket: Connection): void {
    const buffers = this.#slab.take();
    const last = buffers.length - 1;
    if (last < 0) return;
    const bytes = this.#slab.inFlightBytes;
    this.#inFlightTuples = this.#pendingTuples;
    this.#pendingTuples = 0;
    this.#writing = buffers;
    socket.cork();
    for (let i = 0; i < last; i++) socket.write(buffers[i]!);
    socket.write(buffers[last]!, () => {
      // Also called without an error when the socket was destroyed: then `detach` counts these bytes as lost.
      if (socket.destroyed || this.#socket !== socket) return;
      this.#writing = [];
      this.#slab.written(bytes);
      this.#inFlightTuples = 0;
      this.#endStall();
      if (this.#isRetired) socket.destroySoon();
      else this.flush();
    });
    socket.uncork();
  }

  #updateMarks(): void {
    const bytes = this.#slab.queuedBytes;
    const tuples = this.queuedTuples;
    const hasPressureChanged = this.#pressure.update(bytes, tuples);
    const hasBoundChanged = this.#bound.update(bytes, tuples);
    if (this.isFull) this.#stall ??= this.#clock.after(this.#limits.stallMs, () => this.#stalled());
    else this.#endStall();
    if (hasPressureChanged || hasBoundChanged) this.#onMark();
  }

  /** Closing the socket resumes the hosts, and a peer that is alive dials again. */
  #stalled(): void {
    const { containerId, queuedBytes } = this;
    this.#log.warn({ event: 'peer.stalled', peer: containerId, queuedBytes, stallMs: this.#limits.stallMs });
    this.#stall = undefined;
    this.#socket?.destroy();
  }

  #endStall(): void {
    this.#stall?.[Symbol.dispose]();
    this.#stall = undefined;
  }

  #drop(tuples: number): void {
    if (this.#droppedTuples === this.#droppedTuplesBefore) {
      this.#log.warn({
        event: 'peer.frames-dropped',
        peer: this.containerId,
        queuedBytes: this.queuedBytes,
        queueBytesMax: this.#limits.queueBytesMax,
        reason: this.isConnected ? 'slower than the hosts that were asked to pause' : 'not connected',
      });
    }
    this.#droppedTuples += tuples;
  }
}
