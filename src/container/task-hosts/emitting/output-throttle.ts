import type { Clock } from '../../../base/index.ts';
import { openPace, type PaceState, stepPace, waitMs } from './pace.ts';
import { type OutputLimits, TokenBucket } from './token-bucket.ts';

/** What a task has emitted in its life so far. */
export interface OutputCounters {
  readonly emits: number;
  readonly sentBytes: number;
}

export interface OutputThrottleOptions {
  readonly counters: OutputCounters;
  readonly limits: OutputLimits;
  /** A spout is paced after pressure (pace.ts); a bolt only waits while it lasts. */
  readonly isSpout: boolean;
  readonly clock: Clock;
  /** Something may be emitted again. */
  readonly wake: () => void;
}

/** A wait is looked at again after this long at most. */
const waitMsMax = 1000;

/**
 * Whether a task may be given work that makes it emit: not while a task downstream is under pressure, after
 * that at the pace that pace.ts allows, and never faster than its configured output rate. Asked before each
 * piece of work; what was emitted is read from counters, so that emitting itself costs nothing here.
 */
export class OutputThrottle {
  readonly #options: OutputThrottleOptions;
  readonly #tuples: TokenBucket | undefined;
  readonly #bytes: TokenBucket | undefined;
  #pace: PaceState;
  #isPressured = false;
  #emits = 0;
  #sentBytes = 0;
  #timer: Disposable | undefined;

  constructor(options: OutputThrottleOptions) {
    const { limits, clock } = options;
    const nowMs = clock.monotonicMs();
    this.#options = options;
    this.#pace = openPace(nowMs);
    const bucket = (perSec: number | undefined): TokenBucket | undefined =>
      perSec === undefined ? undefined : new TokenBucket(perSec, nowMs);
    this.#tuples = bucket(limits.tuplesPerSec);
    this.#bytes = bucket(limits.bytesPerSec);
  }

  /** Said with every change, whether or not work is due. */
  setPressured(isPressured: boolean): void {
    if (isPressured === this.#isPressured) return;
    this.#isPressured = isPressured;
    if (this.#options.isSpout) this.#step(isPressured ? 'pressured' : 'relieved');
  }

  /** Fullness of the fullest queue downstream, 0..1. */
  setLoad(load: number): void {
    if (!this.#options.isSpout || load === this.#pace.load) return;
    const nowMs = this.#options.clock.monotonicMs();
    this.#pace = stepPace(this.#pace, { kind: 'load', load, nowMs, emits: this.#newEmits(nowMs) });
  }

  /** When not, and time alone can change that, `wake` is called in time. */
  mayGo(): boolean {
    if (this.#isPressured) return false;
    const isFree = this.#pace.mode === 'open' && this.#tuples === undefined && this.#bytes === undefined;
    if (isFree) return true;
    this.#step('tick');
    const wait = Math.max(waitMs(this.#pace) ?? 0, this.#tuples?.waitMs ?? 0, this.#bytes?.waitMs ?? 0);
    if (wait > 0) this.#wakeIn(wait);
    return wait === 0;
  }

  /** Called about once a second. */
  everySecond(): void {
    this.#step('tick');
  }

  close(): void {
    this.#timer?.[Symbol.dispose]();
  }

  #step(kind: 'pressured' | 'relieved' | 'tick'): void {
    const nowMs = this.#options.clock.monotonicMs();
    this.#pace = stepPace(this.#pace, { kind, nowMs, emits: this.#newEmits(nowMs) });
  }

  #newEmits(nowMs: number): number {
    const { emits, sentBytes } = this.#options.counters;
    const newEmits = emits - this.#emits;
    this.#tuples?.take(newEmits, nowMs);
    this.#bytes?.take(sentBytes - this.#sentBytes, nowMs);
    this.#emits = emits;
    this.#sentBytes = sentBytes;
    return newEmits;
  }

  #wakeIn(ms: number): void {
    this.#timer ??= this.#options.clock.after(Math.min(ms, waitMsMax), () => {
      this.#timer = undefined;
      this.#options.wake();
    });
  }
}
