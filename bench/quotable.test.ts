import assert from 'node:assert/strict';
import { parseMachineBusyMs } from './processes.ts';
import { judgePairs, judgeRun, othersCpuPercent } from './quotable.ts';

const quiet = { quotable: true } as const;
const noisy = judgeRun(40);

describe('a figure of the bench', () => {
  it('counts as the use of others what neither the system nor the bench itself used', () => {
    const before = { timeMs: 0, machineBusyMs: 1000, ownCpuMs: 500 };
    const after = { timeMs: 10_000, machineBusyMs: 21_000, ownCpuMs: 19_500 };
    assert.equal(othersCpuPercent(before, after), 10);
    // A process that ended in the window took its count along.
    assert.equal(othersCpuPercent(before, { ...after, ownCpuMs: 30_000 }), 0);
  });

  it('reads the busy time of all cores, without idle and waiting time', () => {
    assert.equal(parseMachineBusyMs('cpu  1 2 3 1000 2000 4 5 600 0 0\ncpu0 1 1 1 1\n'), 150);
  });

  it('is refused when others use more than a tenth of a core, and says how much it was', () => {
    assert.deepEqual(judgeRun(10), quiet);
    assert.deepEqual(noisy, {
      quotable: false,
      reason: 'other processes used 40 % of a core, at most 10 % is quiet',
    });
  });

  it('is a ratio only of three pairs that were quiet on both sides', () => {
    assert.deepEqual(judgePairs([quiet, quiet, quiet], [quiet, quiet, quiet]), quiet);
    assert.deepEqual(judgePairs([quiet, noisy, quiet, quiet], [quiet, quiet, quiet, quiet]), quiet);
    assert.deepEqual(judgePairs([quiet, noisy, quiet], [quiet, quiet, noisy]), {
      quotable: false,
      reason: '1 quiet pair of 3, at least 3 are needed',
    });
    assert.deepEqual(judgePairs([], [quiet]), {
      quotable: false,
      reason: 'only one system was measured',
    });
  });
});
