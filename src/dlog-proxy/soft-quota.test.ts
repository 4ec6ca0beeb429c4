import assert from 'node:assert/strict';
import { SoftQuota } from './soft-quota.ts';

describe('a soft quota', () => {
  it('is over from the write on that goes beyond its rate, by records or bytes, until a second has passed', () => {
    const quota = new SoftQuota({ bytesPerSec: 1000, recordsPerSec: 10 });
    assert.equal(quota.note(100, 10, 0), 'under');
    assert.equal(quota.note(1, 1, 500), 'say');
    assert.equal(quota.note(1, 1, 999), 'over');
    assert.deepEqual([quota.isOver(1998), quota.isOver(1999)], [true, false]);
    assert.equal(quota.note(1000, 1, 1000), 'under');
    assert.equal(quota.note(1, 1, 1001), 'over');
    assert.equal(quota.recordsOver, 3);
  });

  it('is said once in ten seconds, however much is over', () => {
    const quota = new SoftQuota({ bytesPerSec: Number.POSITIVE_INFINITY, recordsPerSec: 1 });
    const said = Array.from({ length: 250 }, (_, step) => quota.note(1, 2, step * 100)).filter(
      (look) => look === 'say',
    );
    assert.equal(said.length, 3);
  });
});
