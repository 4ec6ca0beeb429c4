import type { Logger, TaskGroup } from '../../base/index.ts';
import type { SegmentCatalogue } from '../ownership/catalogue.ts';
import type { CommitHub } from '../reader/commit-hub.ts';
import type { StoredSegment } from '../storage/storage.ts';
import type { OpenSegment } from './open-segment.ts';
import type { WriterOptions } from './writer-options.ts';

export interface SegmentChainParts {
  readonly stream: string;
  /** The segments before `current`. */
  readonly earlier: readonly StoredSegment[];
  readonly current: OpenSegment;
  readonly options: Pick<WriterOptions, 'rollBytes' | 'rollAfterMs'>;
  readonly hub: CommitHub;
  readonly catalogue: SegmentCatalogue;
  /** Runs the changes of the catalogue. */
  readonly tasks: TaskGroup;
  readonly log: Logger;
}

/**
 * The segments that one owner writes, one after the other. Makes each begin, commit and end of a segment
 * known: to the readers of this process through the hub, and in the state store's list. One caller at a time
 * appends to the current segment, rolls it or ends it.
 */
export class SegmentChain {
  readonly #parts: SegmentChainParts;
  /** Invariant: changes only in {@link roll}, and its number never decreases. */
  #current: OpenSegment;

  constructor(parts: SegmentChainParts) {
    this.#parts = parts;
    this.#current = parts.current;
    this.#publish();
    this.#note([...parts.earlier, parts.current.stored]);
  }

  get current(): OpenSegment {
    return this.#current;
  }

  /** Whether the current segment has entries, and has reached the size or the age at which it is rolled. */
  isDue(nowMs: number): boolean {
    const { rollBytes, rollAfterMs } = this.#parts.options;
    const { entries, bytes, openedAtMs } = this.#current;
    return entries > 0 && (bytes >= rollBytes || nowMs - openedAtMs >= rollAfterMs);
  }

  /** Seals the current segment and begins the next. Rejects as the storage does. */
  async roll(nowMs: number): Promise<void> {
    const { stream, log } = this.#parts;
    const { next, sealed } = await this.#current.roll(nowMs);
    this.#current = next;
    this.#publish();
    this.#note([sealed, next.stored]);
    log.info({ event: 'dlog.segment-rolled', stream, lssn: next.lssn });
  }

  /**
   * Seals the current segment as the last of the stream. Rejects with `SEGMENT_FENCED` when another owner has
   * ended it.
   */
  async end(nowMs: number): Promise<void> {
    const { stored } = this.#current;
    const sealed = await this.#current.seal({ nowMs, isEndOfStream: true });
    this.#publish(true);
    this.#note([{ ...stored, sealed }]);
  }

  /** Confirms the entry that was just appended to the current segment; `bytes` are its bytes. */
  confirm(bytes: Buffer): void {
    const { hub, stream } = this.#parts;
    const { lssn, entries: confirmed } = this.#current;
    hub.confirm(stream, { lssn, confirmed }, bytes);
  }

  /** Wakes readers of this process, once the next write is in flight or when none follows. */
  wake(): void {
    this.#parts.hub.wake(this.#parts.stream);
  }

  /** Readers of this process learn from the storage what follows: nothing is published any more. */
  retract(): void {
    this.#parts.hub.retract(this.#parts.stream, this.#current.lssn);
  }

  #publish(isSealed = false): void {
    const { hub, stream } = this.#parts;
    const { lssn, entries: confirmed } = this.#current;
    hub.publish(stream, { lssn, confirmed, isSealed });
  }

  /** The list in the state store may lag: nothing depends on it. */
  #note(segments: readonly StoredSegment[]): void {
    const { catalogue, tasks } = this.#parts;
    const all = async (): Promise<void> => {
      for (const segment of segments) await catalogue.note(segment);
    };
    tasks.add(all());
  }
}
