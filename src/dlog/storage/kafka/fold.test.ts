import assert from 'node:assert/strict';
import fc from 'fast-check';
import { EntryBuilder } from '../../format/entry-builder.ts';
import { encodeSeal } from '../../format/seal.ts';
import { encodeSegmentHeader, type SegmentHeader } from '../../format/segment-header.ts';
import { decodeCheckpoint, encodeCheckpoint } from './checkpoint.ts';
import { StreamFold } from './fold.ts';
import { encodeKey, type PartitionRecord, type RecordKind } from './record.ts';

const stream = 'ns/s';
const incarnation = 'a'.repeat(16);

/** One step of a partition, by any writer. Owners know what they have read up to some offset, and may lag. */
type OwnAct =
  | { readonly kind: 'begin' | 'fence' | 'segment' | 'seal'; readonly owner: number }
  | { readonly kind: 'entry'; readonly owner: number; readonly what: 'next' | 'again' | 'gap' | 'torn' };
type Act = OwnAct | { readonly kind: 'note' | 'stranger' | 'checkpoint' };

const acts = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('begin', 'begin', 'fence', 'segment', 'seal'),
      owner: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('entry' as const),
      owner: fc.integer({ min: 1, max: 4 }),
      what: fc.constantFrom(...Array.from({ length: 12 }, () => 'next'), 'again', 'gap', 'torn'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('note', 'stranger', 'checkpoint') }) },
) as fc.Arbitrary<Act>;

/** Owner `n` writes epoch `n`, segment `n`, and numbers its entries by what it has sent. */
class Partition {
  readonly records: PartitionRecord[] = [];
  readonly fold = new StreamFold(stream);
  /** What an owner that reads everything back would have acknowledged: owner and entry. */
  readonly acknowledged: string[] = [];
  readonly #sent = new Map<number, number>();

  constructor() {
    this.#add('origin', {}, Buffer.from('{"settings":null}'));
  }

  act(act: Act): void {
    if ('owner' in act) this.#own(act);
    else if (act.kind === 'note') this.#add('note', {}, Buffer.from('{"name":"n","value":1}'));
    else if (act.kind === 'checkpoint') this.#add('checkpoint', {}, encodeCheckpoint(this.fold));
    else this.#push(Buffer.from('?'), Buffer.from('?'));
  }

  #own(act: OwnAct): void {
    const { kind, owner } = act;
    const header = encodeSegmentHeader(stream, headerOf(owner));
    const seed = header.readUInt32LE(60);
    const tally = this.fold.segments.get(owner)?.tally;
    if (kind === 'begin') {
      this.#add('fence', by(owner), Buffer.alloc(0));
      this.#add('segment', by(owner), header);
    } else if (kind === 'fence') this.#add('fence', by(owner), Buffer.alloc(0));
    else if (kind === 'segment') this.#add('segment', by(owner), header);
    else if (kind === 'entry') this.#entry(owner, act.what, seed);
    else if (tally !== undefined) {
      const seal = tally.seal({ epoch: owner, sealedAtMs: 1, isEndOfStream: false });
      this.#add('seal', by(owner), encodeSeal(seal, seed));
    }
  }

  #entry(owner: number, what: 'next' | 'again' | 'gap' | 'torn', seed: number): void {
    const next = this.#sent.get(owner) ?? 0;
    const number = { next, torn: next, again: Math.max(0, next - 1), gap: next + 1 }[what];
    const before = this.fold.segments.get(owner)?.tally?.entries ?? 0;
    const value = entryOf(owner, number, seed);
    this.#add('entry', by(owner), what === 'torn' ? value.subarray(0, -1) : value);
    if (what === 'next' && this.fold.segments.has(owner)) this.#sent.set(owner, next + 1);
    const after = this.fold.segments.get(owner)?.tally?.entries ?? 0;
    if (after > before) this.acknowledged.push(`${owner}:${number}`);
  }

  #add(kind: RecordKind, stamp: object, value: Buffer): void {
    this.#push(encodeKey({ kind, incarnation, ...stamp }, value), value);
  }

  #push(key: Buffer, value: Buffer): void {
    const record = { offset: this.records.length, key, value };
    this.records.push(record);
    this.fold.apply(record);
  }
}

