/** The resolution: no shorter silence can be detected. */
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

  /**
   * The longest time without an ack of those that begin in an interval or reach into it, of the spout task
   * that waited longest. What was before the interval does not count, what is after it does, up to `untilMs`.
   */
  longestGapMs(fromMs: number, toMs: number, untilMs: number): number {
    const binOf = (atMs: number): number => Math.max(0, Math.floor((atMs - this.#fromMs) / binMs));
    const interval = { first: binOf(fromMs), last: binOf(toMs), until: binOf(untilMs) };
    let longest = 0;
    for (const bins of this.#bins.values()) longest = Math.max(longest, longestRun(bins, interval));
    return longest * binMs;
  }
}

/** Empty bins in a row, of the runs that begin from the first to the last bin. */
function longestRun(
  bins: Uint8Array,
  { first, last, until }: { readonly first: number; readonly last: number; readonly until: number },
): number {
  let longest = 0;
  for (let bin = first, run = 0; bin <= until; bin++) {
    run = bins[bin] === 1 ? 0 : run + 1;
    if (run === 0 && bin > last) break;
    longest = Math.max(longest, run);
  }
  return longest;
}
