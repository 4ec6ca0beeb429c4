/** Invariant: each low mark is at most its high mark. */
export interface Marks {
  readonly highBytes: number;
  readonly lowBytes: number;
  readonly highTuples: number;
  readonly lowTuples: number;
}

/**
 * Whether a queue is above its high or low watermark. The gap between the two keeps the answer from flapping.
 */
export class WaterMarks {
  readonly #marks: Marks;
  #isHigh = false;

  constructor(marks: Marks) {
    this.#marks = marks;
  }

  get isHigh(): boolean {
    return this.#isHigh;
  }

  /**
   * Returns whether {@link isHigh} changed: it rises at one of the high marks and falls at or below both low
   * marks.
   */
  update(bytes: number, tuples: number): boolean {
    const { highBytes, lowBytes, highTuples, lowTuples } = this.#marks;
    const isHigh = this.#isHigh
      ? bytes > lowBytes || tuples > lowTuples
      : bytes >= highBytes || tuples >= highTuples;
    if (isHigh === this.#isHigh) return false;
    this.#isHigh = isHigh;
    return true;
  }
}
