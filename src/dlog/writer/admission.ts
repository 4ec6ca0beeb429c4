import type { GatewayError } from '../../base/index.ts';
import type { AppendOutcome, RefusalReason } from './outcome.ts';
import type { WriterOptions } from './writer-options.ts';

/** Checks an append before anything of it is written: its size, and that transaction ids never decrease. */
export class Admission {
  readonly #limits: Pick<WriterOptions, 'recordBytesMax' | 'batchBytesMax' | 'groupRecordsMax'>;
  #lastTransactionId: number;

  constructor(
    limits: Pick<WriterOptions, 'recordBytesMax' | 'batchBytesMax' | 'groupRecordsMax'>,
    lastTransactionId: number,
  ) {
    this.#limits = limits;
    this.#lastTransactionId = lastTransactionId;
  }

  /** The transaction id of the last admitted record, or the one before the first. */
  get lastTransactionId(): number {
    return this.#lastTransactionId;
  }

  /** The transaction id of a record that has none of its own. */
  nextTransactionId(nowMs: number): number {
    return Math.max(this.#lastTransactionId, nowMs);
  }

  ofRecord(payload: Uint8Array, transactionId: number): AppendOutcome | undefined {
    if (payload.length > this.#limits.recordBytesMax) return refused('too-large');
    return isNext(transactionId, this.#lastTransactionId) ? undefined : refused('transaction-out-of-order');
  }

  /** `bytes` is the size of all payloads together. */
  ofBatch(
    payloads: readonly Uint8Array[],
    bytes: number,
    transactionIds: readonly number[] | undefined,
  ): AppendOutcome | undefined {
    const { recordBytesMax, batchBytesMax, groupRecordsMax } = this.#limits;
    const isTooLarge = bytes > batchBytesMax || payloads.length > groupRecordsMax;
    if (isTooLarge || payloads.some(({ length }) => length > recordBytesMax)) return refused('too-large');
    let last = this.#lastTransactionId;
    for (const id of transactionIds ?? []) {
      if (!isNext(id, last)) return refused('transaction-out-of-order');
      last = id;
    }
    return undefined;
  }

  /** Notes that the records up to this transaction id were admitted. */
  admitted(lastTransactionId: number): void {
    this.#lastTransactionId = lastTransactionId;
  }
}

export function refused(reason: RefusalReason, error?: GatewayError): AppendOutcome {
  return error === undefined ? { kind: 'refused', reason } : { kind: 'refused', reason, error };
}

function isNext(transactionId: number, last: number): boolean {
  return Number.isSafeInteger(transactionId) && transactionId >= last;
}