function tokenOf(owner: number): string {
  return String(owner).repeat(16);
}

function by(owner: number): { readonly epoch: number; readonly token: string; readonly lssn: number } {
  return { epoch: owner, token: tokenOf(owner), lssn: owner };
}

function headerOf(owner: number): SegmentHeader {
  const counts = { firstSequenceId: 0, transactionIdFloor: 0, previousSealCrc: 0 };
  return { ...by(owner), durability: 'os', ...counts };
}

function entryOf(owner: number, entry: number, seed: number): Buffer {
  const builder = new EntryBuilder();
  builder.add(entry, Buffer.from(`${owner}:${entry}`));
  const place = { entry, epoch: owner, confirmed: entry, firstSequenceId: entry, writtenAtMs: entry };
  return Buffer.from(builder.build({ seed, ...place, compression: 'none', transactionIdFloor: 0 }).bytes);
}

/** Everything that a fold contains, as plain values. */
function said(fold: StreamFold): unknown {
  return JSON.parse(encodeCheckpoint(fold).subarray(4).toString());
}

describe('the fold over a partition', () => {
  let counted = 0;
  after(() => assert.ok(counted > 1000, `${counted} entries that count prove nothing`));
  const property = (check: (partition: Partition) => void): void =>
    fc.assert(
      // At its usual size it makes ten acts at most, and hardly ever an entry that counts.
      fc.property(fc.array(acts, { maxLength: 80, size: 'max' }), (all) => {
        const partition = new Partition();
        for (const act of all) partition.act(act);
        counted += partition.acknowledged.length;
        check(partition);
      }),
      { numRuns: 400 },
    );

  it('comes to the same from every checkpoint as from the beginning', () => {
    property(({ records, fold }) => {
      const walked = new StreamFold(stream);
      for (const record of records) {
        walked.apply(record);
        if (walked.next % 7 !== 0) continue;
        const resumed = decodeCheckpoint(stream, encodeCheckpoint(walked), 0)!;
        for (const later of records.slice(walked.next)) resumed.apply(later);
        assert.deepEqual(said(resumed), said(fold));
      }
    });
  });

  it('holds in every segment what its owner had acknowledged, dense and in order, and nothing after', () => {
    property(({ fold, acknowledged }) => {
      for (const [lssn, { tally, sealed }] of fold.segments) {
        const entries = sealed?.seal.entries ?? tally!.entries;
        const own = acknowledged.filter((each) => each.startsWith(`${lssn}:`));
        assert.deepEqual(
          own,
          Array.from({ length: entries }, (_, entry) => `${lssn}:${entry}`),
        );
      }
    });
  });

  it('has no entry of an owner behind a fence of a higher epoch', () => {
    property(({ records }) => {
      const walked = new StreamFold(stream);
      let highest = 0;
      for (const record of records) {
        const entry = walked.apply(record);
        highest = Math.max(highest, walked.promised.epoch);
        if (entry !== undefined) assert.equal(entry.epoch, highest);
      }
    });
  });

  it('says that a seal of more entries than can be read is damage', () => {
    const partition = new Partition();
    for (const kind of ['fence', 'segment'] as const) partition.act({ kind, owner: 1 });
    for (let count = 0; count < 3; count++) partition.act({ kind: 'entry', owner: 1, what: 'next' });
    partition.act({ kind: 'seal', owner: 1 });
    const spoilt = partition.records.map((record) => ({ ...record, value: Buffer.from(record.value) }));
    spoilt[4]!.value[73]! ^= 1;
    const fold = new StreamFold(stream);
    for (const record of spoilt) fold.apply(record);
    assert.match(
      fold.segments.get(1)!.damage!,
      /entry 1 cannot be read, but had been confirmed|3 entries, 1 can be read/,
    );
  });
});
