export interface Marks {
  readonly highBytes: number;
  readonly lowBytes: number;
  readonly highTuples: number;
  readonly lowTuples: number;
}

/** Whether a queue is above its marks, with a gap between rising and falling so that it does not flutter. */
export class WaterMarks {
  readonly #marks: Marks;
  #isHigh = false;

  constructor(marks: Marks) {
    this.#marks = marks;
  }

  get isHigh(): boolean {
    return this.#isHigh;
  }

  /** True when this changed the answer of {@link isHigh}: up at one of the high marks, down at or below both low ones. */
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
