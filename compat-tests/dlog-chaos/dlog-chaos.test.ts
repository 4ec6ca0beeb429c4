import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { runDlogChaos } from './driver.ts';
import { type DlogChaosOptions, defaults } from './options.ts';
import { isClean, reportLines } from './report.ts';
import { planDlogFaults } from './schedule.ts';

describe('chaos of the distributed log', function () {
  // a machine with other work takes its time to start owners, and the rest has a limit of its own
  this.timeout(240_000);
  before(function () {
    // The test needs no Nimbus, and proves nothing about the one that is given.
    if (process.env['EGRET_COMPAT_NIMBUS'] !== undefined) this.skip();
  });

  it('keeps its word to appenders and readers under the faults of a known seed, and sees a flipped bit', async () => {
    const options: DlogChaosOptions = { ...defaults, seed: 370, minutes: 0.33, everyMs: 1500 };
    const said: string[] = [];
    const result = await runDlogChaos(options, (line) => said.push(line));
    const lines = reportLines(options, result);
    process.stdout.write(lines.map((line) => `      ${line}\n`).join(''));
    assert.ok(isClean(result), [...said, ...lines].join('\n'));
    const counts = [...result.streams.values()];
    assert.ok(
      counts.every(({ committed, read }) => committed > 100 && read > 100),
      'too few records to prove anything',
    );
    assert.ok(result.flipped !== undefined && result.owners > 3);
  });

  it('finds what is lost where an owner acknowledges before it has written', async () => {
    // Every write waits, so that whenever an owner is killed it has acknowledged what it has not written.
    const options: DlogChaosOptions = {
      ...{ ...defaults, seed: 4, minutes: 0.15, everyMs: 1500, pace: 300 },
      ...{ durability: 'memory', writesHeldMs: 300, only: ['owner killed'], flipsBit: false },
    };
    const result = await runDlogChaos(options, () => undefined);
    // A failure keeps its files; this one is expected.
    if (result.kept !== undefined) rmSync(result.kept, { recursive: true });
    const isFound = result.violations.some((violation) => violation.startsWith('lost write'));
    assert.ok(isFound, reportLines(options, result).join('\n'));
  });

  it('plans the same faults for the same seed, in order of time', () => {
    const plan = { lengthMs: 600_000, everyMs: 2000, weights: new Map([['owner killed', 1] as const]) };
    const [one, again, other] = [1, 1, 2].map((seed) => planDlogFaults({ ...plan, seed }));
    assert.deepEqual(one, again);
    assert.notDeepEqual(one, other);
    assert.ok(one!.length > 100);
    for (const [index, { atMs }] of one!.entries())
      assert.ok(atMs >= (one![index - 1]?.atMs ?? 0) && atMs < plan.lengthMs);
  });
});
