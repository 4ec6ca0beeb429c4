import assert from 'node:assert/strict';
import fc from 'fast-check';
import { deal } from './deal.ts';

describe('dealing test files', () => {
  it('puts every file into exactly one batch, whatever is known of it', () => {
    const files = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 4 }), { maxLength: 40 });
    const seconds = fc.dictionary(fc.string({ minLength: 1, maxLength: 4 }), fc.double({ min: 0, max: 90 }));
    fc.assert(
      fc.property(files, seconds, fc.integer({ min: 1, max: 100 }), (all, known, batchSecs) => {
        const durations = new Map(Object.entries(known));
        const batches = deal(all, durations, batchSecs);
        assert.deepEqual(batches.flat().sort(), [...all].sort());
        assert.ok(batches.every((batch) => batch.length > 0));
      }),
    );
  });

  it('starts with the longest batch, and leaves none much longer than the others', () => {
    const durations = new Map([
      ['a', 50],
      ['b', 20],
      ['c', 20],
      ['d', 15],
      ['e', 10],
      ['f', 5],
    ]);
    assert.deepEqual(deal([...durations.keys()], durations, 40), [['a'], ['b', 'd'], ['c', 'e', 'f']]);
  });
});
