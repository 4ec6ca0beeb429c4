import { frameCount } from '../../../tuple/index.ts';
import type { QueueMarks } from './settings.ts';

/**
 * Frames that wait for the child, as they came. The senders are notified when it rises above its marks and
 * when it falls below them. At its bound it refuses frames, because its pressure does not hold back senders
 * on a cycle with this task. Invariant: `bytes` and `tuples` are the sums over the frames held.
 */
export class InputQueue {
  readonly #marks: QueueMarks;
  #frames: Buffer[] = [];
  /** Frames before this one have been taken; the list is cut from time to time, not for each. */
  #head = 0;
  #isHigh = false;
  bytes = 0;
  tuples = 0;

  constructor(marks: QueueMarks) {
    this.#marks = marks;
  }

  get isEmpty(): boolean {
    return this.#head === this.#frames.length;
  }

  /** Above a high mark now, or above one before and not yet below both low ones. */
  get isHigh(): boolean {
    const { highBytes, highTuples, lowBytes, lowTuples } = this.#marks;
    if (this.#isHigh) this.#isHigh = this.bytes > lowBytes || this.tuples > lowTuples;
    else this.#isHigh = this.bytes >= highBytes || this.tuples >= highTuples;
    return this.#isHigh;
  }

  /** How full it is, 0..1: the load that load-aware groupings go by. */
  get load(): number {
    return Math.min(1, Math.max(this.bytes / this.#marks.highBytes, this.tuples / this.#marks.highTuples));
  }

  /** Copies `buffer[start, end)`. `full`: nothing was copied. */
  push(buffer: Buffer, start: number, end: number): 'accepted' | 'full' {
    const { bytesMax, tuplesMax } = this.#marks;
    const isFull = this.bytes + end - start > bytesMax || this.tuples + frameCount(buffer, start) > tuplesMax;
    // One frame is taken whatever its size, or it could never be.
    if (isFull && !this.isEmpty) return 'full';
    const frame = Buffer.allocUnsafe(end - start);
    buffer.copy(frame, 0, start, end);
    this.#frames.push(frame);
    this.bytes += frame.length;
    this.tuples += frameCount(frame, 0);
    return 'accepted';
  }

  /** The oldest frame; undefined when empty. */
  shift(): Buffer | undefined {
    if (this.isEmpty) return undefined;
    const frame = this.#frames[this.#head]!;
    this.#head++;
    this.bytes -= frame.length;
    this.tuples -= frameCount(frame, 0);
    if (this.#head >= 256 && this.#head * 2 >= this.#frames.length) {
      this.#frames = this.#frames.slice(this.#head);
      this.#head = 0;
    }
    return frame;
  }
}
