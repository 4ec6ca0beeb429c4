import { recordBytesMax } from '../base/index.ts';
import type { SoftLimits } from './soft-quota.ts';

/**
 * Accepted but unsettled work, of one stream or of all of them. It is checked and counted in one step, so
 * that the order is kept.
 */
export class InFlight {
  readonly #bytesMax: number;
  readonly #recordsMax: number;
  #bytes = 0;
  #records = 0;

  constructor(limits: { readonly bytesMax: number; readonly recordsMax: number }) {
    this.#bytesMax = limits.bytesMax;
    this.#recordsMax = limits.recordsMax;
  }

  hasRoom(bytes: number, records: number): boolean {
    return this.#bytes + bytes <= this.#bytesMax && this.#records + records <= this.#recordsMax;
  }

  add(bytes: number, records: number): void {
    this.#bytes += bytes;
    this.#records += records;
  }

  remove(bytes: number, records: number): void {
    this.#bytes -= bytes;
    this.#records -= records;
  }

  get isEmpty(): boolean {
    return this.#records === 0;
  }
}

/**
 * The writes of one session of a connection. After one that was not committed, every later one is cancelled,
 * even those that were sent before its answer could be read. So no record of a session is committed behind a
 * hole.
 */
export class WriteOrder {
  readonly session: number;
  #taken = 0;
  #refusedAt = Number.POSITIVE_INFINITY;

  constructor(session: number) {
    this.session = session;
  }

  /** Returns the place of the next write. */
  take(): number {
    return ++this.#taken;
  }

  refuse(place: number): void {
    this.#refusedAt = Math.min(this.#refusedAt, place);
  }

  isCancelled(place: number): boolean {
    return place > this.#refusedAt;
  }
}

const unlimited: SoftLimits = {
  bytesPerSec: Number.POSITIVE_INFINITY,
  recordsPerSec: Number.POSITIVE_INFINITY,
};

export interface ProxyLimits {
  readonly streamBytesMax: number;
  readonly streamRecordsMax: number;
  readonly proxyBytesMax: number;
  readonly proxyRecordsMax: number;
  /**
   * Above these rates writes are accepted, counted and reported in the log. Above the rate for all streams
   * together, the proxy takes over no further stream.
   */
  readonly streamSoft: SoftLimits;
  readonly proxySoft: SoftLimits;
  readonly recordBytesMax: number;
  /** The most records in a bulk, and in a record set. */
  readonly bulkRecordsMax: number;
  readonly streamsMax: number;
  /** The most streams that this proxy acquires at the same time; others wait. */
  readonly acquisitionsMax: number;
  /** The proxy releases a stream after this long without a write. */
  readonly streamIdleMs: number;
  readonly tailsMax: number;
  readonly tailBytesMax: number;
  /** The most bytes in all tails together. */
  readonly tailsBytesMax: number;
  /** A tail is closed after this long without a read. */
  readonly tailIdleMs: number;
  /** The most readers of one connection. */
  readonly readersMax: number;
  readonly readRecordsMax: number;
  readonly readBytesMax: number;
  readonly readWaitMsMax: number;
  /** How often expired records are deleted, as the settings of their streams say. */
  readonly retentionEveryMs: number;
}

/**
 * The limits of a stream are below its writer's queue (8 MiB, 65536) by the size of the group being written
 * (1 MiB, 8192), so that the writer itself never refuses one record and accepts the next.
 */
export const proxyLimits: ProxyLimits = {
  streamBytesMax: 6 * 1024 * 1024,
  streamRecordsMax: 48 * 1024,
  proxyBytesMax: 64 * 1024 * 1024,
  proxyRecordsMax: 512 * 1024,
  streamSoft: unlimited,
  proxySoft: unlimited,
  recordBytesMax,
  // The writer puts as many into one entry.
  bulkRecordsMax: 8192,
  streamsMax: 1000,
  acquisitionsMax: 64,
  streamIdleMs: 600_000,
  tailsMax: 256,
  tailBytesMax: 4 * 1024 * 1024,
  tailsBytesMax: 32 * 1024 * 1024,
  tailIdleMs: 30_000,
  readersMax: 8,
  readRecordsMax: 1024,
  readBytesMax: 512 * 1024,
  readWaitMsMax: 30_000,
  retentionEveryMs: 30_000,
};
