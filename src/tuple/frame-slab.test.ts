import assert from 'node:assert/strict';
import fc from 'fast-check';
import { FrameSlab } from './index.ts';

const stepArbitrary = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('put' as const), bytes: fc.integer({ min: 1, max: 90 }) }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'put' as const, bytes: 120 << 10 }) },
  { weight: 3, arbitrary: fc.constant({ do: 'take' as const }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('written' as const), share: fc.nat({ max: 3 }) }) },
);

describe('FrameSlab', () => {
  it('gives out what was put, in order, and leaves bytes in flight alone', () => {
    fc.assert(
      fc.property(fc.array(stepArbitrary, { maxLength: 120, size: 'max' }), (steps) => {
        const slab = new FrameSlab({ queueBytesMax: 1 << 30, chunkBytes: 256 });
        const expected: Buffer[] = [];
        const written: Buffer[] = [];
        const onTheWay: Buffer[] = [];
        let mark = 0;
        for (const step of steps) {
          if (step.do === 'put') {
            const frame = Buffer.alloc(step.bytes, ++mark);
            assert.equal(slab.put(frame, 0, frame.length), 'accepted');
            expected.push(Buffer.from(frame));
            frame.fill(0);
          } else if (step.do === 'take') {
            onTheWay.push(...slab.take());
          } else {
            // The socket reads a buffer only now: whatever was put since must not have touched it.
            const done = onTheWay.splice(0, step.share);
            written.push(...done.map((buffer) => Buffer.from(buffer)));
            for (const buffer of done) slab.written(buffer.length);
          }
          const held =
            expected.reduce((sum, each) => sum + each.length, 0) -
            written.reduce((sum, each) => sum + each.length, 0);
          assert.equal(slab.queuedBytes, held);
        }
        written.push(...onTheWay, ...slab.take());
        assert.ok(Buffer.concat(written).equals(Buffer.concat(expected)));
      }),
    );
  });

  it('gives out the frames of a flush as one buffer', () => {
    const slab = new FrameSlab({ queueBytesMax: 1 << 20 });
    for (let i = 0; i < 100; i++) slab.put(Buffer.alloc(200, i), 0, 200);
    assert.deepEqual(
      slab.take().map((buffer) => buffer.length),
      [20_000],
    );
    assert.deepEqual(slab.take(), []);
  });

  it('passes large frames alone, in their place', () => {
    const slab = new FrameSlab({ queueBytesMax: 1 << 30 });
    for (const bytes of [10, 200 << 10, 10]) slab.put(Buffer.alloc(bytes), 0, bytes);
    assert.deepEqual(
      slab.take().map((buffer) => buffer.length),
      [10, 200 << 10, 10],
    );
  });

  it('refuses what would pass its limit, counting bytes in flight, and takes frames again when they are written', () => {
    const slab = new FrameSlab({ queueBytesMax: 100 });
    const frame = Buffer.alloc(60);
    assert.equal(slab.put(frame, 0, 60), 'accepted');
    slab.take();
    assert.equal(slab.put(frame, 0, 60), 'full');
    assert.throws(() => slab.putOrThrow('task 5', frame), {
      code: 'QUEUE_FULL',
      message: /task 5 has 60 bytes waiting, at most 100/,
    });
    slab.written(60);
    assert.equal(slab.put(frame, 0, 60), 'accepted');
  });

  it('uses one chunk again and again while writes keep up', () => {
    const slab = new FrameSlab({ queueBytesMax: 1 << 20, chunkBytes: 1000 });
    const stores = new Set<ArrayBufferLike>();
    for (let i = 0; i < 50; i++) {
      slab.put(Buffer.alloc(300), 0, 300);
      for (const buffer of slab.take()) {
        stores.add(buffer.buffer);
        slab.written(buffer.length);
      }
    }
    assert.equal(stores.size, 1);
  });

  it('uses two chunks in turn while one write is always in flight', () => {
    const slab = new FrameSlab({ queueBytesMax: 1 << 20, chunkBytes: 1000 });
    const stores = new Set<ArrayBufferLike>();
    let before = 0;
    for (let i = 0; i < 200; i++) {
      slab.put(Buffer.alloc(300), 0, 300);
      const [taken] = slab.take();
      stores.add(taken!.buffer);
      if (before > 0) slab.written(before);
      before = taken!.length;
    }
    assert.ok(stores.size <= 3, `${stores.size} chunks`);
  });

  it('notices a report of more than was taken', () => {
    const slab = new FrameSlab({ queueBytesMax: 100 });
    assert.throws(() => slab.written(1), /more bytes reported/);
  });
});
