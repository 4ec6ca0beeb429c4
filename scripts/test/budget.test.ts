import assert from 'node:assert/strict';
import { type Budget, overspent, slowdown } from './budget.ts';

const budget: Budget = {
  ...{ totalSecs: 100, calibrationMs: 50, slowdownMax: 3 },
  checkSecs: { types: 20, unit: 90 },
};
const spent = (totalSecs: number | undefined, types: number) => ({
  totalSecs,
  checkSecs: new Map([
    ['types', types],
    ['unit', 90],
  ]),
});

describe('the budget of a test run', () => {
  it('is kept by a run within it', () => {
    assert.deepEqual(overspent(budget, spent(100, 20), 1), []);
  });

  it('is exceeded by a check and by the whole, each with its figures', () => {
    assert.deepEqual(overspent(budget, spent(101, 20.5), 1), [
      'types: took 20.5 s, more than its budget of 20 s x 1.00',
      'the whole run: took 101.0 s, more than its budget of 100 s x 1.00',
    ]);
  });

  it('is stretched by the factor of a slower machine', () => {
    assert.deepEqual(overspent(budget, spent(150, 30), 1.5), []);
    assert.equal(overspent(budget, spent(151, 30), 1.5).length, 1);
  });

  it('does not hold a part of the checks to the total', () => {
    assert.deepEqual(overspent(budget, spent(undefined, 20), 1), []);
  });

  it('is missing for a check that it does not name', () => {
    const unknown = { totalSecs: undefined, checkSecs: new Map([['new', 1]]) };
    assert.deepEqual(overspent(budget, unknown, 1), ['new: has no budget in scripts/test-budget.json']);
  });

  it('is stretched up to a limit, and never tightened', () => {
    assert.deepEqual(
      [25, 50, 75, 1000].map((calibrationMs) => slowdown(budget, calibrationMs)),
      [1, 1, 1.5, 3],
    );
  });
});
