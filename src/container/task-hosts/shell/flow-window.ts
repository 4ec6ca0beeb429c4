/**
 * Limits the tuples that a child holds and has not reached yet.
 *
 * The pipe is no such limit: stock adapters read ahead of their work without limit (while an emit waits for
 * its task ids, storm.py queues every tuple that comes before them), so tuples written as fast as the pipe
 * takes them end up in the child's memory. Instead, heartbeats between the tuples serve as markers: a child
 * answers them in the order of its input, so an answer means that the child has reached everything before the
 * marker. An ack, a fail or an anchor means the same for its tuple.
 *
 * The window adapts between 2 and `tuplesMax` so that a round trip takes tens of milliseconds: a fast child
 * never waits for us, and a slow one (seconds for a tuple) shows signs of life after every tuple. After a
 * pause it begins at 2 again.
 */
export class FlowWindow {
  readonly #tuplesMax: number;
  #size: number;
  /** All tuples written so far, and how many of them the child has reached. Tuples are numbered from 1 on. */
  #written = 0;
  #reached = 0;
  /** Tuples written before the marker that was answered last, and before the one that was written last. */
  #lastAnswered = 0;
  #lastMarked = 0;
  /**
   * The unanswered markers, oldest first: how many tuples had been written before each, and when it was
   * written. Invariant: at most `markersMax`.
   */
  readonly #markers: { readonly written: number; readonly atMs: number }[] = [];

  constructor(tuplesMax: number) {
    this.#tuplesMax = tuplesMax;
    this.#size = Math.min(tuplesMax, sizeMin);
  }

  /** Tuples that may be written now. */
  get room(): number {
    return Math.max(0, this.#size - (this.#written - this.#reached));
  }

  /** The number of the tuple written next. */
  get nextNumber(): number {
    return this.#written + 1;
  }

  /** True when a marker should follow the tuple just written: twice in a window, and when it is full. */
  wrote(): boolean {
    this.#written++;
    const marked = Math.max(this.#lastMarked, this.#reached);
    return this.#written - marked >= Math.max(1, Math.floor(this.#size / 2));
  }

  /** True when the window is full and no marker is unanswered, so that no answer can open it. */
  get isStalled(): boolean {
    return this.room === 0 && this.#markers.length === 0;
  }

  /** True when the child has reached everything that was written. */
  get isThrough(): boolean {
    return this.#reached === this.#written;
  }

  /** Time at which the oldest unanswered marker was written; undefined when there is none. */
  get waitingSinceMs(): number | undefined {
    return this.#markers[0]?.atMs;
  }

  markerWritten(nowMs: number): void {
    this.#lastMarked = this.#written;
    if (this.#markers.length < markersMax) this.#markers.push({ written: this.#written, atMs: nowMs });
  }

  /** The child answered the oldest marker; an answer to none is ignored. */
  markerAnswered(nowMs: number): void {
    const marker = this.#markers.shift();
    if (marker === undefined) return;
    const covered = marker.written - this.#lastAnswered;
    this.#lastAnswered = marker.written;
    if (marker.written > this.#reached) this.#reached = marker.written;
    const tookMs = nowMs - marker.atMs;
    // An answer to a heartbeat between tuples tells nothing of how fast tuples go.
    if (tookMs <= fastMs && covered >= Math.floor(this.#size / 2))
      this.#size = Math.min(this.#tuplesMax, this.#size * 2);
    else if (tookMs >= slowMs)
      this.#size = Math.max(Math.min(sizeMin, this.#tuplesMax), Math.floor(this.#size / 2));
  }

  /** Nothing has come for a while: how fast the next tuples go is to be seen. */
  idle(): void {
    if (this.#reached === this.#written) this.#size = Math.min(this.#tuplesMax, sizeMin);
  }

  /** The child has reached the tuple of this number. */
  reached(number: number): void {
    if (number > this.#reached && number <= this.#written) this.#reached = number;
  }
}

const sizeMin = 2;
const fastMs = 50;
const slowMs = 500;
/**
 * More than a window ever has. An adapter that answers no heartbeat must not make the gateway remember all of
 * them.
 */
const markersMax = 1000;
