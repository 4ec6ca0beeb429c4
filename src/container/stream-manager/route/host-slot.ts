import type { Logger } from '../../../base/index.ts';
import type { TaskId } from '../../../topology/index.ts';
import { type FrameConsumer, FrameSlab, forEachFrame, frameCount } from '../../../tuple/index.ts';
import type { TaskHost } from '../../links/index.ts';
import { pressureMarks, type StreamManagerLimits } from '../limits.ts';
import type { Route } from './router.ts';
import { WaterMarks } from './water-marks.ts';

/**
 * Where frames for some tasks go in this container: one for each host of the packing plan, whether it runs or
 * not.
 */
export interface HostPlace {
  /** The name of the host. */
  readonly name: string;
  readonly tasks: readonly TaskId[];
  /** A place with another key is another place even if name and tasks are the same. */
  readonly key?: string;
}

export interface HostSlotOptions {
  readonly place: HostPlace;
  readonly limits: StreamManagerLimits;
  readonly log: Logger;
  /** `isHigh` may have changed. */
  readonly onMark: () => void;
  /** Receives each frame that is dropped. */
  readonly onDrop: FrameConsumer;
}

/**
 * The place of a task host in the routing table. The host may start after the first frames, end, and be
 * replaced; meanwhile frames wait here, within the hard bound, and from the high mark on the tasks are under
 * pressure. Frames beyond the bound are dropped, counted, and logged once for each absence, and their trees
 * fail.
 */
export class HostSlot implements Route {
  readonly place: HostPlace;
  readonly #limits: StreamManagerLimits;
  readonly #log: Logger;
  readonly #onMark: () => void;
  readonly #onDrop: FrameConsumer;
  readonly #marks: WaterMarks;
  #host: TaskHost | undefined;
  /** Invariant: undefined while a host fills the slot. */
  #waiting: FrameSlab | undefined;
  /** Invariant: the tuples of the frames in `#waiting`, at most `queueTuplesMax`. */
  #waitingTuples = 0;
  #droppedTuples = 0;
  #droppedTuplesBefore = 0;

  constructor(options: HostSlotOptions) {
    const { limits } = options;
    this.place = options.place;
    this.#limits = limits;
    this.#log = options.log;
    this.#onMark = options.onMark;
    this.#onDrop = options.onDrop;
    this.#marks = new WaterMarks(pressureMarks(limits));
  }

  get name(): string {
    return this.place.name;
  }

  get tasks(): readonly TaskId[] {
    return this.place.tasks;
  }

  get host(): TaskHost | undefined {
    return this.#host;
  }

  /** Whether the frames that wait for a host are above the high mark. */
  get isHigh(): boolean {
    return this.#marks.isHigh;
  }

  /** What waits for a host. */
  get queue(): { readonly bytes: number; readonly tuples: number } {
    return { bytes: this.#waiting?.queuedBytes ?? 0, tuples: this.#waitingTuples };
  }

  get droppedTuples(): number {
    return this.#droppedTuples;
  }

  deliver(buffer: Buffer, start: number, end: number): void {
    if (this.#host !== undefined) this.#host.deliver(buffer, start, end);
    else this.#wait(buffer, start, end);
  }

  flush(): void {
    if (this.#host !== undefined) this.#host.flush();
    else if (this.#marks.update(this.#waiting?.queuedBytes ?? 0, this.#waitingTuples)) this.#onMark();
  }

  /** The host can take frames: it receives those that waited, in order. */
  fill(host: TaskHost): void {
    this.#host = host;
    const waiting = this.#waiting?.take() ?? [];
    this.#waiting = undefined;
    this.#waitingTuples = 0;
    forEachFrame(waiting, (buffer, start, end) => host.deliver(buffer, start, end));
    if (waiting.length > 0) host.flush();
    if (this.#marks.update(0, 0)) this.#onMark();
  }

  /** The host has ended; nothing happens if it is not the one that fills the slot. */
  empty(host: TaskHost): void {
    if (this.#host !== host) return;
    this.#host = undefined;
    this.#droppedTuplesBefore = this.#droppedTuples;
  }

  /** The tasks have left. Returns the frames that waited for a host; nothing may be delivered afterwards. */
  retire(): readonly Buffer[] {
    const waiting = this.#waiting?.take() ?? [];
    this.#waiting = undefined;
    this.#waitingTuples = 0;
    if (this.#marks.update(0, 0)) this.#onMark();
    return waiting;
  }

  #wait(buffer: Buffer, start: number, end: number): void {
    this.#waiting ??= new FrameSlab({ queueBytesMax: this.#limits.queueBytesMax });
    const tuples = frameCount(buffer, start);
    const isFull = this.#waitingTuples + tuples > this.#limits.queueTuplesMax;
    if (!isFull && this.#waiting.put(buffer, start, end) === 'accepted') {
      this.#waitingTuples += tuples;
      return;
    }
    if (this.#droppedTuples === this.#droppedTuplesBefore) {
      this.#log.warn({
        event: 'host.frames-dropped',
        host: this.name,
        queueBytesMax: this.#limits.queueBytesMax,
        reason: 'the host does not run',
      });
    }
    this.#droppedTuples += tuples;
    this.#onDrop(buffer, start, end);
  }
}
