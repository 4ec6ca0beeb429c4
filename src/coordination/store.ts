import type { JsonValue } from '../base/index.ts';

/**
 * The state store of the control plane. Every compare-and-act is one Lua script in Redis, so that two
 * gateways cannot both believe they won. Keys look like paths; values are JSON. Two implementations pass one
 * contract suite: Redis, and a twin in memory for tests.
 *
 * All calls reject with `STATE_UNAVAILABLE` (retryable) when the store cannot be reached or refuses writes,
 * naming the key and the store's address, and with the signal's reason on abort.
 */
export interface StateStore extends StateWrites {
  /** The record and its version (1 when created, +1 at each write), or undefined. */
  read(key: string): Promise<Versioned | undefined>;
  /** All records whose key starts with `prefix`, in key order. */
  list(prefix: string): Promise<readonly (Versioned & { readonly key: string })[]>;
  /** Writes only where nothing is yet. */
  create(key: string, value: JsonValue): Promise<WriteResult>;
  /** Writes only over the version named. */
  replace(key: string, version: number, value: JsonValue): Promise<WriteResult>;
  /** As of {@link StateWrites}; with a version: only that record. */
  remove(key: string, version?: number): Promise<boolean>;
  readAll(key: string): Promise<readonly JsonValue[]>;
  /** Keys of lists under a prefix. */
  listKeys(prefix: string): Promise<readonly string[]>;
  /**
   * Calls `changed` with each key under `prefix` that is written or removed, and of each lease that gets a
   * new epoch or value or is released (not for `put` with `expireMs`, appends, renewals), soon after the
   * write. Notifications may be lost while the store is away: `changed(undefined)` then asks to read
   * everything again.
   */
  watch(prefix: string, changed: (key: string | undefined) => void): Promise<AsyncDisposable>;
  /**
   * Takes or renews a lease. `epoch` grows with every change of holder, and when a holder takes it again that
   * let it run out. It never repeats, also after the lease was released or forgotten: it is never below the
   * time in seconds. Refused while another holder's has not run out.
   */
  holdLease(key: string, holder: string, ttlMs: number, value: JsonValue): Promise<LeaseResult>;
  readLease(key: string): Promise<HeldLease | undefined>;
  /** True when `holder` held it. */
  releaseLease(key: string, holder: string): Promise<boolean>;
  /**
   * The writes of a process that acts under a lease. Each is refused with `LEASE_LOST`, and nothing is
   * written, unless the lease is held under that epoch and has not run out by the store's own clock: a
   * process that was stopped while its lease expired can change nothing, however late its writes arrive.
   */
  fenced(fence: Fence): StateWrites;
  close(): Promise<void>;
}

/** Writes without a condition of their own. */
export interface StateWrites {
  /** Writes whatever is there. `expireMs`: the record goes by itself unless written again. */
  put(key: string, value: JsonValue, options?: { readonly expireMs?: number }): Promise<void>;
  /** Removes the record, list or lease of that name. True when there was something. */
  remove(key: string): Promise<boolean>;
  /** Removes records, lists and leases; answers how many. */
  removeAll(prefix: string): Promise<number>;
  /** Appends to a list and drops the oldest beyond `max`. */
  append(key: string, value: JsonValue, max: number): Promise<void>;
}

/** The lease under which a process acts, and the epoch at which it was granted. */
export interface Fence {
  readonly leaseKey: string;
  readonly epoch: number;
}

export interface Versioned {
  readonly value: JsonValue;
  readonly version: number;
}

export type WriteResult =
  | { readonly kind: 'written'; readonly version: number }
  | { readonly kind: 'conflict'; readonly found: Versioned | undefined };

export interface HeldLease {
  readonly holder: string;
  readonly epoch: number;
  readonly value: JsonValue;
  readonly remainingMs: number;
}

export type LeaseResult =
  | { readonly kind: 'held'; readonly epoch: number }
  | { readonly kind: 'refused'; readonly holder: string; readonly remainingMs: number };
