import assert from 'node:assert/strict';
import { runAttack } from './driver.ts';
import { type AttackLimits, type AttackOptions, limits } from './options.ts';
import { reportLines, violations } from './report.ts';

/** A seed that once found a fault stays here; `npm run attack` tries others, for longer. */
const runs: readonly AttackOptions[] = [{ seed: 20_260, frames: 12_000, minutes: 0.2, only: [] }];

/**
 * The attackers share two processors with the gateway and whatever else the machine does, and half a minute
 * brings every kind of client at once: time and memory are held to bounds that a stalled event loop or a leak
 * breaks, not to those of a long run.
 */
const shortRunLimits: AttackLimits = {
  ...limits,
  ...{ goodP99Ms: 1000, goodWorstMs: 3000, residentMebibytes: 350, residentGrowthMebibytes: 60 },
};

describe('an attack', function () {
  this.timeout(300_000);

  for (const options of runs) {
    it(`of seed ${options.seed} disturbs no other client, costs no more than its share, and leaves nothing`, async function () {
      if (process.env['EGRET_COMPAT_NIMBUS'] !== undefined) this.skip(); // it needs a gateway of its own
      const said: string[] = [];
      const run = await runAttack(options, (line) => said.push(line));
      const lines = reportLines(options, run);
      process.stdout.write(lines.map((line) => `      ${line}\n`).join(''));
      assert.deepEqual(violations(run, shortRunLimits), [], [...said, ...lines].join('\n'));
      assert.ok(run.framesSent > 10_000 && run.acked > 20, 'too little happened to prove anything');
    });
  }

  it('is judged by every limit', () => {
    const slow = { count: 1, p50Ms: 1, p99Ms: 51, worstMs: 501 };
    const broken = violations({
      ...{ framesSent: 0, connections: 0, longTurns: [], acked: 0, kept: undefined },
      latencies: new Map([['getLeader', slow]]),
      resident: { startMebibytes: 100, worstMebibytes: 251, endMebibytes: 121 },
      descriptors: { start: 20, end: 29 },
      logBytes: 1_000_001,
      troubles: ['an acknowledged record is gone'],
    });
    assert.deepEqual(
      broken.map((each) => each.split(',')[0]!.split(':')[0]),
      [
        'an acknowledged record is gone',
        '99 % of 1 getLeader of the good client',
        'the slowest getLeader of the good client',
        'RSS of the gateway at its worst',
        'growth of its RSS afterwards',
        'growth of its descriptors',
        'growth of its log',
      ],
    );
  });
});
