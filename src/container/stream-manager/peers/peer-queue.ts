import type { Clock, Logger } from '../../../base/index.ts';
import type { TaskId } from '../../../topology/index.ts';
import { type FrameConsumer, FrameSlab, frameCount } from '../../../tuple/index.ts';
import type { Connection } from '../../links/index.ts';
import { boundMarks, pressureMarks, type StreamManagerLimits } from '../limits.ts';
import type { Route } from '../route/router.ts';
import { WaterMarks } from '../route/water-marks.ts';

export interface PeerQueueOptions {
  readonly containerId: number;
  /** The tasks that live there. */
  readonly tasks: readonly TaskId[];
  readonly limits: StreamManagerLimits;
  readonly log: Logger;
  /** `isHigh` or `isFull` may have changed. */
  readonly onMark: () => void;
  readonly clock: Clock;
  /** Gets each frame that is dropped. */
  readonly onDrop: FrameConsumer;
  /** Gets whole frames that were being written when the connection ended: some of them may have arrived. */
  readonly onBreak: (buffers: readonly Buffer[]) => void;
}

/**
 * Frames on their way to another container, which connects to us to get them.
 *
 * What a full queue means:
 *   high mark     its tasks are under pressure: spouts of the whole topology that lead there slow down.
 *   hard bound    connected: `isFull`, and the stream manager stops reading the hosts that feed the peer until the queue
 *                 is below the high mark, so nothing is lost however slow the peer is. Links from other containers
 *                 are read on: what they bring is for our own tasks, so two containers never wait for each other.
 *                 A peer that takes nothing at all for the stall timeout has stopped: its connection is given up.
 *                 not connected: frames beyond the bound are dropped, counted, and logged once for each absence.
 *                 Their trees are failed.
 * A peer that went away keeps what is queued; its next incarnation gets it. What had been handed to the socket is lost.
 * Storm's promise is at least once: trees that lost a tuple fail (LostFrames) and are played again.
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
  /** What is being written now. */
  #writing: readonly Buffer[] = [];
  readonly #slab: FrameSlab;
  readonly #pressure: WaterMarks;
  readonly #bound: WaterMarks;
  #socket: Connection | undefined;
  #isRetired = false;
  #pendingTuples = 0;
  #inFlightTuples = 0;
  /** Runs while the queue is full, and begins again with every write that was taken. */
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

  /** Connected and at the hard bound: hosts must not be read. */
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

  /** One write holds whatever came since the last one was taken over by the kernel. */
  flush(): void {
    const socket = this.#socket;
    // One that is closing must not swallow what the next one is to get.
    if (socket?.writable === true && this.#slab.inFlightBytes === 0) this.#write(socket);
    this.#updateMarks();
  }

  /** Other tasks live there now. What is queued for the ones before is handed on there. */
  setTasks(tasks: readonly TaskId[]): void {
    this.#tasks = tasks;
  }

  /**
   * The peer is in the plan no longer. Answers what has not been handed to the socket, which is closed when it has taken
   * over the rest. Nothing may be delivered afterwards.
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

  /** The peer has connected: it gets what is queued. An older connection of it is closed. */
  attach(socket: Connection): void {
    this.detach()?.destroy();
    this.#socket = socket;
    this.flush();
    this.#onMark();
  }

  /** Timers end. */
  close(): void {
    this.#endStall();
  }

  /** Gives the socket back, if it is the one named or none is named. What it had not sent is lost. */
  detach(socket?: Connection): Connection | undefined {
    const current = this.#socket;
    if (current === undefined || (socket !== undefined && socket !== current)) return undefined;
    this.#socket = undefined;
    const lostBytes = this.#slab.inFlightBytes;
    // News of the lost frames may come back into this queue: they are read before their place is given away.
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
      // Called without an error also when the socket was destroyed: the detach then counts these bytes as lost.
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

  /** Its end tells everybody: the hosts go on, and the peer, if it lives, dials again. */
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
