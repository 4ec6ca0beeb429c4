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

export interface KeepLeaseOptions extends LeaseOptions {
  readonly epoch: number;
  /** The store cannot be reached and the lease may have run out: whoever acts under it waits. */
  readonly onDoubt: () => void;
  /** It is ours after all, or again: under this epoch, which is higher when it had run out or was forgotten. */
  readonly onHeld: (epoch: number) => void;
}

/**
 * Renews the lease three times in its life. Resolves with the reason once it belongs to somebody else; rejects with the
 * signal's reason on abort.
 */
export async function keepLease(options: KeepLeaseOptions): Promise<string> {
  const { store, key, holder, ttlMs, value, clock, log, signal } = options;
  let { epoch } = options;
  let renewedMs = clock.monotonicMs();
  let isInDoubt = false;
  for (;;) {
    await clock.sleep(ttlMs / 3, signal);
    const askedMs = clock.monotonicMs();
    try {
      const result = await store.holdLease(key, holder, ttlMs, value);
      if (result.kind === 'refused') return `${key} is held by ${result.holder}`;
      renewedMs = askedMs;
      if (isInDoubt || result.epoch !== epoch) options.onHeld(result.epoch);
      epoch = result.epoch;
      isInDoubt = false;
    } catch (error) {
      if (isInDoubt || clock.monotonicMs() - renewedMs < ttlMs) continue;
      log.warn({ event: 'lease.not-renewed', key, reason: describeError(error) });
      isInDoubt = true;
      options.onDoubt();
    }
  }
}
