import { errorCode } from '../../base/index.ts';
import type { Compression } from '../format/codec.ts';
import type { EntryBuilder } from '../format/entry-builder.ts';
import type { Durability, SegmentHeader } from '../format/segment-header.ts';
import { SegmentTally } from '../format/tally.ts';
import { fenced } from '../storage/faults.ts';
import type { LogStorage, Permit, SegmentAppender, StandingSeal, StoredSegment } from '../storage/storage.ts';
import type { StreamEnd } from './take-over.ts';

export interface SegmentOptions {
  readonly durability: Durability;
  readonly compression: Compression;
}

/** Attempts at a number that a late owner may have taken in between. */
const createTriesMax = 5;

/** The one segment that an owner writes. The next one begins where it ended. */
export class OpenSegment {
  readonly #storage: LogStorage;
  readonly #permit: Permit;
  readonly #options: SegmentOptions;
  readonly #header: SegmentHeader;
  readonly #appender: SegmentAppender;
  readonly #tally: SegmentTally;
  readonly openedAtMs: number;
  #lastIsControl = true;
  #writtenAtMs: number;

  private constructor(parts: {
    readonly storage: LogStorage;
    readonly permit: Permit;
    readonly options: SegmentOptions;
    readonly header: SegmentHeader;
    readonly appender: SegmentAppender;
    readonly openedAtMs: number;
    readonly writtenAtMs: number;
  }) {
    this.#storage = parts.storage;
    this.#permit = parts.permit;
    this.#options = parts.options;
    this.#header = parts.header;
    this.#appender = parts.appender;
    this.#tally = new SegmentTally(parts.header);
    this.openedAtMs = parts.openedAtMs;
    this.#writtenAtMs = parts.writtenAtMs;
  }

  /**
   * Begins the segment after that end. If a fenced owner has taken the number meanwhile, seals that segment
   * and tries the next number.
   */
  static async begin(
    storage: LogStorage,
    permit: Permit,
    at: { readonly end: StreamEnd; readonly options: SegmentOptions; readonly nowMs: number },
  ): Promise<OpenSegment> {
    const { options, nowMs } = at;
    let { lssn, sealCrc, sequenceId, transactionId } = at.end;
    for (let tries = 1; ; tries++) {
      lssn += 1;
      const header: SegmentHeader = {
        lssn,
        epoch: permit.epoch,
        token: permit.token,
        durability: options.durability,
        firstSequenceId: sequenceId,
        transactionIdFloor: transactionId,
        previousSealCrc: sealCrc,
      };
      try {
        const appender = await storage.createSegment(permit, header);
        const writtenAtMs = Math.max(nowMs, at.end.writtenAtMs);
        return new OpenSegment({
          storage,
          permit,
          options,
          header,
          appender,
          openedAtMs: nowMs,
          writtenAtMs,
        });
      } catch (error) {
        if (errorCode(error) !== 'SEGMENT_EXISTS' || tries === createTriesMax) throw error;
        const standing = await storage.recoverSegment(permit, lssn, nowMs);
        sealCrc = standing.crc;
        sequenceId += standing.seal.records;
        transactionId = standing.seal.lastTransactionId;
      }
    }
  }

  get lssn(): number {
    return this.#header.lssn;
  }

  /** The number of confirmed entries, which are all that were appended. */
  get entries(): number {
    return this.#tally.entries;
  }

  get bytes(): number {
    return this.#tally.bytes;
  }

  /** The transaction id of the last record, or the one before the first. */
  get lastTransactionId(): number {
    return this.#tally.lastTransactionId;
  }

  /** Whether readers of other processes have yet to learn that the last entry is confirmed. */
  get isUnannounced(): boolean {
    return !this.#lastIsControl;
  }

  get stored(): StoredSegment {
    return { header: this.#header, seed: this.#appender.seed, sealed: undefined };
  }

  /**
   * Appends the content of the builder. Returns the entry, valid until the builder is cleared. Rejects as
   * SegmentAppender.append does.
   */
  async append(builder: EntryBuilder, nowMs: number): Promise<Buffer> {
    const entry = this.#tally.entries;
    const { count } = builder;
    const transactionIdFloor = this.#tally.lastTransactionId;
    this.#writtenAtMs = Math.max(this.#writtenAtMs, nowMs);
    const built = builder.build({
      seed: this.#appender.seed,
      entry,
      epoch: this.#permit.epoch,
      confirmed: entry,
      firstSequenceId: this.#header.firstSequenceId + this.#tally.records,
      writtenAtMs: this.#writtenAtMs,
      compression: this.#options.compression,
      transactionIdFloor,
    });
    const isControl = count === 0;
    const firstTransactionId = isControl ? transactionIdFloor : builder.firstTransactionId;
    const lastTransactionId = isControl ? transactionIdFloor : builder.lastTransactionId;
    await this.#appender.append(built.bytes);
    this.#tally.add({
      count,
      bytes: built.bytes.length,
      crc: built.crc,
      firstTransactionId,
      lastTransactionId,
      writtenAtMs: this.#writtenAtMs,
    });
    this.#lastIsControl = isControl;
    return built.bytes;
  }

  /** Ends the segment. Rejects with `SEGMENT_FENCED` when another owner has ended it. */
  async seal(by: { readonly nowMs: number; readonly isEndOfStream: boolean }): Promise<StandingSeal> {
    const seal = this.#tally.seal({
      epoch: this.#permit.epoch,
      sealedAtMs: by.nowMs,
      isEndOfStream: by.isEndOfStream,
    });
    const standing = await this.#appender.seal(seal);
    if (standing.seal.epoch !== this.#permit.epoch) throw fenced(this.#permit, standing.seal.epoch);
    await this.#appender.close();
    return standing;
  }

  /** Seals this segment and begins the next. */
  async roll(nowMs: number): Promise<{ readonly next: OpenSegment; readonly sealed: StoredSegment }> {
    const standing = await this.seal({ nowMs, isEndOfStream: false });
    const end: StreamEnd = {
      lssn: this.#header.lssn,
      isEnded: false,
      sequenceId: this.#header.firstSequenceId + this.#tally.records,
      transactionId: this.#tally.lastTransactionId,
      writtenAtMs: this.#writtenAtMs,
      sealCrc: standing.crc,
      segments: [],
    };
    const at = { end, options: this.#options, nowMs };
    const next = await OpenSegment.begin(this.#storage, this.#permit, at);
    return { next, sealed: { ...this.stored, sealed: standing } };
  }

  close(): Promise<void> {
    return this.#appender.close();
  }
}
