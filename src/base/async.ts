import { type Clock, throwIfAborted } from './clock.ts';
import { GatewayError } from './errors.ts';

/** A promise with its two ends in hand (Node 20 lacks `Promise.withResolvers`). */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(reason: unknown): void;
}

export function deferred<T>(): Deferred<T> {
  let resolve!: (value: T) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

/**
 * Resolves when what waits for the event loop now, sockets included, has had its turn. For long work in
 * several steps.
 */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/**
 * The result of `work`, or a rejection with the signal's reason as soon as it aborts. The work itself
 * continues: only the wait for it ends.
 */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = deferred<never>();
  const abort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** Owner of work that no caller awaits: reports its first failure; `settle` waits for all of it. */
export class TaskGroup {
  readonly #report: (error: unknown) => void;
  readonly #running = new Set<Promise<void>>();

  constructor(report: (error: unknown) => void) {
    this.#report = report;
  }

  add(work: Promise<unknown>): void {
    const tracked = work.then(
      () => undefined,
      (error: unknown) => this.#report(error),
    );
    this.#running.add(tracked);
    void tracked.finally(() => this.#running.delete(tracked));
  }

  async settle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }
}

/**
 * Waits until `probe` answers something other than undefined, asking every `everyMs`.
 * Throws `TIMED_OUT` naming `what` after `limitMs`; the signal's reason on abort.
 */
export async function waitFor<T>(
  what: string,
  probe: () => T | undefined | Promise<T | undefined>,
  options: { clock: Clock; limitMs: number; everyMs?: number; signal?: AbortSignal },
): Promise<T> {
  const deadlineMs = options.clock.monotonicMs() + options.limitMs;
  for (;;) {
    throwIfAborted(options.signal);
    const found = await probe();
    if (found !== undefined) return found;
    if (options.clock.monotonicMs() >= deadlineMs) {
      throw new GatewayError('TIMED_OUT', `waited ${options.limitMs} ms for ${what}`, { retryable: true });
    }
    await options.clock.sleep(options.everyMs ?? 10, options.signal);
  }
}
