import { type Clock, deferred, throwIfAborted } from '../base/index.ts';

interface Timer {
  dueMs: number;
  readonly everyMs: number | undefined;
  readonly tick: () => void;
}

/**
 * Time that moves when a test says so. Timers fire in the order in which they are due, each at its own time.
 */
export class ManualClock implements Clock {
  #nowMs: number;
  readonly #timers = new Set<Timer>();

  constructor(startMs = 1_700_000_000_000) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    throwIfAborted(signal);
    const over = deferred<undefined>();
    const timer = this.after(ms, () => over.resolve(undefined));
    const onAbort = (): void => over.resolve(undefined);
    signal?.addEventListener('abort', onAbort, { once: true });
    await over.promise;
    timer[Symbol.dispose]();
    signal?.removeEventListener('abort', onAbort);
    throwIfAborted(signal);
  }

  every(ms: number, tick: () => void): Disposable {
    return this.#add({ dueMs: this.#nowMs + ms, everyMs: ms, tick });
  }

  after(ms: number, then: () => void): Disposable {
    return this.#add({ dueMs: this.#nowMs + ms, everyMs: undefined, tick: then });
  }

  /** Moves time on. What timers start is not waited for. */
  advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      const due = [...this.#timers].filter((timer) => timer.dueMs <= untilMs);
      const next = due.sort((left, right) => left.dueMs - right.dueMs)[0];
      if (next === undefined) break;
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      if (next.everyMs === undefined) this.#timers.delete(next);
      else next.dueMs += Math.max(1, next.everyMs);
      next.tick();
    }
    this.#nowMs = untilMs;
  }

  /**
   * Moves time on at once, as for a process that was stopped: each timer that is due fires once, and late.
   */
  jump(ms: number): void {
    this.#nowMs += ms;
    const due = [...this.#timers].filter((timer) => timer.dueMs <= this.#nowMs);
    for (const timer of due.sort((left, right) => left.dueMs - right.dueMs)) {
      if (timer.everyMs === undefined) this.#timers.delete(timer);
      else timer.dueMs = this.#nowMs + timer.everyMs;
      timer.tick();
    }
  }

  #add(timer: Timer): Disposable {
    this.#timers.add(timer);
    return { [Symbol.dispose]: () => void this.#timers.delete(timer) };
  }
}
