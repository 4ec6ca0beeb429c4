import assert from 'node:assert/strict';
import {
  type Clock,
  deferred,
  describeError,
  GatewayError,
  type JsonValue,
  type Logger,
  untilAborted,
} from '../base/index.ts';
import type { Fence, LeaseResult, StateStore } from './store.ts';

export interface LeaseKeeperOptions {
  readonly store: StateStore;
  readonly key: string;
  readonly holder: string;
  /** Published with the lease, for those who look for its holder. Default: null. */
  readonly value?: JsonValue;
  readonly ttlMs: number;
  /** How often at least to ask for a lease that another holds. Default: as often as a held one is renewed. */
  readonly seekEveryMs?: number;
  /** True for a holder that can no longer release the lease: it is then taken over before it expires. */
  readonly isDead?: (holder: string) => boolean;
  readonly clock: Clock;
  readonly log: Logger;
  readonly onNews: (news: LeaseNews) => void;
}

export type LeaseNews =
  /**
   * It is held: for the first time, or again after a doubt or a loss. The epoch is higher when it had
   * expired.
   */
  | { readonly kind: 'held'; readonly epoch: number }
  /**
   * The store has not answered for the whole life of the lease, so it may have expired: its holder must
   * pause.
   */
  | { readonly kind: 'doubtful' }
  | { readonly kind: 'lost'; readonly holder: string };

/**
 *     seeking ───granted───> held ───no answer for its whole life───> doubtful
 *        ^                    │ ^                                       │ │
 *        │                    │ └────────────────granted────────────────┘ │
 *        └──────refused───────┴──────────────────refused──────────────────┘
 *
 * `close` leads from each of them to closed, and nothing leads back.
 */
type LeaseState = 'seeking' | 'held' | 'doubtful' | 'closed';
const successors: Readonly<Record<LeaseState, readonly LeaseState[]>> = {
  seeking: ['held', 'closed'],
  held: ['doubtful', 'seeking', 'closed'],
  doubtful: ['held', 'seeking', 'closed'],
  closed: [],
};

const seekMsMin = 10;

/**
 * Takes a lease and renews it three times in its life. A keeper that lost its lease asks for it again until
 * `close`; a holder that does not want that closes the keeper on the news. A store that does not answer
 * proves nothing: the lease stays held for its life, and is in doubt afterwards.
 */
