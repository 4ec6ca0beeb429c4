import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isContinuation, RecordJoiner, RecordSplitter } from './log-parts.ts';

function partsOf(splitter: RecordSplitter, record: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  splitter.split(record, (part) => parts.push(Buffer.from(part)));
  return parts;
}

/** What comes out, each as text. */
function joined(joiner: RecordJoiner, payloads: readonly Buffer[]): string[] {
  return payloads.flatMap((payload) => joiner.take(payload)?.toString() ?? []);
}

describe('a record in parts', () => {
  const splitter = (salt: number): RecordSplitter => new RecordSplitter({ partBytesMax: 24, salt });
  const abc = Buffer.from('abcdefghij');

  it('comes out whole with its last part', () => {
    const parts = partsOf(splitter(1), abc);
    assert.deepEqual(parts.map(isContinuation), [false, true, true]);
    assert.ok(parts.every(({ length }) => length <= 24));
    const joiner = new RecordJoiner();
    assert.deepEqual(
      parts.map((part) => joiner.take(part)?.toString()),
      [undefined, undefined, 'abcdefghij'],
    );
  });

  it('does not come out when it was not read from its first part on, or a part is missing', () => {
    const [one, two, three] = partsOf(splitter(1), abc);
    for (const read of [[two!, three!], [three!], [one!, three!], [one!, two!, two!, three!]])
      assert.deepEqual(joined(new RecordJoiner(), read), []);
  });

  it('is not made of parts of two writers, or of two records of one', () => {
    const same = splitter(1);
    const [mine, ours, others] = [partsOf(same, abc), partsOf(same, abc), partsOf(splitter(2), abc)];
    assert.deepEqual(joined(new RecordJoiner(), [mine[0]!, ours[1]!, ours[2]!]), []);
    assert.deepEqual(joined(new RecordJoiner(), [mine[0]!, others[1]!, others[2]!]), []);
  });

  it('is dropped where something else comes, which is returned', () => {
    const joiner = new RecordJoiner();
    const [one, two, three] = partsOf(splitter(1), abc);
    const record = Buffer.from([1, 0, 65]);
    assert.deepEqual(joined(joiner, [one!, record, two!, three!]), [record.toString()]);
    assert.deepEqual(joined(joiner, [one!, record, ...partsOf(splitter(2), abc)]), [
      record.toString(),
      'abcdefghij',
    ]);
    assert.equal(joiner.brokenRuns, 2);
  });

  it('is nothing but an error where no writer wrote it', () => {
    const [one, two, three] = partsOf(splitter(1), abc);
    const long = Buffer.from(one!);
    long.writeUInt32LE((16 << 20) + 17, 4);
    const beyond = Buffer.from(three!);
    beyond.writeUInt32LE(9, 8);
    for (const broken of [long, beyond, one!.subarray(0, 20)]) {
      const joiner = new RecordJoiner();
      joined(joiner, [one!, two!]);
      assert.throws(() => joiner.take(broken), { code: 'WIRE_CORRUPT' });
      assert.deepEqual(joined(joiner, [three!]), [], 'the run that it interrupted is dropped');
    }
  });

  it('comes out of any log of whole and cut runs exactly where it is whole', () => {
    const run = fc.record({
      bytes: fc.integer({ min: 1, max: 90 }),
      kept: fc.nat(30),
      isSplit: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(run, { maxLength: 20 }), fc.nat(40), (runs, from) => {
        const log: Buffer[] = [];
        const whole: { readonly text: string; readonly first: number }[] = [];
        for (const [salt, { bytes, kept, isSplit }] of runs.entries()) {
          const record = Buffer.alloc(bytes, String.fromCharCode(97 + salt));
          const first = log.length;
          const parts = isSplit ? partsOf(splitter(salt), record) : [record];
          log.push(...parts.slice(0, kept));
          if (kept >= parts.length) whole.push({ text: record.toString(), first });
        }
        const expected = whole.filter(({ first }) => first >= from).map(({ text }) => text);
        assert.deepEqual(joined(new RecordJoiner(), log.slice(from)), expected);
      }),
    );
  });
});
