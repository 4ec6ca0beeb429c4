import { type Deferred, deferred, GatewayError } from '../../../base/index.ts';
import { encodeSeal, type Seal } from '../../format/seal.ts';
import { fenced, poisoned, segmentMissing } from '../faults.ts';
import type { Permit, SegmentAppender, StandingSeal } from '../storage.ts';
import { recordTooLarge, storageUnavailable } from './faults.ts';
import type { FoldedSegment } from './fold.ts';
import { encodeKey } from './record.ts';
import type { StreamView, ViewDeps } from './stream-view.ts';
import { recordBytesMax } from './topic.ts';

const noValue = Buffer.alloc(0);

/**
 * Appends to a segment, and acknowledges only what it has itself read back from the partition, ahead of any
 * other owner's fence. The broker's answer to an append counts only when it is a failure.
 */
export class KafkaSegmentAppender implements SegmentAppender {
  readonly seed: number;
  readonly #deps: ViewDeps;
  readonly #view: StreamView;
  readonly #permit: Permit;
  readonly #segment: FoldedSegment;
  readonly #listening: Disposable;
  readonly #following: Disposable;
  readonly #key: Buffer;
  readonly #incarnation: string;
  #awaited: { readonly entries: number; readonly done: Deferred<undefined> } | undefined;
  #fault: GatewayError | undefined;

  /** The appender takes ownership of `following`. */
  constructor(
    deps: ViewDeps,
    parts: {
      readonly view: StreamView;
      readonly permit: Permit;
      readonly segment: FoldedSegment;
      readonly following: Disposable;
    },
  ) {
    this.#deps = deps;
    this.#view = parts.view;
    this.#permit = parts.permit;
    this.#segment = parts.segment;
    this.#following = parts.following;
    this.seed = parts.segment.seed;
    this.#incarnation = parts.view.fold.origin!.incarnation;
    this.#key = encodeKey({ ...this.#stamp('entry'), incarnation: this.#incarnation }, noValue);
    this.#listening = this.#view.listen(() => this.#look());
  }

  async append(entry: Buffer): Promise<void> {
    this.#check();
    const { kafka, clock, limits } = this.#deps;
    const { topic, fold } = this.#view;
    if (entry.length > recordBytesMax) throw this.#fail(recordTooLarge(topic, entry.length, recordBytesMax));
    const done = deferred<undefined>();
    this.#awaited = { entries: this.#segment.tally!.entries + 1, done };
    const { checkpoint } = fold;
    encodeKey(
      {
        ...this.#stamp('entry'),
        incarnation: this.#incarnation,
        ...(checkpoint === undefined ? {} : { checkpoint }),
      },
      noValue,
      this.#key,
    );
    kafka.produce(topic, { key: this.#key, value: entry }, (error) => {
      if (error !== undefined) this.#fail(error);
    });
    const limit = clock.after(2 * limits.deliveryMs, () =>
      this.#fail(storageUnavailable(kafka.address, `an entry for ${topic} did not come back`)),
    );
    try {
      await done.promise;
    } finally {
      limit[Symbol.dispose]();
      this.#awaited = undefined;
    }
    this.#view.makeCheckpointWhenDue();
  }

  async seal(seal: Seal): Promise<StandingSeal> {
    this.#check();
    try {
      await this.#view.write(this.#stamp('seal'), encodeSeal(seal, this.seed));
    } catch (error) {
      throw this.#fail(error as Error);
    }
    const { sealed } = this.#segment;
    if (sealed !== undefined) return sealed;
    throw this.#fail(this.#faultFound() ?? fenced(this.#permit));
  }

  close(): Promise<void> {
    this.#listening[Symbol.dispose]();
    this.#following[Symbol.dispose]();
    return Promise.resolve();
  }

  #check(): void {
    this.#look();
    if (this.#fault !== undefined) throw this.#fault;
  }

  /** Runs after each record of the partition. */
  #look(): void {
    const awaited = this.#awaited;
    const { tally, sealed } = this.#segment;
    const entries = tally?.entries ?? sealed?.seal.entries ?? 0;
    if (awaited !== undefined && entries >= awaited.entries) awaited.done.resolve(undefined);
    else {
      const fault = this.#faultFound();
      if (fault !== undefined) this.#fail(fault);
    }
  }

  #faultFound(): GatewayError | undefined {
    const { fault, fold } = this.#view;
    const { header, end, sealed } = this.#segment;
    if (fault !== undefined) return fault;
    if (!fold.isInForce(this.#permit)) return fenced(this.#permit, fold.promised.epoch);
    if (fold.segments.get(header.lssn) !== this.#segment)
      return segmentMissing(this.#permit.stream, header.lssn);
    return end === undefined || sealed !== undefined ? undefined : fenced(this.#permit);
  }

  /** Keeps the first fault, and passes it to every caller that waits. */
  #fail(error: Error): GatewayError {
    const isFenced = error instanceof GatewayError && error.code === 'SEGMENT_FENCED';
    const segment = { stream: this.#permit.stream, lssn: this.#segment.header.lssn };
    this.#fault ??= isFenced ? error : poisoned(segment, error);
    this.#awaited?.done.reject(this.#fault);
    return this.#fault;
  }

  #stamp<K extends 'entry' | 'seal'>(
    kind: K,
  ): { readonly kind: K; readonly epoch: number; readonly token: string; readonly lssn: number } {
    const { epoch, token } = this.#permit;
    return { kind, epoch, token, lssn: this.#segment.header.lssn };
  }
}
