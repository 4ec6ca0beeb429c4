import assert from 'node:assert/strict';
import { type Clock, describeError, GatewayError, type Logger, TaskGroup } from '../../base/index.ts';
import type { LeaseKeeper, StateStore } from '../../coordination/index.ts';
import type { Dlsn } from '../format/dlsn.ts';
import { EntryBuilder } from '../format/entry-builder.ts';
import { SegmentCatalogue } from '../ownership/catalogue.ts';
import { type Applicant, keepOwnership, releaseOwnership, takeOwnership } from '../ownership/ownership.ts';
import type { CommitHub } from '../reader/commit-hub.ts';
import { parseSettings, writerOptionsOf } from '../settings.ts';
import { checkDurability } from '../storage/faults.ts';
import type { LogStorage, Permit, StoredSegment } from '../storage/storage.ts';
import { Admission, refused } from './admission.ts';
import { type Group, GroupQueue } from './group-queue.ts';
import { OpenSegment } from './open-segment.ts';
import type { AppendOutcome } from './outcome.ts';
import { takeOver } from './take-over.ts';
import { type WriterOptions, writerDefaults } from './writer-options.ts';

export interface WriterDeps {
  readonly storage: LogStorage;
  readonly store: StateStore;
  readonly hub: CommitHub;
  readonly clock: Clock;
  readonly log: Logger;
}

export type OpenWriterResult =
  | { readonly kind: 'opened'; readonly writer: LogWriter }
  /** Another owner, at this address, has the stream. */
  | { readonly kind: 'owned'; readonly address: string; readonly remainingMs: number }
  /** The stream was sealed: nothing follows. */
  | { readonly kind: 'ended' };

/**
 *     open ──drain──> draining ──> closed        open ──end──> ended
 *       └── another owner, or an error of the storage ──> failed
 *
 * `failed` and `ended` close like the others; nothing leads back.
 */
type WriterState = 'open' | 'draining' | 'ended' | 'failed' | 'closed';
const successors: Readonly<Record<WriterState, readonly WriterState[]>> = {
  open: ['draining', 'ended', 'failed', 'closed'],
  draining: ['ended', 'failed', 'closed'],
  ended: ['closed'],
  failed: ['closed'],
  closed: [],
};

/**
 * Writes one stream, as its owner. Appends are committed in the order of the calls, and acknowledged in that
 * order.
 */
export class LogWriter {
  readonly #deps: WriterDeps;
  readonly #options: WriterOptions;
  readonly #lease: LeaseKeeper;
  readonly #permit: Permit;
  readonly #catalogue: SegmentCatalogue;
  readonly #admission: Admission;
  readonly #queue: GroupQueue;
  readonly #tasks: TaskGroup;
  readonly #rollTimer: Disposable;
  readonly #control = new EntryBuilder();
  /** Invariant: only {@link #run} appends to it, seals it and replaces it, and its number never decreases. */
  #segment: OpenSegment;
  /** Invariant: changes only in {@link #enter}, to one of its {@link successors}. */
  #state: WriterState = 'open';
  /** Invariant: defined if the state is `failed`; the first fault stays. */
  #fault: GatewayError | undefined;
  #announceTimer: Disposable | undefined;
  /**
   * Invariant: at most one {@link #run} at a time, and one while the queue or {@link #request} has something
   * to write.
   */
  #work: Promise<void> | undefined;
  /** Invariant: `end` is never replaced by `announce`. */
  #request: 'end' | 'announce' | undefined;
  #closing: Promise<void> | undefined;

