import assert from 'node:assert/strict';
import fc from 'fast-check';
import { runPool } from './pool.ts';

describe('the pool of a test run', () => {
  it('runs every job once, never more than its slots, and those that must be alone alone', async () => {
    const jobs = fc.array(fc.record({ isAlone: fc.boolean(), turns: fc.nat(5) }), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(jobs, fc.integer({ min: 1, max: 3 }), async (all, slots) => {
        const running = new Set<unknown>();
        const done: unknown[] = [];
        await runPool(all, slots, async (job) => {
          running.add(job);
          for (let turn = 0; turn < job.turns; turn++) await Promise.resolve();
          assert.ok(running.size <= slots);
          assert.ok(running.size === 1 || ![...running].some((each) => (each as typeof job).isAlone));
          running.delete(job);
          done.push(job);
        });
        assert.deepEqual(new Set(done), new Set(all));
        assert.equal(done.length, all.length);
      }),
    );
  });

  it('uses all slots while there are jobs', async () => {
    let [running, most] = [0, 0];
    const jobs = Array.from({ length: 6 }, () => ({ isAlone: false }));
    await runPool(jobs, 2, async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
    });
    assert.equal(most, 2);
  });
});
