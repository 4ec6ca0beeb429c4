import type { SinkSettings } from './settings.ts';

/**
 * How much a sink holds and how far its source is behind, and whether that is pressure. What is behind is
 * counted by the log's segments: all from the one on where the source is.
 */
export class SinkLoad {
  readonly #settings: SinkSettings;
  readonly #bytesBySegment = new Map<number, number>();
  #bytes = 0;
  #tuples = 0;
  #isQueueHigh = false;
  #isBacklogHigh = false;

  constructor(settings: SinkSettings) {
    this.#settings = settings;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get tuples(): number {
    return this.#tuples;
  }

  get isUnderPressure(): boolean {
    return this.#isQueueHigh || this.#isBacklogHigh;
  }

  /** Bytes of the log that the source has not reached yet, as far as is known. */
  get backlogBytes(): number {
    let bytes = 0;
    for (const each of this.#bytesBySegment.values()) bytes += each;
    return bytes;
  }

  /** One that is above the bounds alone is taken when nothing waits, or it never could be. */
  hasRoom(bytes: number, tuples: number): boolean {
    if (this.#tuples === 0) return true;
    const { bytesMax, tuplesMax } = this.#settings;
    return this.#bytes + bytes <= bytesMax && this.#tuples + tuples <= tuplesMax;
  }

  took(bytes: number, tuples: number): void {
    this.#bytes += bytes;
    this.#tuples += tuples;
    this.#lookAtQueue();
  }

  settled(bytes: number, tuples: number): void {
    this.#bytes -= bytes;
    this.#tuples -= tuples;
    this.#lookAtQueue();
  }

  committed(lssn: number, bytes: number): void {
    this.#bytesBySegment.set(lssn, (this.#bytesBySegment.get(lssn) ?? 0) + bytes);
  }

  /** Segments that an earlier owner left. Those that are known already stand. */
  found(segments: readonly { readonly lssn: number; readonly bytes: number }[]): void {
    for (const { lssn, bytes } of segments)
      if (!this.#bytesBySegment.has(lssn)) this.#bytesBySegment.set(lssn, bytes);
  }

  /** The source has come to this segment. */
  sourceAt(lssn: number): void {
    for (const known of [...this.#bytesBySegment.keys()])
      if (known < lssn) this.#bytesBySegment.delete(known);
    const { backlogBytesMax, backlogBytesLow } = this.#settings;
    const bytes = this.backlogBytes;
    this.#isBacklogHigh = bytes > (this.#isBacklogHigh ? backlogBytesLow : backlogBytesMax);
  }

  #lookAtQueue(): void {
    const { highBytes, lowBytes, highTuples, lowTuples } = this.#settings;
    this.#isQueueHigh = this.#isQueueHigh
      ? this.#bytes >= lowBytes || this.#tuples >= lowTuples
      : this.#bytes >= highBytes || this.#tuples >= highTuples;
  }
}
