/** Runs a limited number at a time; the others wait in the order in which they came. */
export class Slots {
  readonly #max: number;
  readonly #waiting: (() => void)[] = [];
  #taken = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** Runs the work when a slot is free. Settles as the work does. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#taken < this.#max) this.#taken += 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      // The slot passes to the next in line, so that no new caller can take it first.
      if (next === undefined) this.#taken -= 1;
      else next();
    }
  }
}
