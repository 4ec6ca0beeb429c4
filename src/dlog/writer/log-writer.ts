import assert from 'node:assert/strict';
import { type Clock, GatewayError, type Logger, type TaskGroup } from '../../base/index.ts';
import type { LeaseKeeper, StateStore } from '../../coordination/index.ts';
import type { Dlsn } from '../format/dlsn.ts';
import { type Applicant, keepOwnership } from '../ownership/ownership.ts';
import type { Permit } from '../storage/storage.ts';
import { Admission, refused } from './admission.ts';
import { CommitLoop } from './commit-loop.ts';
import { type Group, GroupQueue } from './group-queue.ts';
import type { AppendOutcome } from './outcome.ts';
import type { SegmentChain } from './segment-chain.ts';
import { WriterLife, type WriterState } from './writer-life.ts';
import type { WriterOptions } from './writer-options.ts';

/**
 * Writes one stream, as its owner. Appends are committed in the order of the calls, and acknowledged in that
 * order. {@link openWriter} creates it.
 */
export class LogWriter {
  readonly #permit: Permit;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #lease: LeaseKeeper;
  readonly #life: WriterLife;
  readonly #admission: Admission;
  readonly #queue: GroupQueue;
  readonly #segments: SegmentChain;
  readonly #loop: CommitLoop;
  readonly #tasks: TaskGroup;
  #closing: Promise<void> | undefined;

  /** Takes ownership of `parts.segments` and of the lease, and closes both. */
  constructor(
    deps: { readonly store: StateStore; readonly clock: Clock; readonly log: Logger },
    parts: {
      readonly options: WriterOptions;
      readonly applicant: Applicant;
      readonly permit: Permit;
      readonly leaseEpoch: number;
      readonly segments: SegmentChain;
      /** What runs beside the appends. It is awaited when the writer closes. */
      readonly tasks: TaskGroup;
    },
  ) {
    const { clock, log } = deps;
    const { options, permit, segments } = parts;
    this.#permit = permit;
    this.#clock = clock;
    this.#log = log;
    this.#segments = segments;
    this.#tasks = parts.tasks;
    this.#life = new WriterLife(permit.stream, log);
    this.#admission = new Admission(options, segments.current.lastTransactionId);
    this.#queue = new GroupQueue(options);
    this.#lease = keepOwnership(deps, parts.applicant, {
      leaseEpoch: parts.leaseEpoch,
      onLost: () => this.#leaseLost(),
    });
    this.#loop = new CommitLoop({
      ...{ stream: permit.stream, queue: this.#queue, segments, life: this.#life, options, clock, log },
      onFailed: () => this.#tasks.add(this.#lease.close()),
    });
  }

  get stream(): string {
    return this.#permit.stream;
  }

  get epoch(): number {
    return this.#permit.epoch;
  }

  get state(): WriterState {
    return this.#life.state;
  }

  /** Why it failed. */
  get fault(): GatewayError | undefined {
    return this.#life.fault;
  }

  /** The transaction id of the last appended record, or the one before the first. */
  get lastTransactionId(): number {
    return this.#admission.lastTransactionId;
  }

  /** The position of the next entry: everything before it is confirmed. */
  get end(): Dlsn {
    const { lssn, entries } = this.#segments.current;
    return { lssn, entry: entries, slot: 0 };
  }

  /**
   * Appends one record. Without a transaction id it gets the time in ms, or the previous record's id if that
   * is higher. Never rejects.
   */
  append(payload: Uint8Array, transactionId?: number): Promise<AppendOutcome> {
    const id = transactionId ?? this.#admission.nextTransactionId(this.#clock.nowMs());
    const refusal = this.#refusal(payload.length, 1) ?? this.#admission.ofRecord(payload, id);
    if (refusal !== undefined) return Promise.resolve(refusal);
    const group = this.#queue.reserve(payload.length, 1);
    group.builder.add(id, payload);
    this.#admission.admitted(id);
    return this.#wait(group, 1);
  }

  /**
   * Appends records that become visible together or not at all, one slot each. Needs at least one. Never
   * rejects.
   */
  appendBatch(payloads: readonly Uint8Array[], transactionIds?: readonly number[]): Promise<AppendOutcome> {
    assert(payloads.length > 0 && (transactionIds?.length ?? payloads.length) === payloads.length);
    let bytes = 0;
    for (const payload of payloads) bytes += payload.length;
    const common = this.#admission.nextTransactionId(this.#clock.nowMs());
    const refusal =
      this.#refusal(bytes, payloads.length) ?? this.#admission.ofBatch(payloads, bytes, transactionIds);
    if (refusal !== undefined) return Promise.resolve(refusal);
    const group = this.#queue.reserve(bytes, payloads.length);
    for (let index = 0; index < payloads.length; index++)
      group.builder.add(transactionIds?.[index] ?? common, payloads[index]!);
    this.#admission.admitted(transactionIds?.at(-1) ?? common);
    return this.#wait(group, payloads.length);
  }

  /** Seals the stream permanently, after all appended records. Resolves to true when it is sealed. */
  async endStream(): Promise<boolean> {
    if (this.state !== 'open') return this.state === 'ended';
    await this.drain();
    this.#loop.ask('end');
    await this.#loop.settled();
    return (this.state as WriterState) === 'ended';
  }

  /** Refuses further appends, and resolves when all accepted ones are settled. */
  async drain(): Promise<void> {
    if (this.#life.state === 'open') this.#life.enter('draining');
    await this.#loop.settled();
  }

  /** Drains, leaves the segment to the next owner, and releases the lease. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    await this.drain();
    if (this.#life.state === 'draining' && this.#segments.current.isUnannounced) {
      this.#loop.ask('announce');
      await this.#loop.settled();
    }
    this.#loop.stop();
    this.#life.enter('closed');
    await this.#tasks.settle();
    await this.#segments.current.close();
    await this.#lease.close();
  }

  #wait(group: Group, count: number): Promise<AppendOutcome> {
    const slot = group.builder.count - count;
    const { lastTransactionId } = this.#admission;
    this.#loop.start();
    return new Promise((resolve) => group.waiters.push({ slot, count, lastTransactionId, resolve }));
  }

  #refusal(bytes: number, records: number): AppendOutcome | undefined {
    if (this.#life.state !== 'open') return refused('not-writable', this.#life.fault);
    return this.#queue.hasRoom(bytes, records) ? undefined : refused('queue-full');
  }

  #leaseLost(): void {
    if (this.#life.state !== 'open') return;
    this.#log.info({ event: 'dlog.lease-lost', stream: this.stream, epoch: this.epoch });
    const fault = new GatewayError('LEASE_LOST', `${this.stream}: another owner has the lease`);
    this.#life.enter('draining', fault);
  }
}
