import assert from 'node:assert/strict';
import fc from 'fast-check';
import { AnswerSizes, mayBegin } from './admission.ts';

const limits = { callsMax: 64, callBytesMax: 8 << 20, answerBytesMax: 4 << 20, heldBytesMax: 32 << 20 };
const idleServer = { callBytes: 0, heldBytes: 0, expectedBytes: 0 };

/** How many calls of 90 bytes of one connection begin before one of them is answered. */
function begunTogether(expectedBytes: number): number {
  let calls = 0;
  const load = () => ({ calls, callBytes: 90 * calls, answerBytes: 0, expectedBytes: expectedBytes * calls });
  while (mayBegin(load(), idleServer, limits)) calls += 1;
  return calls;
}

describe('mayBegin', () => {
  it('lets one call at a time begin, whatever the server holds', () => {
    const all = fc.record({ callBytes: fc.nat(), heldBytes: fc.nat(), expectedBytes: fc.nat() });
    const none = { calls: 0, callBytes: 0, answerBytes: 0, expectedBytes: 0 };
    fc.assert(fc.property(all, (load) => mayBegin(none, load, limits)));
  });

  it('lets all calls with small answers begin together, and few whose answers are large', () => {
    assert.equal(begunTogether(4096), limits.callsMax);
    assert.equal(begunTogether(512 * 1024), 8);
  });

  it('begins no second call of a connection while the server holds too much, or has too much to do', () => {
    const own = { calls: 1, callBytes: 90, answerBytes: 0, expectedBytes: 4096 };
    assert.ok(mayBegin(own, idleServer, limits));
    for (const more of [{ heldBytes: 32 << 20 }, { expectedBytes: 32 << 20 }, { callBytes: 64 << 20 }])
      assert.ok(!mayBegin(own, { ...idleServer, ...more }, limits), JSON.stringify(more));
  });
});

describe('AnswerSizes', () => {
  it('expects of a method its largest answer so far, and at first the size that it was given', () => {
    const sizes = new AnswerSizes(['read', 'write'], { read: 500_000 });
    assert.deepEqual([sizes.expected('read'), sizes.expected('write')], [500_000, 4096]);
    sizes.seen('write', 60_000);
    sizes.seen('write', 100);
    sizes.seen('read', 100);
    assert.deepEqual([sizes.expected('read'), sizes.expected('write')], [500_000, 60_000]);
  });

  it('remembers nothing of methods that do not exist', () => {
    const sizes = new AnswerSizes([], {});
    sizes.seen('invented', 1_000_000);
    assert.equal(sizes.expected('invented'), 4096);
  });
});
