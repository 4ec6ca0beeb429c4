import assert from 'node:assert/strict';
import { ManualClock } from '../../../testing/manual-clock.ts';
import { closedWithin } from './within.ts';

describe('closing within a limit', () => {
  it('leaves behind what does not get done, and takes what fails for done', async () => {
    const clock = new ManualClock();
    let isOver = false;
    const never = (): Promise<void> => new Promise(() => undefined);
    const fails = (): Promise<void> => Promise.reject(new Error('x'));
    const closing = closedWithin(clock, 1000, [never, fails]).then(() => {
      isOver = true;
    });
    clock.advance(999);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(isOver, false);
    clock.advance(1);
    await closing;
    await closedWithin(clock, 1000, [fails]);
  });
});
