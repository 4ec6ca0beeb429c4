import assert from 'node:assert/strict';
import fc from 'fast-check';
import { GatewayError, type JsonObject } from '../base/index.ts';
import {
  encodeControlFrame,
  FrameReader,
  frameCount,
  frameHeaderBytes,
  frameSource,
  frameStream,
  frameTarget,
} from './index.ts';

type Seen = { data: Buffer } | { control: JsonObject };

function reading(options: { readonly bodyBytesMax?: number } = {}): { reader: FrameReader; seen: Seen[] } {
  const seen: Seen[] = [];
  const reader = new FrameReader(
    {
      dataFrame: (buffer, start, end) => seen.push({ data: Buffer.from(buffer.subarray(start, end)) }),
      controlFrame: (message) => seen.push({ control: message }),
    },
    options,
  );
  return { reader, seen };
}

function dataFrame(body: Uint8Array, target = 7): Buffer {
  const frame = Buffer.alloc(frameHeaderBytes + body.length);
  frame.writeUInt32LE(12 + body.length, 0);
  frame.writeInt32LE(target, 4);
  frame.writeUInt32LE(3 | (1 << 24), 8);
  frame.writeUInt16LE(500, 12);
  frame.writeInt16LE(-1, 14);
  frame.set(body, frameHeaderBytes);
  return frame;
}

const frameArbitrary = fc.oneof(
  fc
    .uint8Array({ maxLength: 300 })
    .map((body) => ({ bytes: dataFrame(body), seen: { data: dataFrame(body) } })),
  fc.string({ unit: 'grapheme' }).map((text) => ({
    bytes: encodeControlFrame({ type: 'note', text } as { type: string }),
    seen: { control: { type: 'note', text } },
  })),
);

describe('FrameReader', () => {
  it('reads the same frames however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(frameArbitrary, { maxLength: 12, size: 'max' }),
        fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }),
        (frames, cuts) => {
          const stream = Buffer.concat(frames.map((frame) => frame.bytes));
          const { reader, seen } = reading();
          for (let at = 0, i = 0; at < stream.length; i++) {
            const end = at + cuts[i % cuts.length]!;
            reader.feed(Buffer.from(stream.subarray(at, end)));
            at = end;
          }
          assert.deepEqual(
            seen,
            frames.map((frame) => frame.seen),
          );
          assert.equal(reader.heldBytes, 0);
        },
      ),
    );
  });

  it('passes a whole frame in place', () => {
    const chunk = Buffer.concat([dataFrame(Buffer.from('one')), dataFrame(Buffer.from('two'))]);
    const places: number[] = [];
    const reader = new FrameReader({
      dataFrame: (buffer, start) => {
        assert.equal(buffer, chunk);
        places.push(start);
      },
      controlFrame: () => assert.fail('there is no control frame'),
    });
    reader.feed(chunk);
    assert.deepEqual(places, [0, 19]);
  });

  it('reads the fields of a header', () => {
    const frame = dataFrame(Buffer.alloc(0), -5);
    assert.deepEqual(
      [frameTarget(frame, 0), frameCount(frame, 0), frameStream(frame, 0), frameSource(frame, 0)],
      [-5, 3, 500, -1],
    );
  });

  it('refuses a length below the header, with the place in the stream, and every byte after it', () => {
    const { reader, seen } = reading();
    const corrupt = dataFrame(Buffer.alloc(4));
    corrupt.writeUInt32LE(11, 0);
    const expected = {
      code: 'WIRE_CORRUPT',
      message: 'frame at byte 19: frame length 11, expected at least 12',
    };
    assert.throws(() => reader.feed(Buffer.concat([dataFrame(Buffer.from('abc')), corrupt])), expected);
    assert.throws(() => reader.feed(dataFrame(Buffer.alloc(0))), expected);
    assert.equal(seen.length, 1);
  });

  it('refuses a length above the maximum as soon as its four bytes are there', () => {
    const { reader } = reading({ bodyBytesMax: 100 });
    const frame = dataFrame(Buffer.alloc(101));
    assert.throws(() => reading({ bodyBytesMax: 100 }).reader.feed(frame.subarray(0, 4)), {
      code: 'FRAME_TOO_LARGE',
    });
    reader.feed(frame.subarray(0, 3));
    assert.throws(() => reader.feed(frame.subarray(3, 4)), {
      code: 'FRAME_TOO_LARGE',
      facts: { frameOffset: 0, length: 113 },
    });
  });

  it('takes a body of exactly the maximum', () => {
    const { reader, seen } = reading({ bodyBytesMax: 100 });
    reader.feed(dataFrame(Buffer.alloc(100)));
    assert.equal(seen.length, 1);
  });

  it('refuses unknown types and control bodies that are no message', () => {
    const unknown = dataFrame(Buffer.alloc(0));
    unknown[11] = 9;
    const notJson = encodeControlFrame({ type: 'x' });
    notJson[frameHeaderBytes] = 0x21;
    const list = encodeControlFrame([1] as unknown as { type: string });
    for (const frame of [unknown, notJson, list]) {
      assert.throws(
        () => reading().reader.feed(frame),
        (error) => error instanceof GatewayError && error.code === 'WIRE_CORRUPT',
      );
    }
  });

  it('holds memory for the bytes that came, not for the length claimed', () => {
    const { reader } = reading();
    const claim = dataFrame(Buffer.alloc(0));
    claim.writeUInt32LE(12 + (16 << 20), 0);
    const before = process.memoryUsage().arrayBuffers;
    reader.feed(claim);
    assert.ok(process.memoryUsage().arrayBuffers - before < 1 << 20);
    assert.equal(reader.heldBytes, frameHeaderBytes);
  });
});
