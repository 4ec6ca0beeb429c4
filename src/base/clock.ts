import { setTimeout as delay } from 'node:timers/promises';
import { GatewayError } from './errors.ts';

/** Time, passed in: nothing outside base/ and bin/ reads the machine's clock or sets a timer of its own. */
export interface Clock {
  /** Milliseconds since the epoch. May step when the machine's clock is set. */
  nowMs(): number;
  /** Milliseconds from an arbitrary start, never stepping back: for durations and deadlines. */
  monotonicMs(): number;
  /**
   * Resolves after `ms`. Rejects with the signal's reason (an `ABORTED` GatewayError if it has none of ours)
   * on abort.
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /**
   * Calls `tick` every `ms` until disposed. A tick that throws goes to `uncaughtException`: ticks handle
   * their faults.
   */
  every(ms: number, tick: () => void): Disposable;
  /** Calls `then` once after `ms` unless disposed before. */
  after(ms: number, then: () => void): Disposable;
}

/** The machine's clock. Its timers do not keep the process alive. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  async sleep(ms, signal) {
    try {
      await delay(ms, undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      throw signal?.reason instanceof GatewayError
        ? signal.reason
        : new GatewayError('ABORTED', 'sleep aborted', { cause: error });
    }
  },
  every(ms, tick) {
    const timer = setInterval(tick, ms);
    timer.unref();
    return { [Symbol.dispose]: () => clearInterval(timer) };
  },
  after(ms, then) {
    const timer = setTimeout(then, ms);
    timer.unref();
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
};

/** Throws the signal's reason when it has been aborted. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  throw signal.reason instanceof GatewayError
    ? signal.reason
    : new GatewayError('ABORTED', 'aborted', { cause: signal.reason });
}
