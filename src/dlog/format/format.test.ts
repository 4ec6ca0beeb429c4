import assert from 'node:assert/strict';
import { crc32c } from '@node-rs/crc32';
import fc from 'fast-check';
import { readU64, readVarint, writeU64, writeVarint } from './bytes.ts';
import {
  compareDlsn,
  type Dlsn,
  deserializeDlsn,
  formatDlsn,
  parseSortableDlsn,
  serializeDlsn,
  sortableDlsn,
} from './dlsn.ts';
import { type Entry, type LogRecord, parseEntry, recordsOf } from './entry.ts';
import { EntryBuilder, type EntryPlace } from './entry-builder.ts';
import { hasConfirmedAfter, scanEntries } from './scan.ts';
import { decodeSeal, encodeSeal } from './seal.ts';
import { decodeSegmentHeader, encodeSegmentHeader, type SegmentHeader } from './segment-header.ts';
import { SegmentTally } from './tally.ts';

const safe = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const dlsns = fc.tuple(safe, safe, safe).map(([lssn, entry, slot]) => ({ lssn, entry, slot }));
const header: SegmentHeader = {
  lssn: 3,
  epoch: 1_700_000_000,
  token: '00112233445566ff',
  durability: 'fsync',
  firstSequenceId: 7,
  transactionIdFloor: 1,
  previousSealCrc: 5,
};
const seed = decodeSegmentHeader('ns/s', encodeSegmentHeader('ns/s', header))!.seed;
const place: EntryPlace = {
  seed,
  entry: 0,
  epoch: header.epoch,
  confirmed: 0,
  firstSequenceId: 7,
  writtenAtMs: 1_700_000_000_123,
  compression: 'none',
  transactionIdFloor: 1,
};
const start = { seed, entry: 0, sequenceId: 7, transactionId: 1 };

interface Given {
  readonly delta: number;
  readonly payload: Uint8Array;
}
const givenRecords = fc.array(
  fc.record({
    delta: fc.oneof(fc.nat(3), fc.nat(2 ** 40)),
    payload: fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.nat(3000).map((length) => new Uint8Array(length).fill(97)),
    ),
  }),
  { maxLength: 20 },
);

/** Consecutive entries as a writer leaves them; each was written when all before it were confirmed. */
function segmentOf(groups: readonly (readonly Given[])[], compression: 'none' | 'snappy' = 'none') {
  const builder = new EntryBuilder();
  let transactionId = 1;
  let sequenceId = place.firstSequenceId;
  const records: { transactionId: number; payload: Uint8Array }[] = [];
  const entries = groups.map((group, entry) => {
    builder.clear();
    const floor = transactionId;
    for (const { delta, payload } of group) {
      transactionId += delta;
      records.push({ transactionId, payload });
      builder.add(transactionId, payload);
    }
    const numbers = { entry, confirmed: entry, firstSequenceId: sequenceId, transactionIdFloor: floor };
    sequenceId += group.length;
    return Buffer.from(builder.build({ ...place, ...numbers, compression }).bytes);
  });
  return { entries, records, bytes: Buffer.concat(entries) };
}

function parsed(bytes: Buffer): Entry {
  const entry = parseEntry(bytes, 0, seed);
  assert(typeof entry === 'object');
  return entry;
}

