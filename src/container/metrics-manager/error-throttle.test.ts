import assert from 'node:assert/strict';
import fc from 'fast-check';
import { askOracle } from '../../testing/oracle.ts';
import { ErrorThrottle } from './error-throttle.ts';

const script = fc.record({
  perIntervalMax: fc.integer({ min: 0, max: 6 }),
  intervalSecs: fc.integer({ min: 1, max: 12 }),
  /** Seconds before each report. */
  pauses: fc.array(fc.constantFrom(0, 0, 0, 1, 2, 5, 10, 11, 30), { maxLength: 40 }),
});

describe('ErrorThrottle', () => {
  it("lets through what Storm's ReportError does", () => {
    const seed = Number(process.env['SEED'] ?? Math.trunc(Math.random() * 2 ** 31));
    const scripts = fc.sample(script, { numRuns: 200, seed });
    const ours = scripts.map(({ pauses, ...limits }) => {
      const throttle = new ErrorThrottle(limits, 0);
      let nowMs = 0;
      return pauses.map((pauseSecs) => {
        nowMs += 1000 * pauseSecs;
        return throttle.admit('a', nowMs);
      });
    });
    assert.deepEqual(ours, askOracle('ErrorReporting', scripts), `seed ${seed}`);
  }).timeout(60_000);
});
