import { asJson, type JsonValue } from '../../base/index.ts';
import type { StateStore } from '../../coordination/index.ts';
import { padded } from '../storage/local-files.ts';
import type { LogStorage, StoredSegment } from '../storage/storage.ts';
import { stateKey } from './ownership.ts';

/** A segment as the state store records it. */
export interface SegmentRecord {
  readonly lssn: number;
  readonly epoch: number;
  readonly token: string;
  readonly isSealed: boolean;
  readonly isEndOfStream: boolean;
  readonly firstSequenceId: number;
  readonly entries: number;
  readonly records: number;
  readonly bytes: number;
  readonly lastTransactionId: number;
  readonly sealedAtMs: number;
}

/**
 * The list of a stream's segments in the state store, one record each, changed by compare-and-set. It serves
 * clients that must not or cannot ask the storage. The storage is authoritative, and the list can be rebuilt
 * from it at any time.
 */
export class SegmentCatalogue {
  readonly #store: StateStore;
  readonly #stream: string;

  constructor(store: StateStore, stream: string) {
    this.#store = store;
    this.#stream = stream;
  }

  /**
   * Records what the storage has. Returns the record that is now in the list: a record is never replaced by
   * an older one of the same segment.
   */
  async note(segment: StoredSegment): Promise<SegmentRecord> {
    const record = segmentRecordOf(segment);
    const key = this.#key(record.lssn);
    let result = await this.#store.create(key, asJson(record));
    while (result.kind === 'conflict') {
      const { found } = result;
      if (found !== undefined && !isNewer(record, parsed(found))) return parsed(found);
      result =
        found === undefined
          ? await this.#store.create(key, asJson(record))
          : await this.#store.replace(key, found.version, asJson(record));
    }
    return record;
  }

  async forget(lssn: number): Promise<void> {
    await this.#store.remove(this.#key(lssn));
  }

  async list(): Promise<readonly SegmentRecord[]> {
    return (await this.#store.list(stateKey(this.#stream, 'segments/'))).map(parsed);
  }

  /** Rebuilds the list from the storage. Returns how many records were written, replaced or removed. */
  async rebuild(storage: LogStorage): Promise<number> {
    // The list is read first, so that where the two differ, the storage is the newer one.
    const listed = new Map((await this.list()).map((record) => [record.lssn, record]));
    const segments = await storage.segments(this.#stream);
    let changes = 0;
    for (const segment of segments) {
      const record = segmentRecordOf(segment);
      const found = listed.get(record.lssn);
      listed.delete(record.lssn);
      if (found !== undefined && isSameRecord(found, record)) continue;
      if (found !== undefined && !isNewer(record, found)) await this.forget(record.lssn);
      await this.note(segment);
      changes += 1;
    }
    for (const lssn of listed.keys()) {
      await this.forget(lssn);
      changes += 1;
    }
    return changes;
  }

  #key(lssn: number): string {
    return stateKey(this.#stream, `segments/${padded(lssn)}`);
  }
}

export function isSameRecord(left: SegmentRecord, right: SegmentRecord): boolean {
  return (Object.keys(right) as (keyof SegmentRecord)[]).every((field) => left[field] === right[field]);
}

/**
 * A segment is created by one owner and sealed once. A sealed record is therefore later than an open one;
 * otherwise the record with the higher epoch is later.
 */
function isNewer(record: SegmentRecord, than: SegmentRecord): boolean {
  if (record.isSealed !== than.isSealed) return record.isSealed;
  return record.epoch > than.epoch;
}

export function segmentRecordOf({ header, sealed }: StoredSegment): SegmentRecord {
  const { lssn, epoch, token, firstSequenceId } = header;
  return {
    ...{ lssn, epoch, token, firstSequenceId },
    isSealed: sealed !== undefined,
    isEndOfStream: sealed?.seal.isEndOfStream ?? false,
    entries: sealed?.seal.entries ?? 0,
    records: sealed?.seal.records ?? 0,
    bytes: sealed?.seal.bytes ?? 0,
    lastTransactionId: sealed?.seal.lastTransactionId ?? header.transactionIdFloor,
    sealedAtMs: sealed?.seal.sealedAtMs ?? 0,
  };
}

function parsed({ value }: { readonly value: JsonValue }): SegmentRecord {
  return value as unknown as SegmentRecord;
}
