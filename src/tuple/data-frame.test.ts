import assert from 'node:assert/strict';
import fc from 'fast-check';
import { GatewayError } from '../base/index.ts';
import { scalarArbitrary } from '../testing/java-values.ts';
import { DataFrameCursor, DataFrameWriter, decodeValues, frameBytesTarget, type JavaValue } from './index.ts';

interface Tuple {
  readonly anchors: readonly (readonly [number, number, number, number])[];
  readonly values: readonly JavaValue[];
}

const int = fc.integer();
const tupleArbitrary: fc.Arbitrary<Tuple> = fc.record(
  {
    anchors: fc.array(fc.tuple(int, int, int, int), { maxLength: 4 }),
    values: fc.array(scalarArbitrary, { maxLength: 4 }),
  },
  { noNullPrototype: true },
);
const route = { target: 12, stream: 3, source: -1 };

function write(writer: DataFrameWriter, { anchors, values }: Tuple): void {
  writer.beginTuple(anchors.length);
  for (const anchor of anchors) writer.addAnchor(...anchor);
  writer.values.writeAll(values);
  writer.endTuple();
}

function read(frame: Buffer): Tuple[] {
  const cursor = new DataFrameCursor();
  cursor.open(frame, 0, frame.length);
  assert.deepEqual([cursor.target, cursor.stream, cursor.source], [12, 3, -1]);
  const tuples: Tuple[] = [];
  while (cursor.next()) {
    const anchors = Array.from(
      { length: cursor.anchorCount },
      (_, i) => [cursor.rootHi(i), cursor.rootLo(i), cursor.edgeHi(i), cursor.edgeLo(i)] as const,
    );
    tuples.push({ anchors, values: decodeValues(cursor.buffer, cursor.valuesStart, cursor.valuesEnd) });
  }
  assert.equal(tuples.length, cursor.count);
  return tuples;
}

function framesOf(tuples: readonly Tuple[]): Buffer[] {
  const frames: Buffer[] = [];
  const writer = new DataFrameWriter(route, (buffer, start, end) =>
    frames.push(Buffer.from(buffer.subarray(start, end))),
  );
  for (const tuple of tuples) write(writer, tuple);
  writer.flush();
  return frames;
}

