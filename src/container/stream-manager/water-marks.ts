/** Whether a queue is above its mark, with a gap between rising and falling so that it does not flutter. */
export class WaterMarks {
  readonly #highBytes: number;
  readonly #lowBytes: number;
  #isHigh = false;

  constructor(marks: { readonly highBytes: number; readonly lowBytes: number }) {
    this.#highBytes = marks.highBytes;
    this.#lowBytes = marks.lowBytes;
  }

  get isHigh(): boolean {
    return this.#isHigh;
  }

  /** True when this changed the answer of {@link isHigh}: up at the high mark, down at or below the low one. */
  update(bytes: number): boolean {
    const isHigh = this.#isHigh ? bytes > this.#lowBytes : bytes >= this.#highBytes;
    if (isHigh === this.#isHigh) return false;
    this.#isHigh = isHigh;
    return true;
  }
}