describe('the numbers of the log', () => {
  it('computes CRC-32C as RFC 3720 does', () => {
    assert.equal(crc32c(Buffer.alloc(32)), 0x8a9136aa);
    assert.equal(crc32c(Buffer.alloc(32, 0xff)), 0x62a8ab43);
  });

  it('reads back every safe integer, fixed or varint', () => {
    fc.assert(
      fc.property(safe, (value) => {
        const bytes = Buffer.alloc(8);
        writeU64(bytes, 0, value);
        assert.equal(readU64(bytes, 0), value);
        const end = writeVarint(bytes, 0, value);
        const cursor = { at: 0 };
        assert.equal(readVarint(bytes, cursor), value);
        assert.equal(cursor.at, end);
        assert.ok(Number.isNaN(readVarint(bytes.subarray(0, end - 1), { at: 0 })));
      }),
    );
  });

  it('reads positions back from both texts, and sorts them as their text sorts', () => {
    fc.assert(
      fc.property(dlsns, dlsns, (left, right) => {
        assert.deepEqual(deserializeDlsn(serializeDlsn(left)), left);
        assert.deepEqual(parseSortableDlsn(sortableDlsn(left)), left);
        const [leftText, rightText] = [sortableDlsn(left), sortableDlsn(right)];
        const textOrder = leftText < rightText ? -1 : leftText === rightText ? 0 : 1;
        assert.equal(Math.sign(compareDlsn(left, right)), textOrder);
      }),
    );
  });

  it('serialises a position to the bytes that DistributedLog writes', () => {
    assert.equal(serializeDlsn({ lssn: 1, entry: 0, slot: 0 }), 'AQAAAAAAAAABAAAAAAAAAAAAAAAAAAAAAA==');
  });

  it('shows a position to people as three numbers', () => {
    assert.equal(formatDlsn({ lssn: 3, entry: 17, slot: 2 }), '3:17:2');
  });

  it('refuses text that is no position, and says what it got', () => {
    for (const text of ['', 'AQ==', '1:0:0', 'AgAAAAAAAAABAAAAAAAAAAAAAAAAAAAAAA=='])
      assert.throws(() => deserializeDlsn(text), { code: 'STREAM_INVALID', facts: { text } });
  });
});

describe('an entry', () => {
  for (const compression of ['none', 'snappy'] as const)
    it(`gives its records back as they were written (packing ${compression})`, () => {
      fc.assert(
        fc.property(fc.array(givenRecords, { maxLength: 5 }), (groups) => {
          const { bytes, records } = segmentOf(groups, compression);
          const scan = scanEntries(bytes, start);
          assert.equal(scan.stop, 'end');
          const read = scan.entries.flatMap((entry): LogRecord[] => recordsOf(3, entry)!);
          assert.deepEqual(
            read.map((record) => [record.transactionId, Buffer.from(record.payload)]),
            records.map((record) => [record.transactionId, Buffer.from(record.payload)]),
          );
          assert.deepEqual(
            read.map((record) => record.sequenceId),
            records.map((_, index) => 7 + index),
          );
          assert.deepEqual(
            read.map(({ lssn, entry, slot }): Dlsn => ({ lssn, entry, slot })),
            groups.flatMap((group, entry) => group.map((_, slot) => ({ lssn: 3, entry, slot }))),
          );
        }),
      );
    });

  it('packs what can be packed', () => {
    const { bytes } = segmentOf([[{ delta: 0, payload: new Uint8Array(10_000) }]], 'snappy');
    assert.ok(bytes.length < 1000, `${bytes.length} bytes`);
  });

  it('shows a flipped bit, wherever it is', () => {
    const { bytes } = segmentOf([[{ delta: 1, payload: Buffer.from('some payload') }]]);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const damaged = Buffer.from(bytes);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      const found = parseEntry(damaged, 0, seed);
      assert.ok(found === 'bad' || found === 'short', `bit ${bit} went unnoticed`);
    }
  });

  it('is no entry of another segment', () => {
    const { bytes } = segmentOf([[{ delta: 1, payload: Buffer.from('x') }]]);
    const other = decodeSegmentHeader('ns/s', encodeSegmentHeader('ns/s', { ...header, lssn: 4 }))!.seed;
    assert.equal(parseEntry(bytes, 0, other), 'bad');
  });

  it('has no records to give when its header and they disagree', () => {
    const { entries } = segmentOf([[{ delta: 1, payload: Buffer.from('x') }]]);
    const entry = parsed(entries[0]!);
    assert.equal(recordsOf(3, { ...entry, count: 2 }), undefined);
    assert.equal(recordsOf(3, { ...entry, lastTransactionId: 99 }), undefined);
    assert.equal(recordsOf(3, { ...entry, plainBytes: 2 }), undefined);
    assert.equal(recordsOf(3, { ...entry, packing: 9 }), undefined);
  });
});

