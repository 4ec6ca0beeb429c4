import assert from 'node:assert/strict';
import type { TailRecord } from '../dlog-client/index.ts';
import {
  DataFrameCursor,
  DataFrameWriter,
  type JavaObject,
  type JavaValue,
  java,
  RecordSplitter,
  readBatch,
} from '../tuple/index.ts';
import { TupleLines } from './tuple-lines.ts';

const place = { topologyName: 'words', componentId: 'split', streamId: 'late' };

/** The record of these tuples, of the second task of their component. */
function recordOf(...tuples: readonly (readonly JavaValue[])[]): Buffer {
  let record: Buffer = Buffer.alloc(0);
  const writer = new DataFrameWriter({ target: 1, source: 1, stream: 1 }, (buffer, start, end) => {
    const cursor = new DataFrameCursor();
    cursor.open(buffer, start, end);
    ({ record } = readBatch(cursor, end - start, 1));
  });
  for (const values of tuples) {
    writer.beginTuple(0);
    writer.values.writeAll(values);
    writer.endTuple();
  }
  writer.flush();
  return record;
}

const at = (entry: number, payload: Buffer): TailRecord => ({
  ...{
    position: { segment: 1, entry, slot: 0 },
    transactionId: 1_700_000_000_123n,
    sequenceId: BigInt(entry),
  },
  payload,
});

describe('the lines of a durable stream', () => {
  const notes: string[] = [];
  beforeEach(() => void notes.splice(0));
  const lines = (isJson: boolean, tasks: readonly number[] | null = [4, 7]): TupleLines =>
    new TupleLines({ place, tasks: tasks ?? undefined }, { isJson, note: (text) => notes.push(text) });
  const jsonOf = (...values: readonly JavaValue[]): string =>
    /"values":(.*)\}\n$/.exec(
      lines(true)
        .linesOf(at(0, recordOf(values)))
        .toString(),
    )![1]!;

  it('say position, time, source and values of each tuple', () => {
    const record = at(3, recordOf(['one', java.int(1)], ['two', java.long(2n)]));
    const head =
      '{"dlsn":"1:3:0","time":"2023-11-14T22:13:20.123Z","component":"split","stream":"late","task":7,"index":1';
    assert.equal(
      lines(true).linesOf(record).toString(),
      `${head},"values":["one",1]}\n${head},"values":["two",2]}\n`,
    );
    assert.equal(
      lines(false).linesOf(record).toString(),
      '1:3:0\t2023-11-14T22:13:20.123Z\tsplit.late\t7\t["one",1]\n' +
        '1:3:0\t2023-11-14T22:13:20.123Z\tsplit.late\t7\t["two",2]\n',
    );
  });

  it('name the place of a task that is not known', () => {
    const record = at(0, recordOf(['one']));
    assert.match(lines(true, null).linesOf(record).toString(), /"task":null,"index":1/);
    assert.match(lines(false, null).linesOf(record).toString(), /\t#1\t/);
  });

  it('keep every digit, and mark what JSON has no word for', () => {
    assert.equal(
      jsonOf(
        java.long(9_007_199_254_740_993n),
        java.double(Number.NaN),
        java.double(1),
        Buffer.from([0, 255]),
      ),
      '[9007199254740993,"NaN",1.0,{"base64":"AP8="}]',
    );
    const object = (view?: JavaValue): JavaObject => ({
      ...{ type: 'object', codec: 'kryo', className: 'a.Point', bytes: Buffer.from('xy'), view },
    });
    assert.equal(
      jsonOf(object(), object(java.list(['seen']))),
      '[{"unknownClass":"a.Point","codec":"kryo","base64":"eHk="},["seen"]]',
    );
  });

  it('show nothing that a terminal would obey, and not all of a long tuple', () => {
    const shown = lines(false)
      .linesOf(at(0, recordOf(['\u001b[2J\u009b1m\u2028\u202e', '😀'])))
      .toString();
    assert.ok(shown.endsWith('\t["\\u001b[2J\\u009b1m\\u2028\\u202e","😀"]\n'), shown);
    const long = lines(false)
      .linesOf(at(0, recordOf(['x'.repeat(5000)])))
      .toString();
    assert.ok(long.endsWith('xx... (5004 characters, --json has all)\n') && long.length < 2200);
  });

  it('show a tuple of several records once, at the last, and nothing of one that is not whole', () => {
    const parts: Buffer[] = [];
    const splitter = new RecordSplitter({ partBytesMax: 30, salt: 1 });
    splitter.split(recordOf(['a long word, in parts']), (part) => parts.push(Buffer.from(part)));
    const whole = lines(true);
    const shown = parts.map((part, entry) => whole.linesOf(at(entry, part)).toString());
    assert.deepEqual(
      shown.map((text) => text === ''),
      parts.map((_, i) => i < parts.length - 1),
    );
    assert.match(
      shown.at(-1)!,
      new RegExp(`"dlsn":"1:${parts.length - 1}:0".*"values":\\["a long word, in parts"\\]`),
    );
    assert.deepEqual(notes, []);

    const middle = lines(true);
    assert.equal(
      parts
        .slice(1)
        .map((part) => middle.linesOf(at(1, part)).toString())
        .join(''),
      '',
    );
    assert.deepEqual(notes.splice(0), ['the tuple that 1:1:0 is a part of begins before it and is left out']);

    const cut = lines(true);
    cut.linesOf(at(0, parts[0]!));
    assert.match(cut.linesOf(at(1, recordOf(['next']))).toString(), /\["next"\]/);
    assert.match(notes.join(), /before 1:1:0 a tuple of several records has no end/);
  });

  it('say that a record holds no tuples', () => {
    const record = at(0, Buffer.from('a line'));
    assert.equal(
      lines(true).linesOf(record).toString(),
      '{"dlsn":"1:0:0","time":"2023-11-14T22:13:20.123Z","noTuple":"a record of 6 bytes is no record of tuples","base64":"YSBsaW5l"}\n',
    );
    assert.match(lines(false).linesOf(record).toString(), /\tno tuple: a record of 6 bytes/);
  });
});