  private constructor(parts: {
    readonly deps: WriterDeps;
    readonly options: WriterOptions;
    readonly applicant: Applicant;
    readonly permit: Permit;
    readonly leaseEpoch: number;
    readonly segment: OpenSegment;
    readonly transactionId: number;
  }) {
    const { deps, options } = parts;
    this.#deps = deps;
    this.#options = options;
    this.#permit = parts.permit;
    this.#segment = parts.segment;
    this.#admission = new Admission(options, parts.transactionId);
    this.#catalogue = new SegmentCatalogue(deps.store, parts.permit.stream);
    this.#queue = new GroupQueue(options);
    this.#tasks = new TaskGroup((error) =>
      deps.log.warn({ event: 'dlog.state-store-behind', stream: this.stream, error: describeError(error) }),
    );
    this.#lease = keepOwnership(deps, parts.applicant, {
      leaseEpoch: parts.leaseEpoch,
      onLost: () => this.#leaseLost(),
    });
    this.#rollTimer = deps.clock.every(options.leaseTtlMs / 3, () => this.#rollIfDue());
    this.#publish();
  }

  /**
   * Becomes the owner of the stream. Uses the options in `given`, then the stream's settings, then the
   * defaults. Takes the lease, fences every earlier owner, seals what they left, and begins a segment.
   * Rejects with `STREAM_UNKNOWN`, `STREAM_INVALID` (its settings), `DURABILITY_UNSUPPORTED`,
   * `STATE_UNAVAILABLE`, `LEASE_LOST`, `SEGMENT_FENCED` (another owner was faster), `SEGMENT_CORRUPT` and
   * `LOG_GAP` (an operator must investigate). An abort is checked between those steps.
   */
  static async open(
    deps: WriterDeps,
    stream: { readonly name: string; readonly token: string; readonly signal?: AbortSignal },
    given: Partial<WriterOptions> = {},
  ): Promise<OpenWriterResult> {
    const { storage, clock } = deps;
    const settings = parseSettings(stream.name, await storage.settings(stream.name));
    const defaults = { ...writerDefaults, durability: storage.durabilities.at(-1)! };
    const options = { ...defaults, ...writerOptionsOf(settings, defaults), ...given };
    checkDurability(storage, options.durability);
    const { address, leaseTtlMs: ttlMs } = options;
    const applicant: Applicant = { stream: stream.name, token: stream.token, address, ttlMs };
    const ownership = await takeOwnership(deps, applicant);
    if (ownership.kind === 'owned') return ownership;
    try {
      const { permit, leaseEpoch } = ownership;
      stream.signal?.throwIfAborted();
      const end = await takeOver(storage, permit, clock.nowMs());
      if (end.isEnded) {
        await releaseOwnership(deps.store, applicant);
        return { kind: 'ended' };
      }
      stream.signal?.throwIfAborted();
      const segment = await OpenSegment.begin(storage, permit, { end, options, nowMs: clock.nowMs() });
      const transactionId = segment.lastTransactionId;
      const writer = new LogWriter({ deps, options, applicant, permit, leaseEpoch, segment, transactionId });
      writer.#note([...end.segments, segment.stored]);
      // Whatever is not removed now is removed by the next owner.
      writer.#tasks.add(storage.tidy?.(permit).catch(() => undefined) ?? Promise.resolve());
      return { kind: 'opened', writer };
    } catch (error) {
      await releaseOwnership(deps.store, applicant).catch(() => undefined);
      throw error;
    }
  }

  get stream(): string {
    return this.#permit.stream;
  }

  get epoch(): number {
    return this.#permit.epoch;
  }

  get state(): WriterState {
    return this.#state;
  }

  /** Why it failed. */
  get fault(): GatewayError | undefined {
    return this.#fault;
  }

  /** The transaction id of the last appended record, or the one before the first. */
  get lastTransactionId(): number {
    return this.#admission.lastTransactionId;
  }

  /** The position of the next entry: everything before it is confirmed. */
  get end(): Dlsn {
    return { lssn: this.#segment.lssn, entry: this.#segment.entries, slot: 0 };
  }

  /**
   * Appends one record. Without a transaction id it gets the time in ms, or the previous record's id if that
   * is higher. Never rejects.
   */
  append(payload: Uint8Array, transactionId?: number): Promise<AppendOutcome> {
    const id = transactionId ?? this.#admission.nextTransactionId(this.#deps.clock.nowMs());
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
    const common = this.#admission.nextTransactionId(this.#deps.clock.nowMs());
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
    if (this.#state !== 'open') return this.#state === 'ended';
    this.#enter('draining');
    await this.#settled();
    this.#ask('end');
    await this.#settled();
    return (this.#state as WriterState) === 'ended';
  }

  /** Refuses further appends, and resolves when all accepted ones are settled. */
  async drain(): Promise<void> {
    if (this.#state === 'open') this.#enter('draining');
    await this.#settled();
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
    if (this.#state === 'open') this.#enter('draining');
    await this.#settled();
    if (this.#state === 'draining' && this.#segment.isUnannounced) {
      this.#ask('announce');
      await this.#settled();
    }
    this.#stop();
    this.#enter('closed');
    await this.#tasks.settle();
    await this.#segment.close();
    await this.#lease.close();
  }

  #wait(group: Group, count: number): Promise<AppendOutcome> {
    const slot = group.builder.count - count;
    const { lastTransactionId } = this.#admission;
    this.#start();
    return new Promise((resolve) => group.waiters.push({ slot, count, lastTransactionId, resolve }));
  }

  #start(): void {
    this.#work ??= this.#run();
  }

  async #settled(): Promise<void> {
    while (this.#work !== undefined) await this.#work;
  }

  /** Writes one group after the other: appends that arrive during a write form the next group. */
  async #run(): Promise<void> {
    for (;;) {
      // Callers whose append was just acknowledged may append again: one event-loop turn later that is one
      // group, not two.
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (this.#queue.isEmpty && this.#request === undefined) {
        // This happens in the same step as the check: any later append starts another run.
        this.#work = undefined;
        this.#wake();
        return;
      }
      const group = await this.#step();
      if (group !== undefined) this.#queue.release(group);
    }
  }

  async #step(): Promise<Group | undefined> {
    if (this.#state === 'failed') return this.#refuseAll();
    let group: Group | undefined;
    try {
      if (this.#mustRoll()) await this.#roll();
      if (this.#queue.isEmpty) {
        await this.#serve();
        return undefined;
      }
      group = this.#queue.take()!;
      const entry = this.#segment.entries;
      if (this.#options.durability === 'memory') this.#settle(group, entry);
      const writing = this.#segment.append(group.builder, this.#deps.clock.nowMs());
      this.#wake();
      const bytes = await writing;
      this.#settle(group, entry);
      this.#confirm(bytes);
      this.#announceLater();
    } catch (error) {
      this.#fail(error, group);
    }
    return group;
  }

  async #serve(): Promise<void> {
    const request = this.#request;
    this.#request = undefined;
    const nowMs = this.#deps.clock.nowMs();
    if (request === 'announce' && this.#segment.isUnannounced) {
      this.#confirm(await this.#segment.append(this.#control, nowMs));
    }
    if (request === 'end') {
      const { stored } = this.#segment;
      const sealed = await this.#segment.seal({ nowMs, isEndOfStream: true });
      this.#publish(true);
      this.#enter('ended');
      this.#note([{ ...stored, sealed }]);
    }
  }

  #settle(group: Group, entry: number): void {
    const { durability } = this.#options;
    const { lssn } = this.#segment;
    for (const { slot, count, lastTransactionId, resolve } of group.waiters)
      resolve({ kind: 'committed', dlsn: { lssn, entry, slot }, count, lastTransactionId, durability });
    group.waiters.length = 0;
  }

  #mustRoll(): boolean {
    const { rollBytes, rollAfterMs } = this.#options;
    const { entries, bytes, openedAtMs } = this.#segment;
    const isOld = this.#deps.clock.nowMs() - openedAtMs >= rollAfterMs;
    return this.#state === 'open' && entries > 0 && (bytes >= rollBytes || isOld);
  }

  async #roll(): Promise<void> {
    const { next, sealed } = await this.#segment.roll(this.#deps.clock.nowMs());
    this.#segment = next;
    this.#publish();
    this.#note([sealed, next.stored]);
    this.#deps.log.info({ event: 'dlog.segment-rolled', stream: this.stream, lssn: next.lssn });
  }

  #fail(error: unknown, group: Group | undefined): void {
    const fault =
      error instanceof GatewayError
        ? error
        : new GatewayError('SEGMENT_POISONED', `${this.stream}: ${describeError(error)}`, { cause: error });
    this.#fault ??= fault;
    for (const { resolve } of group?.waiters ?? []) resolve({ kind: 'unknown', error: fault });
    if (group !== undefined) group.waiters.length = 0;
    this.#enter('failed');
    this.#request = undefined;
    this.#stop();
    this.#deps.log.warn({ event: 'dlog.writer-failed', stream: this.stream, error: fault.message });
    this.#tasks.add(this.#lease.close());
  }

  /** After an append of unknown outcome nothing may be committed: every waiting append is refused. */
  #refuseAll(): Group | undefined {
    this.#request = undefined;
    const group = this.#queue.take();
    for (const { resolve } of group?.waiters ?? []) resolve(refused('not-writable', this.#fault));
    if (group !== undefined) group.waiters.length = 0;
    return group;
  }

  #refusal(bytes: number, records: number): AppendOutcome | undefined {
    if (this.#state !== 'open') return refused('not-writable', this.#fault);
    return this.#queue.hasRoom(bytes, records) ? undefined : refused('queue-full');
  }

  /**
   * Arms one timer at a time. When it fires while no write is in flight, readers in other processes learn the
   * new end.
   */
  #announceLater(): void {
    this.#announceTimer ??= this.#deps.clock.after(this.#options.announceAfterMs, () => {
      this.#announceTimer = undefined;
      if (this.#state !== 'open' || !this.#segment.isUnannounced) return;
      if (this.#work === undefined) this.#ask('announce');
      else this.#announceLater();
    });
  }

  #ask(request: 'announce' | 'end'): void {
    if (this.#request !== 'end') this.#request = request;
    this.#start();
  }

  #rollIfDue(): void {
    if (this.#state === 'open' && this.#mustRoll()) this.#ask('announce');
  }

  #leaseLost(): void {
    if (this.#state !== 'open') return;
    this.#deps.log.info({ event: 'dlog.lease-lost', stream: this.stream, epoch: this.epoch });
    this.#fault = new GatewayError('LEASE_LOST', `${this.stream}: another owner has the lease`);
    this.#enter('draining');
  }

  #publish(isSealed = false): void {
    const { lssn, entries: confirmed } = this.#segment;
    this.#deps.hub.publish(this.stream, { lssn, confirmed, isSealed });
  }

  #confirm(bytes: Buffer): void {
    const { lssn, entries: confirmed } = this.#segment;
    this.#deps.hub.confirm(this.stream, { lssn, confirmed }, bytes);
  }

  /** Wakes readers of this process, once the next write is in flight or when none follows. */
  #wake(): void {
    this.#deps.hub.wake(this.stream);
  }

  /** The list in the state store may lag: nothing depends on it. */
  #note(segments: readonly StoredSegment[]): void {
    const all = async (): Promise<void> => {
      for (const segment of segments) await this.#catalogue.note(segment);
    };
    this.#tasks.add(all());
  }

  #stop(): void {
    this.#rollTimer[Symbol.dispose]();
    this.#announceTimer?.[Symbol.dispose]();
    this.#deps.hub.retract(this.stream, this.#segment.lssn);
  }

  #enter(state: WriterState): void {
    if (this.#state === state) return;
    assert(successors[this.#state].includes(state), `a writer does not go from ${this.#state} to ${state}`);
    this.#deps.log.debug({ event: 'dlog.writer-state', stream: this.stream, from: this.#state, to: state });
    this.#state = state;
  }
}
