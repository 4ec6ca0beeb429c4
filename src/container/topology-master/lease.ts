import { type Clock, describeError, type JsonValue, type Logger, throwIfAborted } from '../../base/index.ts';
import type { StateStore } from '../../coordination/index.ts';

export interface LeaseOptions {
  readonly store: StateStore;
  readonly key: string;
  readonly holder: string;
  readonly value: JsonValue;
  readonly ttlMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

const retryMsMax = 250;

/** Waits until the lease is ours, however long, and returns its epoch. Rejects with the signal's reason on abort. */
export async function acquireLease(options: LeaseOptions): Promise<number> {
  const { store, key, holder, ttlMs, value, clock, log, signal } = options;
  let attempt = 0;
  for (;;) {
    throwIfAborted(signal);
    let waitMs = retryMsMax;
    try {
      const result = await store.holdLease(key, holder, ttlMs, value);
      if (result.kind === 'held') return result.epoch;
      waitMs = Math.min(retryMsMax, Math.max(10, result.remainingMs));
      if (attempt === 0)
        log.info({ event: 'lease.waited-for', key, holder: result.holder, remainingMs: result.remainingMs });
    } catch (error) {
      if (attempt === 0) log.warn({ event: 'lease.store-away', key, reason: describeError(error) });
    }
    attempt++;
    await clock.sleep(waitMs, signal);
  }
}

/**
 * Renews the lease three times in its life. Resolves with the reason once it belongs to somebody else; rejects with the
 * signal's reason on abort. While the store cannot be reached beyond the lease's life, `onDoubt(true)`: whoever acts
 * under it waits. When the store is back and the lease still (or again, under the same epoch) ours, `onDoubt(false)`.
 */
export async function keepLease(
  options: LeaseOptions & { readonly epoch: number; readonly onDoubt: (isInDoubt: boolean) => void },
): Promise<string> {
  const { store, key, holder, ttlMs, value, clock, log, signal, epoch, onDoubt } = options;
  let renewedMs = clock.monotonicMs();
  let isInDoubt = false;
  for (;;) {
    await clock.sleep(ttlMs / 3, signal);
    const askedMs = clock.monotonicMs();
    try {
      const result = await store.holdLease(key, holder, ttlMs, value);
      if (result.kind === 'refused') return `${key} is held by ${result.holder}`;
      if (result.epoch !== epoch) return `${key} came back with epoch ${result.epoch}, held was ${epoch}`;
      renewedMs = askedMs;
    } catch (error) {
      if (!isInDoubt) log.warn({ event: 'lease.not-renewed', key, reason: describeError(error) });
    }
    const isNowInDoubt = clock.monotonicMs() - renewedMs >= ttlMs;
    if (isNowInDoubt !== isInDoubt) onDoubt(isNowInDoubt);
    isInDoubt = isNowInDoubt;
  }
}