describe('a scan', () => {
  const twoOrMore = fc.array(givenRecords, { minLength: 2, maxLength: 5 });

  it('gives the whole entries before a tear, wherever it is', () => {
    fc.assert(
      fc.property(twoOrMore, fc.double({ min: 0, max: 1, noNaN: true }), (groups, share) => {
        const { bytes, entries } = segmentOf(groups);
        const cut = Math.floor(bytes.length * share);
        const scan = scanEntries(bytes.subarray(0, cut), start);
        let whole = 0;
        for (let end = 0; whole < entries.length && end + entries[whole]!.length <= cut; whole++)
          end += entries[whole]!.length;
        assert.equal(scan.entries.length, whole);
        assert.equal(hasConfirmedAfter(bytes.subarray(scan.bytes, cut), { ...start, entry: whole }), false);
      }),
    );
  });

  it('stops where an entry is missing, comes twice, or is of the wrong sequence', () => {
    const { entries } = segmentOf([1, 2, 3].map((delta) => [{ delta, payload: Buffer.from('x') }]));
    const [first, second, third] = entries as [Buffer, Buffer, Buffer];
    for (const wrong of [
      [first, third],
      [first, first, second],
      [second, first],
    ]) {
      const scan = scanEntries(Buffer.concat(wrong), start);
      assert.equal(scan.stop, 'bad');
      assert.equal(scan.entries.length, wrong[0] === first ? 1 : 0);
    }
    const wrongSequence = scanEntries(first, { ...start, sequenceId: 8 });
    assert.equal(wrongSequence.stop, 'bad');
    const wrongTransaction = scanEntries(first, { ...start, transactionId: 1000 });
    assert.equal(wrongTransaction.stop, 'bad');
  });

  it('tells damage in the middle from a torn tail', () => {
    fc.assert(
      fc.property(twoOrMore, fc.nat(), fc.nat(), (groups, which, bit) => {
        const { entries } = segmentOf(groups);
        const index = which % (entries.length - 1);
        const damaged = entries.map((entry) => Buffer.from(entry));
        const at = bit % (damaged[index]!.length * 8);
        damaged[index]![at >> 3]! ^= 1 << (at & 7);
        const bytes = Buffer.concat(damaged);
        const scan = scanEntries(bytes, start);
        assert.equal(scan.entries.length, index);
        assert.equal(hasConfirmedAfter(bytes.subarray(scan.bytes), { ...start, entry: index }), true);
      }),
    );
  });
});

describe('a segment', () => {
  it('gives its header back, to its own stream only', () => {
    const bytes = encodeSegmentHeader('ns/s', header);
    assert.deepEqual(decodeSegmentHeader('ns/s', bytes)!.header, header);
    assert.equal(decodeSegmentHeader('ns/other', bytes), undefined);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const damaged = Buffer.from(bytes);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      assert.equal(decodeSegmentHeader('ns/s', damaged), undefined, `bit ${bit} went unnoticed`);
    }
  });

  it('is sealed with what its entries add up to', () => {
    const payload = new Uint8Array(200_000);
    const groups = Array.from({ length: 5 }, () => [{ delta: 2, payload }]);
    const { entries, bytes } = segmentOf(groups);
    const tally = new SegmentTally(header);
    for (const entry of entries) tally.add(parsed(entry));
    const seal = tally.seal({ epoch: 9, sealedAtMs: 8, isEndOfStream: true });
    assert.equal(seal.bytes, 64 + bytes.length);
    assert.equal(seal.records, 5);
    assert.equal(seal.lastTransactionId, 11);
    assert.deepEqual(
      seal.points.map((point) => point.entry),
      [0, 2, 4],
    );
    const encoded = encodeSeal(seal, seed);
    assert.deepEqual(decodeSeal(encoded, seed)!.seal, seal);
    assert.equal(decodeSeal(encoded, seed + 1), undefined);
    for (let bit = 0; bit < encoded.length * 8; bit++) {
      const damaged = Buffer.from(encoded);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      assert.equal(decodeSeal(damaged, seed), undefined, `bit ${bit} went unnoticed`);
    }
  });
});
