import assert from 'node:assert/strict';
import fc from 'fast-check';
import { WorkClock } from './work-clock.ts';

describe('WorkClock', () => {
  it('measures from a write to the sign that shows the child to be through', () => {
    const clock = new WorkClock();
    clock.wrote(100);
    assert.equal(clock.sign(130, true), 30);
    assert.equal(clock.sign(200, true), 0);
    clock.wrote(500);
    assert.equal(clock.sign(501, true), 1);
  });

  it('shares the time of several tuples in hand out among their signs', () => {
    const clock = new WorkClock();
    clock.wrote(0);
    clock.wrote(5);
    assert.equal(clock.sign(40, false), 40);
    assert.equal(clock.sign(50, true), 10);
  });

  it('never says more than the time that went by, nor less than nothing', () => {
    const step = fc.record({
      waitMs: fc.integer({ min: -5, max: 50 }),
      what: fc.constantFrom('wrote', 'more', 'through'),
    });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const clock = new WorkClock();
        let nowMs = 0;
        let passedMs = 0;
        let workedMs = 0;
        for (const { waitMs, what } of steps) {
          nowMs += waitMs;
          passedMs += Math.abs(waitMs);
          if (what === 'wrote') clock.wrote(nowMs);
          else {
            const stretch = clock.sign(nowMs, what === 'through');
            assert(stretch >= 0);
            workedMs += stretch;
          }
        }
        assert(workedMs <= passedMs);
      }),
    );
  });
});
