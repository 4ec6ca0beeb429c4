import assert from 'node:assert/strict';
import { recordsOf } from '../../dlog/format/entry.ts';
import { EntryBuilder } from '../../dlog/format/entry-builder.ts';
import type { SegmentHeader } from '../../dlog/format/segment-header.ts';
import { SegmentTally } from '../../dlog/format/tally.ts';
import type { LogStorage, Permit, SegmentAppender, StandingSeal } from '../../dlog/storage/storage.ts';

export const stream = 'ns/s';

export function permitOf(epoch: number, token = epoch.toString(16).padStart(16, '0')): Permit {
  return { stream, epoch, token };
}

/**
 * An owner that writes entries of one record each, all transaction ids its epoch's hundreds plus the entry's
 * number.
 */
export class Owner {
  readonly permit: Permit;
  readonly header: SegmentHeader;
  readonly tally: SegmentTally;
  appender!: SegmentAppender;

  constructor(storage: LogStorage, permit: Permit, lssn = 1) {
    this.permit = permit;
    this.header = {
      lssn,
      epoch: permit.epoch,
      token: permit.token,
      durability: storage.durabilities.at(-1)!,
      firstSequenceId: 0,
      transactionIdFloor: 0,
      previousSealCrc: 0,
    };
    this.tally = new SegmentTally(this.header);
  }

  /** Creates a segment under a permit that it does not ask for. */
  static createOnly(storage: LogStorage, permit: Permit): Promise<SegmentAppender> {
    return storage.createSegment(permit, new Owner(storage, permit).header);
  }

  static async open(storage: LogStorage, permit: Permit, lssn = 1): Promise<Owner> {
    const owner = new Owner(storage, permit, lssn);
    assert.deepEqual(await storage.fence(permit), { kind: 'granted' });
    owner.appender = await storage.createSegment(permit, owner.header);
    return owner;
  }

  async append(text: string): Promise<void> {
    const builder = new EntryBuilder();
    const transactionId = this.permit.epoch * 100 + this.tally.entries;
    builder.add(transactionId, Buffer.from(text));
    const { bytes, crc } = builder.build({
      seed: this.appender.seed,
      entry: this.tally.entries,
      epoch: this.permit.epoch,
      confirmed: this.tally.entries,
      firstSequenceId: this.tally.records,
      writtenAtMs: 1000 + transactionId,
      compression: 'none',
      transactionIdFloor: 0,
    });
    await this.appender.append(bytes);
    this.tally.add({
      count: 1,
      bytes: bytes.length,
      crc,
      firstTransactionId: transactionId,
      lastTransactionId: transactionId,
      writtenAtMs: 1000 + transactionId,
    });
  }

  seal(isEndOfStream = false): Promise<StandingSeal> {
    return this.appender.seal(this.tally.seal({ epoch: this.permit.epoch, sealedAtMs: 77, isEndOfStream }));
  }
}

export async function textsOf(storage: LogStorage, lssn: number, bytesMax = 1 << 20): Promise<string[]> {
  const reader = await storage.openSegment(stream, lssn);
  const texts: string[] = [];
  for (let from = 0; ; ) {
    const entries = await reader.read(from, bytesMax);
    if (entries.length === 0) break;
    from += entries.length;
    texts.push(
      ...entries.flatMap((entry) => recordsOf(lssn, entry)!.map((record) => record.payload.toString())),
    );
  }
  await reader.close();
  return texts;
}
