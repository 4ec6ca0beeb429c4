import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { GatewayError } from '../base/index.ts';
import { FrameReader } from './framing.ts';

function framed(...bodies: readonly Buffer[]): Buffer {
  return Buffer.concat(
    bodies.flatMap((body) => {
      const head = Buffer.alloc(4);
      head.writeInt32BE(body.length);
      return [head, body];
    }),
  );
}

function refusal(bytes: Buffer, bytesMax: number): GatewayError {
  try {
    Array.from(new FrameReader(bytesMax).feed(bytes));
  } catch (error) {
    assert.ok(error instanceof GatewayError);
    return error;
  }
  assert.fail('nothing was refused');
}

describe('FrameReader', () => {
  it('gives the same frames however the stream is cut', () => {
    const bodies = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 8 });
    fc.assert(
      fc.property(bodies, fc.array(fc.nat(60)), (contents, cuts) => {
        const expected = contents.map((content) => Buffer.from(content));
        const stream = framed(...expected);
        const reader = new FrameReader(40);
        const found: Buffer[] = [];
        let from = 0;
        for (const length of [...cuts, stream.length]) {
          for (const frame of reader.feed(stream.subarray(from, from + length)))
            found.push(Buffer.from(frame));
          from += length;
        }
        assert.deepEqual(found, expected);
        assert.equal(reader.pendingBytes, 0);
      }),
    );
  });

  it('takes a frame of exactly the limit and refuses one byte more, before its bytes have come', () => {
    const [frame] = [...new FrameReader(10).feed(framed(Buffer.alloc(10)))];
    assert.equal(frame?.length, 10);
    const error = refusal(framed(Buffer.alloc(11)).subarray(0, 4), 10);
    assert.equal(error.code, 'FRAME_TOO_LARGE');
    assert.match(error.message, /claims 11 bytes, the limit is 10 \(nimbus\.thrift\.max_buffer_size\)/);
  });

  it('refuses sizes of zero and below', () => {
    assert.equal(refusal(Buffer.alloc(4), 10).code, 'PROTOCOL_VIOLATION');
    assert.equal(refusal(Buffer.from([0x80, 1, 0, 1]), 10).code, 'PROTOCOL_VIOLATION');
  });

  it('says so when a client speaks HTTP to it', () => {
    assert.match(refusal(Buffer.from('GET / HTTP/1.1\r\n'), 1 << 20).message, /HTTP request \("GET/);
  });

  it('gives out the frames before a bad one', () => {
    const reader = new FrameReader(10);
    const found: string[] = [];
    assert.throws(() => {
      const stream = Buffer.concat([framed(Buffer.from('one'), Buffer.from('two')), Buffer.alloc(4, 0xff)]);
      for (const frame of reader.feed(stream)) found.push(frame.toString());
    });
    assert.deepEqual(found, ['one', 'two']);
  });

  it('counts the bytes of a frame that is not complete', () => {
    const reader = new FrameReader(10);
    assert.deepEqual([...reader.feed(framed(Buffer.from('abc')).subarray(0, 6))], []);
    assert.equal(reader.pendingBytes, 6);
  });

  it('holds at most about twice the bytes that have come, however small the pieces are', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 300 }), { maxLength: 200 }), (lengths) => {
        const reader = new FrameReader(1 << 20);
        const stream = Buffer.alloc(200 * 300);
        stream.writeInt32BE(1_000_000);
        let from = 0;
        for (const length of lengths) {
          assert.deepEqual([...reader.feed(stream.subarray(from, from + length))], []);
          from += length;
          assert.equal(reader.pendingBytes, from);
          assert.ok(reader.heldBytes <= Math.max(64, 2 * from), `${reader.heldBytes} bytes for ${from}`);
        }
      }),
    );
  });

  it('gives the same frames in long and short pieces, and holds about twice what has come at most', () => {
    const bytes = 300_000;
    const lengths = fc.array(
      fc.oneof(fc.integer({ min: 1, max: 99 }), fc.integer({ min: 16_000, max: 66_000 })),
      {
        maxLength: 40,
      },
    );
    fc.assert(
      fc.property(lengths, fc.integer({ min: 1, max: 3 }), (cuts, share) => {
        const body = Buffer.from(Uint8Array.from({ length: bytes }, (_, index) => index % 251));
        const stream = framed(body, Buffer.from('next'));
        const reader = new FrameReader(bytes);
        const found: Buffer[] = [];
        let from = 0;
        for (const length of [...cuts, stream.length]) {
          // As a socket does it: every read has memory of its own, of which it may use a part.
          const part = stream.subarray(from, from + length);
          const chunk = Buffer.from(new Uint8Array(share * part.length).buffer, 0, part.length);
          part.copy(chunk);
          found.push(...reader.feed(chunk));
          from = Math.min(from + length, stream.length);
          const { heldBytes, pendingBytes } = reader;
          assert.ok(heldBytes <= 64 + 2.01 * pendingBytes, `${heldBytes} bytes for ${pendingBytes}`);
        }
        assert.deepEqual(found.map(String), [body, Buffer.from('next')].map(String));
        assert.equal(reader.heldBytes, 0);
      }),
      { numRuns: 50 },
    );
  });

  it('keeps none of the pieces of a frame that comes byte by byte', () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const used = (): number => {
      collect();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      return heapUsed + arrayBuffers;
    };
    const reader = new FrameReader(1 << 20);
    const before = used();
    assert.deepEqual([...reader.feed(Buffer.from([0, 0x0f, 0, 0]))], []);
    const bytes = 100_000;
    // As a socket does it: every read has memory of its own.
    for (let count = 0; count < bytes; count++)
      assert.equal([...reader.feed(Buffer.from(new Uint8Array(1).buffer))].length, 0);
    const grown = used() - before;
    assert.equal(reader.pendingBytes, bytes + 4);
    assert.ok(grown < 10 * bytes, `${grown} bytes of memory for ${bytes} bytes of a frame`);
  });
});
