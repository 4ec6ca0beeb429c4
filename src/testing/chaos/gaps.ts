/** The shortest silence that can be told apart. */
const binMs = 50;

/** Knows when acks came, spout task by spout task, to {@link binMs}; times may come in any order. */
export class AckTimes {
  readonly #fromMs: number;
  readonly #bins = new Map<string, Uint8Array<ArrayBuffer>>();

  constructor(fromMs: number) {
    this.#fromMs = fromMs;
  }

  add(source: string, atMs: number): void {
    const bin = Math.floor((atMs - this.#fromMs) / binMs);
    if (bin < 0) return;
    let bins = this.#bins.get(source) ?? new Uint8Array(1024);
    if (bin >= bins.length) {
      const larger = new Uint8Array(2 ** Math.ceil(Math.log2(bin + 1)));
      larger.set(bins);
      bins = larger;
    }
    bins[bin] = 1;
    this.#bins.set(source, bins);
  }

  /** The longest time without an ack that touches an interval, of the spout task that waited longest. */
  longestGapMs(fromMs: number, toMs: number): number {
    const first = Math.max(0, Math.floor((fromMs - this.#fromMs) / binMs));
    const last = Math.floor((toMs - this.#fromMs) / binMs);
    let longest = 0;
    for (const bins of this.#bins.values()) longest = Math.max(longest, longestRun(bins, first, last));
    return longest * binMs;
  }
}

/** Empty bins in a row between two bins. */
function longestRun(bins: Uint8Array, first: number, last: number): number {
  let longest = 0;
  for (let bin = first, run = 0; bin <= last; bin++) {
    run = bins[bin] === 1 ? 0 : run + 1;
    longest = Math.max(longest, run);
  }
  return longest;
}
