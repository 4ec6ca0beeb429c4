import { type Deferred, deferred, GatewayError, recordBytesMax } from '../base/index.ts';
import type { Position } from './position.ts';

/**
 * What became of an append. `committed`: it is in the stream, as durable as the stream's settings say.
 * `refused`: it never will be. `unknown`: it may be, now or later, once; a client that retries it may see it
 * twice.
 */
export type AppendOutcome =
  | { readonly kind: 'committed'; readonly position: Position }
  | { readonly kind: 'refused'; readonly error: GatewayError }
  | { readonly kind: 'unknown'; readonly error: GatewayError };

export interface WriterLimits {
  /** The most records in one set, of which all are committed or none. At most 8192, the gateway's limit. */
  readonly setRecordsMax: number;
  readonly setBytesMax: number;
  /** The most sets in flight at a time. */
  readonly setsMax: number;
  /** The bound on what waits or is in flight. Above it appends are refused: wait for `ready`. */
  readonly queueBytesMax: number;
  readonly queueRecordsMax: number;
}

const writerLimits: WriterLimits = {
  setRecordsMax: 1024,
  setBytesMax: 256 * 1024,
  setsMax: 8,
  queueBytesMax: 8 * 1024 * 1024,
  queueRecordsMax: 64 * 1024,
};

/**
 * While this many sets are in flight, appends gather until they are worth another set: a set costs as much as
 * a hundred small records.
 */
const smallSetsMax = 2;
const worthRecords = 128;
const worthBytes = 32 * 1024;

/** A gateway refuses a larger set permanently. */
const gatewaySetRecordsMax = 8192;

/** A record whose outcome is not known. */
export interface Waiting {
  readonly payload: Uint8Array;
  readonly resolve: (outcome: AppendOutcome) => void;
}

/**
 * The records of a StreamWriter whose outcome is not known: those in flight, and the unsent ones, in order.
 * Bounds their number and bytes, and divides the unsent ones into sets.
 */
export class AppendQueue {
  readonly #limits: WriterLimits;
  #unsent: Waiting[] = [];
  /** Invariant: the payload bytes of #unsent. */
  #unsentBytes = 0;
  /** Invariant: the payload bytes of the records without an outcome, in flight or unsent. */
  #queuedBytes = 0;
  /** Invariant: the number of those records. */
  #queuedRecords = 0;
  #hasEnded = false;
  #room: Deferred<undefined> | undefined;

  constructor(given: Partial<WriterLimits>) {
    const { setRecordsMax, ...rest } = { ...writerLimits, ...given };
    this.#limits = { ...rest, setRecordsMax: Math.min(setRecordsMax, gatewaySetRecordsMax) };
  }

  get isEmpty(): boolean {
    return this.#unsent.length === 0;
  }

  /** Why a record of so many bytes is refused: `STREAM_INVALID` or `QUEUE_FULL`; undefined if it has room. */
  refusal(stream: string, bytes: number): GatewayError | undefined {
    if (bytes > recordBytesMax)
      return new GatewayError(
        'STREAM_INVALID',
        `${stream}: a record has ${bytes} bytes of at most ${recordBytesMax}`,
        { facts: { stream, bytes, code: 'TOO_LARGE_RECORD' } },
      );
    if (this.isFull(bytes))
      return new GatewayError('QUEUE_FULL', `${stream}: as much waits as may: wait until it is ready`, {
        facts: { stream, bytes },
        retryable: true,
      });
    return undefined;
  }

  /** Whether a record of so many bytes exceeds the bound. */
  isFull(bytes: number): boolean {
    const { queueBytesMax, queueRecordsMax } = this.#limits;
    return this.#queuedBytes + bytes > queueBytesMax || this.#queuedRecords >= queueRecordsMax;
  }

  /** Resolves when another record has room, or the queue has ended. */
  async ready(): Promise<void> {
    while (!this.#hasEnded && this.isFull(0)) {
      this.#room ??= deferred();
      await this.#room.promise;
    }
  }

  add(record: Waiting): void {
    this.#unsent.push(record);
    this.#unsentBytes += record.payload.length;
    this.#queuedBytes += record.payload.length;
    this.#queuedRecords += 1;
  }

  /** Whether the unsent records are worth another set while so many sets are in flight. */
  maySend(setsInFlight: number): boolean {
    const { setsMax, setRecordsMax, setBytesMax } = this.#limits;
    const { length } = this.#unsent;
    if (length === 0 || this.#hasEnded || setsInFlight >= setsMax) return false;
    const isFull = length >= setRecordsMax || this.#unsentBytes >= setBytesMax;
    const isWorthIt = length >= worthRecords || this.#unsentBytes >= worthBytes;
    return setsInFlight < smallSetsMax || isFull || isWorthIt;
  }

  /** Removes the next set from the unsent records. They stay counted until they are settled. */
  takeSet(): Waiting[] {
    const { setRecordsMax, setBytesMax } = this.#limits;
    let count = 0;
    for (let bytes = 0; count < this.#unsent.length && count < setRecordsMax; count++) {
      bytes += this.#unsent[count]!.payload.length + 4;
      if (count > 0 && bytes > setBytesMax) break;
    }
    const taken = this.#unsent.slice(0, count);
    this.#unsent = this.#unsent.slice(count);
    for (const { payload } of taken) this.#unsentBytes -= payload.length;
    return taken;
  }

  /** Puts sent records before the unsent ones, to be sent again. */
  putBack(records: readonly Waiting[]): void {
    this.#unsent = [...records, ...this.#unsent];
    for (const { payload } of records) this.#unsentBytes += payload.length;
  }

  /** Settles records of one set, of which the first is at the position. */
  settleCommitted(records: readonly Waiting[], { segment, entry, slot }: Position): void {
    for (let index = 0; index < records.length; index++)
      records[index]!.resolve({ kind: 'committed', position: { segment, entry, slot: slot + index } });
    this.#settled(records);
  }

  settle(records: readonly Waiting[], outcome: AppendOutcome): void {
    for (const { resolve } of records) resolve(outcome);
    this.#settled(records);
  }

  /** No more is sent: `maySend` is false from now on, and `ready` resolves. Idempotent. */
  end(): void {
    this.#hasEnded = true;
    this.#makeRoom();
  }

  /** Anything that was never sent, or was refused, is refused. */
  refuseUnsent(error: GatewayError): void {
    this.#unsentBytes = 0;
    this.settle(this.#unsent.splice(0), { kind: 'refused', error });
  }

  #settled(records: readonly Waiting[]): void {
    this.#queuedRecords -= records.length;
    for (const { payload } of records) this.#queuedBytes -= payload.length;
    this.#makeRoom();
  }

  #makeRoom(): void {
    if (this.#room === undefined || (!this.#hasEnded && this.isFull(0))) return;
    this.#room.resolve(undefined);
    this.#room = undefined;
  }
}
