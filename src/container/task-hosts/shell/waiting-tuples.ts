import { describeError } from '../../../base/index.ts';
import { DataFrameCursor, ValueReader } from '../../../tuple/index.ts';
import type { QueueFill } from '../../links/index.ts';
import { failTrees, readAnchors } from './anchors.ts';
import { InputQueue } from './input-queue.ts';
import { valuesToJson } from './json-writing.ts';
import type { ProtocolParts, TaskInput } from './protocol-parts.ts';

/**
 * The tuples that were delivered to a bolt and that its child has not received, one by one in the order of
 * their arrival. Frames that the queue has no room for are dropped, and their trees fail at once. A corrupt
 * frame is reported, and what is left of it is skipped.
 */
export class WaitingTuples implements TaskInput {
  readonly #parts: Pick<ProtocolParts, 'settings' | 'ackers' | 'reportError'>;
  readonly #queue: InputQueue;
  readonly #reader = new ValueReader();
  /** Stands on the tuple that {@link next} moved to. */
  readonly cursor = new DataFrameCursor();
  /** Invariant: true while the cursor is in a frame that may have tuples left. */
  #isInFrame = false;
  /** Invariant: true from the first refused frame until the queue is no longer high: one report for all. */
  #isOverflowing = false;
  #droppedTuples = 0;

  constructor(parts: Pick<ProtocolParts, 'settings' | 'ackers' | 'reportError'>) {
    this.#parts = parts;
    this.#queue = new InputQueue(parts.settings.queue);
  }

  get isEmpty(): boolean {
    return this.#queue.isEmpty && !this.#isInFrame;
  }

  get isUnderPressure(): boolean {
    return this.#queue.isHigh;
  }

  get load(): number {
    return this.#queue.load;
  }

  get queue(): QueueFill {
    const { bytes, tuples } = this.#queue;
    return { bytes, tuples, droppedTuples: this.#droppedTuples };
  }

  /** Takes a DATA frame; the bytes are the caller's. */
  add(buffer: Buffer, start: number, end: number): void {
    if (this.#queue.push(buffer, start, end) === 'full') this.#refuse(buffer, start, end);
  }

  /** Moves the cursor to the next tuple of the current frame or of the next one; false: none is left. */
  next(): boolean {
    for (;;) {
      try {
        if (this.#isInFrame && this.cursor.next()) return true;
        this.#isInFrame = false;
        const frame = this.#queue.shift();
        if (frame === undefined) return false;
        if (this.#isOverflowing) this.#isOverflowing = this.#queue.isHigh;
        this.cursor.open(frame, 0, frame.length);
        this.#isInFrame = true;
      } catch (error) {
        this.#isInFrame = false;
        this.#parts.reportError(describeError(error));
      }
    }
  }

  /** The values of the tuple under the cursor as JSON. Throws for values that have no JSON form. */
  valuesText(): string {
    const { buffer, valuesStart, valuesEnd } = this.cursor;
    this.#reader.open(buffer, valuesStart, valuesEnd);
    return valuesToJson(this.#reader.readAll());
  }

  /** Removes every tuple and fails its trees. */
  failAll(): void {
    while (this.next()) failTrees(this.#parts.ackers, readAnchors(this.cursor));
  }

  #refuse(buffer: Buffer, start: number, end: number): void {
    const { settings, ackers, reportError } = this.#parts;
    if (!this.#isOverflowing) {
      const { bytesMax, tuplesMax } = settings.queue;
      reportError(
        `${this.#queue.tuples} tuples of ${this.#queue.bytes} bytes wait for the child, at most ${tuplesMax} tuples ` +
          `(egret.shell.queue.max.tuples) or ${bytesMax} bytes (egret.shell.queue.max.bytes) are held: what comes ` +
          'meanwhile is failed. Give the component more tasks',
      );
    }
    this.#isOverflowing = true;
    try {
      const cursor = new DataFrameCursor();
      cursor.open(buffer, start, end);
      this.#droppedTuples += cursor.count;
      while (cursor.next()) failTrees(ackers, readAnchors(cursor));
    } catch (error) {
      reportError(describeError(error));
    }
  }
}