export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions;
  #state: LeaseState = 'seeking';
  /** Invariant: it never falls, and is 0 exactly until the lease is granted for the first time. */
  #epoch = 0;
  /**
   * Invariant: not after the end of the lease in the store, because its life is counted from before the
   * question.
   */
  #endsAtMs = 0;
  /**
   * Invariant: while there is one, no second question is in flight, so answers come in the order of their
   * questions.
   */
  #asking: Promise<void> | undefined;
  #timer: Disposable | undefined;
  #isAway = false;
  #isRefused = false;
  readonly #granted = deferred<number>();

  constructor(options: LeaseKeeperOptions) {
    this.#options = options;
  }

  /** The store has granted it, and has done so within its life. */
  get isHeld(): boolean {
    return this.#state === 'held' && this.#options.clock.monotonicMs() < this.#endsAtMs;
  }

  /** For writes under the lease. Throws `LEASE_LOST` when it is not held. */
  get fence(): Fence {
    const { key } = this.#options;
    if (this.#state === 'held') return { leaseKey: key, epoch: this.#epoch };
    throw new GatewayError('LEASE_LOST', `this process does not hold the lease ${key}`, {
      facts: { leaseKey: key },
    });
  }

  /** Keeps a lease that its holder has taken already, under this epoch. */
  adopt(epoch: number): void {
    const { clock, ttlMs } = this.#options;
    this.#enter('held');
    this.#epoch = epoch;
    this.#endsAtMs = clock.monotonicMs() + ttlMs;
    this.#askIn(ttlMs / 3);
  }

  /**
   * Resolves with the epoch once the lease is held, however long that takes. Rejects with the signal's reason
   * on abort.
   */
  async acquire(signal: AbortSignal): Promise<number> {
    void this.ask();
    return untilAborted(this.#granted.promise, signal);
  }

  /** Asks the store now instead of at the next renewal, and from then on again and again. Never rejects. */
  ask(): Promise<void> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  /** Releases the lease. Idempotent; never rejects: a lease that cannot be released runs out. */
  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#enter('closed');
    this.#timer?.[Symbol.dispose]();
    await this.#asking;
    const { store, key, holder, log } = this.#options;
    if (this.#epoch === 0) return;
    try {
      await store.releaseLease(key, holder);
    } catch (error) {
      log.warn({ event: 'lease.not-released', key, reason: describeError(error) });
    }
  }

  async #ask(): Promise<void> {
    if (this.#hasClosed()) return;
    this.#timer?.[Symbol.dispose]();
    try {
      let isAnswered = false;
      while (!isAnswered) isAnswered = await this.#askOnce();
    } catch (error) {
      this.#doubt(error);
    }
  }

  /** False for an answer that took the whole life of the lease: it may have expired since. */
  async #askOnce(): Promise<boolean> {
    const { clock, ttlMs } = this.#options;
    const askedMs = clock.monotonicMs();
    const wasHeld = this.isHeld;
    const result = await this.#hold();
    this.#isAway = false;
    const isLate = clock.monotonicMs() - askedMs >= ttlMs && !this.#hasClosed();
    if (result.kind === 'refused') this.#refuse(result);
    else if (!isLate) this.#grant(result.epoch, { askedMs, wasHeld });
    return result.kind === 'refused' || !isLate;
  }

  async #hold(): Promise<LeaseResult> {
    const { store, key, holder, ttlMs, value = null, isDead } = this.#options;
    const result = await store.holdLease(key, holder, ttlMs, value);
    if (result.kind === 'held' || isDead?.(result.holder) !== true) return result;
    await store.releaseLease(key, result.holder);
    return store.holdLease(key, holder, ttlMs, value);
  }

  #grant(epoch: number, { askedMs, wasHeld }: { readonly askedMs: number; readonly wasHeld: boolean }): void {
    const isNews = !wasHeld || epoch !== this.#epoch;
    this.#epoch = epoch;
    this.#isRefused = false;
    if (this.#hasClosed()) return;
    const { ttlMs, onNews } = this.#options;
    this.#endsAtMs = askedMs + ttlMs;
    this.#enter('held');
    this.#askIn(ttlMs / 3);
    this.#granted.resolve(epoch);
    if (isNews) onNews({ kind: 'held', epoch });
  }

  #refuse({ holder, remainingMs }: Extract<LeaseResult, { readonly kind: 'refused' }>): void {
    if (this.#hasClosed()) return;
    const { key, log, onNews } = this.#options;
    const wasLost = this.#state !== 'seeking';
    this.#enter('seeking');
    this.#askIn(Math.min(this.#seekEveryMs, Math.max(seekMsMin, remainingMs)));
    if (!this.#isRefused) log.warn({ event: 'lease.held-elsewhere', key, holder, remainingMs });
    this.#isRefused = true;
    if (wasLost) onNews({ kind: 'lost', holder });
  }

  #doubt(error: unknown): void {
    if (this.#hasClosed()) return;
    const { key, ttlMs, log, onNews } = this.#options;
    const mayHaveRunOut = this.#state === 'held' && !this.isHeld;
    this.#askIn(this.#state === 'seeking' ? this.#seekEveryMs : ttlMs / 3);
    if (!this.#isAway) log.warn({ event: 'lease.unanswered', key, reason: describeError(error) });
    this.#isAway = true;
    if (!mayHaveRunOut) return;
    this.#enter('doubtful');
    onNews({ kind: 'doubtful' });
  }

  get #seekEveryMs(): number {
    return this.#options.seekEveryMs ?? this.#options.ttlMs / 3;
  }

  #askIn(ms: number): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = this.#options.clock.after(ms, () => void this.ask());
  }

  #hasClosed(): boolean {
    return this.#state === 'closed';
  }

  #enter(state: LeaseState): void {
    if (this.#state === state) return;
    assert(successors[this.#state].includes(state), `a lease does not go from ${this.#state} to ${state}`);
    this.#options.log.debug({ event: 'lease.state', key: this.#options.key, from: this.#state, to: state });
    this.#state = state;
  }
}
