import { type Clock, describeError, GatewayError, type Logger, nextTurn } from '../../base/index.ts';
import { EntryBuilder } from '../format/entry-builder.ts';
import { refused } from './admission.ts';
import type { Group, GroupQueue } from './group-queue.ts';
import type { SegmentChain } from './segment-chain.ts';
import type { WriterLife } from './writer-life.ts';
import type { WriterOptions } from './writer-options.ts';

export interface CommitLoopParts {
  readonly stream: string;
  readonly queue: GroupQueue;
  readonly segments: SegmentChain;
  readonly life: WriterLife;
  readonly options: Pick<WriterOptions, 'durability' | 'announceAfterMs' | 'leaseTtlMs'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called once, after the writer has failed. */
  readonly onFailed: () => void;
}

/**
 * Commits the groups of the queue, one entry each, and settles their appends. Between groups it rolls the
 * segment, announces its end to readers of other processes, and ends the stream. Runs only while there is
 * something to write. The first error fails the writer: the appends of that group have an unknown outcome,
 * and all later ones are refused.
 */
export class CommitLoop {
  readonly #parts: CommitLoopParts;
  readonly #rollTimer: Disposable;
  readonly #control = new EntryBuilder();
  #announceTimer: Disposable | undefined;
  /**
   * Invariant: at most one {@link #run} at a time, and one while the queue or {@link #request} has something
   * to write.
   */
  #work: Promise<void> | undefined;
  /** Invariant: `end` is never replaced by `announce`. */
  #request: 'end' | 'announce' | undefined;

  constructor(parts: CommitLoopParts) {
    this.#parts = parts;
    this.#rollTimer = parts.clock.every(parts.options.leaseTtlMs / 3, () => this.#rollIfDue());
  }

  /** Must be called after an append was added to the queue. */
  start(): void {
    this.#work ??= this.#run();
  }

  /** Announces the end of the segment, or ends the stream, after everything in the queue. */
  ask(request: 'announce' | 'end'): void {
    if (this.#request !== 'end') this.#request = request;
    this.start();
  }

  /** Resolves when nothing is left to write. Never rejects. */
  async settled(): Promise<void> {
    while (this.#work !== undefined) await this.#work;
  }

  /** Stops the timers; from now on the storage tells readers of this process what exists. Idempotent. */
  stop(): void {
    this.#rollTimer[Symbol.dispose]();
    this.#announceTimer?.[Symbol.dispose]();
    this.#parts.segments.retract();
  }

  /** Writes one group after the other: appends that arrive during a write form the next group. */
  async #run(): Promise<void> {
    const { queue, segments } = this.#parts;
    for (;;) {
      // Callers whose append was just acknowledged may append again: one event-loop turn later that is one
      // group, not two.
      await nextTurn();
      if (queue.isEmpty && this.#request === undefined) {
        // This happens in the same step as the check: any later append starts another run.
        this.#work = undefined;
        segments.wake();
        return;
      }
      const group = await this.#step();
      if (group !== undefined) queue.release(group);
    }
  }

  async #step(): Promise<Group | undefined> {
    const { queue, segments, life, options, clock } = this.#parts;
    if (life.state === 'failed') return this.#refuse();
    let group: Group | undefined;
    try {
      if (this.#mustRoll()) await segments.roll(clock.nowMs());
      if (queue.isEmpty) {
        await this.#serve();
        return undefined;
      }
      group = queue.take()!;
      const entry = segments.current.entries;
      if (options.durability === 'memory') this.#acknowledge(group, entry);
      const writing = segments.current.append(group.builder, clock.nowMs());
      segments.wake();
      const bytes = await writing;
      this.#acknowledge(group, entry);
      segments.confirm(bytes);
      this.#announceLater();
    } catch (error) {
      this.#fail(error, group);
    }
    return group;
  }

  async #serve(): Promise<void> {
    const { segments, life, clock } = this.#parts;
    const request = this.#request;
    this.#request = undefined;
    const nowMs = clock.nowMs();
    if (request === 'announce' && segments.current.isUnannounced) {
      segments.confirm(await segments.current.append(this.#control, nowMs));
    }
    if (request === 'end') {
      await segments.end(nowMs);
      life.enter('ended');
    }
  }

  #acknowledge(group: Group, entry: number): void {
    const { segments, options } = this.#parts;
    const { durability } = options;
    const { lssn } = segments.current;
    for (const { slot, count, lastTransactionId, resolve } of group.waiters)
      resolve({ kind: 'committed', dlsn: { lssn, entry, slot }, count, lastTransactionId, durability });
    group.waiters.length = 0;
  }

  #fail(error: unknown, group: Group | undefined): void {
    const { stream, life, log, onFailed } = this.#parts;
    const fault =
      error instanceof GatewayError
        ? error
        : new GatewayError('SEGMENT_POISONED', `${stream}: ${describeError(error)}`, { cause: error });
    for (const { resolve } of group?.waiters ?? []) resolve({ kind: 'unknown', error: fault });
    if (group !== undefined) group.waiters.length = 0;
    life.enter('failed', fault);
    this.#request = undefined;
    this.stop();
    log.warn({ event: 'dlog.writer-failed', stream, error: fault.message });
    onFailed();
  }

  /** After an append of unknown outcome nothing may be committed: the next waiting group is refused. */
  #refuse(): Group | undefined {
    const { queue, life } = this.#parts;
    this.#request = undefined;
    const group = queue.take();
    for (const { resolve } of group?.waiters ?? []) resolve(refused('not-writable', life.fault));
    if (group !== undefined) group.waiters.length = 0;
    return group;
  }

  #mustRoll(): boolean {
    const { segments, life, clock } = this.#parts;
    return life.state === 'open' && segments.isDue(clock.nowMs());
  }

  #rollIfDue(): void {
    if (this.#mustRoll()) this.ask('announce');
  }

  /**
   * Arms one timer at a time. When it fires while no write is in flight, readers in other processes learn the
   * new end.
   */
  #announceLater(): void {
    const { segments, life, options, clock } = this.#parts;
    this.#announceTimer ??= clock.after(options.announceAfterMs, () => {
      this.#announceTimer = undefined;
      if (life.state !== 'open' || !segments.current.isUnannounced) return;
      if (this.#work === undefined) this.ask('announce');
      else this.#announceLater();
    });
  }
}
