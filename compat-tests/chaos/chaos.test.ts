import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { runChaos } from './driver.ts';
import { type ChaosOptions, defaults } from './options.ts';
import { isClean, reportLines } from './report.ts';

/** Short runs of known seeds; `npm run chaos` does longer ones, and others. */
const runs: readonly Partial<ChaosOptions>[] = [
  { topology: 'mixed', seed: 20_250, minutes: 0.4, everyMs: 2500 },
  { topology: 'python', seed: 20_251, minutes: 0.3, everyMs: 2500 },
];

describe('chaos', function () {
  // a machine with other work takes its time to start JVMs, and the rest has a limit of its own
  this.timeout(300_000);
  for (const run of runs) {
    const options: ChaosOptions = { ...defaults, ...run };
    it(`loses no id of a ${options.topology} topology to the faults of seed ${options.seed}`, async function () {
      // The test injects faults into a gateway of its own.
      if (process.env['EGRET_COMPAT_NIMBUS'] !== undefined) this.skip();
      const said: string[] = [];
      const result = await runChaos(options, (line) => said.push(line));
      const lines = reportLines(options, result);
      process.stdout.write(lines.map((line) => `      ${line}\n`).join(''));
      assert.ok(isClean(result), [...said, ...lines].join('\n'));
      assert.ok(result.verdict.emitted > 100, 'too few ids to prove anything');
    });
  }

  it('finds the ids that a bolt loses which acks what it has not anchored', async function () {
    if (process.env['EGRET_COMPAT_NIMBUS'] !== undefined) this.skip();
    const options: ChaosOptions = {
      ...{ ...defaults, topology: 'python', seed: 20_252, minutes: 0.2, everyMs: 2000 },
      ...{ only: ['worker container killed'], conf: { 'chaos.unanchored': true } },
    };
    const result = await runChaos(options, () => undefined);
    // what a failure keeps, this one need not
    if (result.kept !== undefined) rmSync(result.kept, { recursive: true });
    assert.ok(
      result.verdict.faults.has('acked before every sink saw it'),
      reportLines(options, result).join('\n'),
    );
  });
});
