import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Liveness, type LivenessLimits } from './liveness.ts';

const limits: LivenessLimits = {
  silentMsMax: 10_000,
  firstMsMax: 60_000,
  stoppedMsMax: 2000,
  lookGapMsMax: 3000,
};

/** Looks every second for a while; answers the verdicts. */
function looks(
  liveness: Liveness,
  from: number,
  seconds: number,
  isStopped: (second: number) => boolean,
): string[] {
  return Array.from({ length: seconds }, (_, second) =>
    liveness.look(from + 1000 * (second + 1), isStopped(second)),
  );
}

describe('liveness of a process', () => {
  it('finds one that is stopped, after its limit and not before', () => {
    const liveness = new Liveness(limits, 0);
    liveness.heard(0);
    assert.deepEqual(
      looks(liveness, 0, 4, (second) => second > 0),
      ['alive', 'alive', 'stopped', 'stopped'],
    );
  });

  it('lets a process be stopped and resume within the limit', () => {
    const liveness = new Liveness({ ...limits, silentMsMax: Number.POSITIVE_INFINITY }, 0);
    liveness.heard(0);
    const verdicts = looks(liveness, 0, 60, (second) => second % 2 === 0);
    assert.deepEqual([...new Set(verdicts)], ['alive']);
  });

  it('finds one that runs and is silent, and gives one that has not spoken yet its own limit', () => {
    const spoken = new Liveness(limits, 0);
    spoken.heard(500);
    assert.equal(looks(spoken, 500, 60, () => false).indexOf('silent'), 9);
    const young = new Liveness(limits, 0);
    assert.equal(looks(young, 0, 80, () => false).indexOf('silent'), 59);
  });

  it('never counts a pause of the checker: a whole limit passes after each gap', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({ gapMs: fc.integer({ min: 3001, max: 1e9 }), steady: fc.integer({ min: 0, max: 8 }) }),
          {
            maxLength: 40,
          },
        ),
        (phases) => {
          const liveness = new Liveness({ ...limits, stoppedMsMax: 9000 }, 0);
          liveness.heard(0);
          let nowMs = 0;
          for (const { gapMs, steady } of phases) {
            nowMs += gapMs;
            assert.equal(liveness.look(nowMs, true), 'alive');
            for (let look = 0; look < steady; look++) {
              nowMs += 1000;
              assert.equal(liveness.look(nowMs, true), 'alive');
            }
          }
        },
      ),
    );
  });

  it('never calls one stuck that has spoken and moved within the limits, and always one that has not', () => {
    const step = fc.record({
      ms: fc.integer({ min: 1, max: 3000 }),
      speaks: fc.boolean(),
      isStopped: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const liveness = new Liveness(limits, 0);
        liveness.heard(0);
        let [nowMs, heardMs, movedMs] = [0, 0, 0];
        for (const { ms, speaks, isStopped } of steps) {
          nowMs += ms;
          if (speaks) {
            liveness.heard(nowMs);
            heardMs = nowMs;
          }
          if (!isStopped) movedMs = nowMs;
          const verdict = liveness.look(nowMs, isStopped);
          const isStuck = nowMs - heardMs >= limits.silentMsMax || nowMs - movedMs >= limits.stoppedMsMax;
          assert.equal(verdict !== 'alive', isStuck);
        }
      }),
    );
  });
});