describe('DataFrameWriter and DataFrameCursor', () => {
  it('read back the tuples that were written', () => {
    fc.assert(
      fc.property(fc.array(tupleArbitrary, { maxLength: 20, size: 'max' }), (tuples) => {
        assert.deepEqual(framesOf(tuples).flatMap(read), tuples);
      }),
    );
  });

  it('write more than 254 anchors', () => {
    const anchors = Array.from({ length: 300 }, (_, i) => [i, -i, 1, 2] as const).map(
      ([a, b, c, d]) => [a, b | 0, c, d] as const,
    );
    assert.deepEqual(framesOf([{ anchors, values: ['x'] }]).flatMap(read), [{ anchors, values: ['x'] }]);
  });

  it('split at 64 KiB, and only a larger tuple makes a larger frame', () => {
    const sizes = [30_000, 30_000, 30_000, 200_000, 5, 65_000, 600];
    const tuples = sizes.map((size) => ({ anchors: [], values: [Buffer.alloc(size, 1)] }));
    const frames = framesOf(tuples);
    assert.deepEqual(frames.flatMap(read), tuples);
    const large = frames.filter((frame) => frame.length > frameBytesTarget);
    assert.deepEqual(
      large.map((frame) => read(frame).length),
      [1],
    );
    assert.deepEqual(
      frames.map((frame) => read(frame).length),
      [2, 1, 1, 2, 1],
    );
  });

  it('forget a tuple that was begun and not ended', () => {
    const frames: Buffer[] = [];
    const writer = new DataFrameWriter(route, (buffer, start, end) =>
      frames.push(Buffer.from(buffer.subarray(start, end))),
    );
    write(writer, { anchors: [], values: ['kept'] });
    writer.beginTuple(1);
    writer.values.writeAll(['dropped']);
    write(writer, { anchors: [], values: ['kept too'] });
    writer.flush();
    assert.deepEqual(
      frames.flatMap(read).flatMap((tuple) => tuple.values),
      ['kept', 'kept too'],
    );
  });

  it('leave out a tuple above 16 MiB with an error, and continue', () => {
    const frames: Buffer[] = [];
    const writer = new DataFrameWriter(route, (buffer, start, end) =>
      frames.push(Buffer.from(buffer.subarray(start, end))),
    );
    const huge = { anchors: [], values: [Buffer.alloc((16 << 20) + 1)] };
    assert.throws(() => write(writer, huge), { code: 'FRAME_TOO_LARGE' });
    write(writer, { anchors: [], values: ['after'] });
    writer.flush();
    assert.deepEqual(
      frames.flatMap(read).flatMap((tuple) => tuple.values),
      ['after'],
    );
  });

  it('take ack tuples without an object per value', () => {
    const frames: Buffer[] = [];
    const writer = new DataFrameWriter(route, (buffer, start, end) =>
      frames.push(Buffer.from(buffer.subarray(start, end))),
    );
    writer.beginTuple(0);
    writer.values.begin(3);
    writer.values.writeLong(-1, -2);
    writer.values.writeLong(0, 5);
    writer.values.writeInt(-9);
    writer.endTuple();
    writer.flush();
    assert.deepEqual(read(frames[0]!)[0]!.values, [
      { type: 'long', value: -2n },
      { type: 'long', value: 5n },
      { type: 'int', value: -9 },
    ]);
  });

  it('refuse every frame that is cut short or has a byte changed in a length, or read it as something else', () => {
    fc.assert(
      fc.property(
        fc.array(tupleArbitrary, { minLength: 1, maxLength: 4 }),
        fc.nat(),
        fc.nat(255),
        (tuples, place, byte) => {
          const frame = framesOf(tuples)[0]!;
          frame[16 + (place % (frame.length - 16))] = byte;
          try {
            const cursor = new DataFrameCursor();
            cursor.open(frame, 0, frame.length);
            while (cursor.next()) decodeValues(cursor.buffer, cursor.valuesStart, cursor.valuesEnd);
          } catch (error) {
            assert.ok(error instanceof GatewayError && error.code === 'WIRE_CORRUPT', String(error));
          }
          const short = Buffer.from(frame.subarray(0, frame.length - 1));
          short.writeUInt32LE(short.length - 4, 0);
          assert.throws(
            () => {
              const cursor = new DataFrameCursor();
              cursor.open(short, 0, short.length);
              while (cursor.next());
            },
            { code: 'WIRE_CORRUPT' },
          );
        },
      ),
    );
  });

  it('refuse bytes behind the last tuple, and anchors that do not fit into theirs', () => {
    const [frame] = framesOf([{ anchors: [], values: ['a'] }]);
    const longer = Buffer.concat([frame!, Buffer.from([0])]);
    longer.writeUInt32LE(longer.length - 4, 0);
    assert.throws(() => read(longer), {
      code: 'WIRE_CORRUPT',
      message: /1 bytes follow the last of 1 tuples/,
    });
    for (const count of [1, 255]) {
      const crowded = Buffer.from(frame!);
      crowded[20] = count;
      assert.throws(() => read(crowded), { code: 'WIRE_CORRUPT', message: /anchors and values do not fit/ });
    }
  });

  it('name the place of a fault', () => {
    const frame = framesOf([{ anchors: [], values: ['a'] }])[0]!;
    frame.writeUInt32LE(1000, 16);
    const cursor = new DataFrameCursor();
    cursor.open(frame, 0, frame.length);
    assert.throws(() => cursor.next(), {
      message: /from task -1 to 12, byte 16: tuple 1 of 1 is longer than what is left/,
    });
  });
});
