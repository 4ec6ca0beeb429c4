import assert from 'node:assert/strict';
import fc from 'fast-check';
import { toCut } from './overload.ts';

const mebibyte = 1 << 20;
const heldBytesMax = 32 * mebibyte;
const nowMs = 100_000;

function holding(name: string, mebibytes: number, stillMs: number) {
  return { name, heldBytes: mebibytes * mebibyte, movedAtMs: nowMs - stillMs };
}

function cut(...holdings: ReturnType<typeof holding>[]): string[] {
  return toCut(holdings, nowMs, heldBytesMax).map(({ name }) => name);
}

describe('toCut', () => {
  it('cuts no connection while the sum is within the limit', () => {
    assert.deepEqual(cut(holding('a', 16, 60_000), holding('b', 16, 60_000)), []);
  });

  it('cuts those that hold most and have not moved for a second, until the sum is within the limit', () => {
    const holdings = [
      holding('a', 10, 2000),
      holding('b', 12, 1000),
      holding('c', 4, 5000),
      holding('d', 14, 900),
    ];
    assert.deepEqual(cut(...holdings), ['b']);
  });

  it('prefers among equals the one that has not moved for longest', () => {
    assert.deepEqual(cut(holding('a', 17, 1500), holding('b', 17, 3000)), ['b']);
  });

  it('spares a client that reads, up to three times the limit', () => {
    const reader = holding('reader', 1, 0);
    assert.deepEqual(cut(reader, holding('slow', 40, 500)), []);
    assert.deepEqual(cut(reader, holding('slow', 70, 500)), ['slow']);
    assert.deepEqual(cut(reader, holding('fast', 94, 0)), []);
    assert.deepEqual(cut(reader, holding('fast', 96, 0)), ['fast']);
  });

  it('never leaves more than three times the limit, and cuts no more than it must of those that moved', () => {
    const any = fc.array(
      fc.record({ heldBytes: fc.nat(100 * mebibyte), movedAtMs: fc.integer({ max: nowMs, min: 0 }) }),
    );
    fc.assert(
      fc.property(any, (holdings) => {
        const doomed = new Set(toCut(holdings, nowMs, heldBytesMax));
        const left = holdings.filter((each) => !doomed.has(each));
        const sum = left.reduce((total, { heldBytes }) => total + heldBytes, 0);
        assert.ok(sum <= 3 * heldBytesMax);
        if (sum > heldBytesMax)
          assert.ok(left.every(({ heldBytes, movedAtMs }) => heldBytes === 0 || nowMs - movedAtMs < 1000));
      }),
    );
  });
});
