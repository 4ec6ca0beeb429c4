import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock } from '../testing/manual-clock.ts';
import { recordingLog } from '../testing/recording-log.ts';
import { LoopWatch } from './loop-watch.ts';
import { Metrics } from './metrics.ts';
import { MetricsFile } from './metrics-file.ts';

describe('the watch over the event loop', () => {
  it('logs and counts a turn above the limit with the calls that were in flight in it', async () => {
    const clock = new ManualClock();
    const log = recordingLog();
    const metrics = await Metrics.open();
    await using watch = new LoopWatch({
      ...{ clock, log, metrics },
      ...{ turnMsMax: 200, stuckMs: 60_000, logFile: '/dev/null' },
    });
    const submit = watch.markOf('Nimbus.submitTopology');
    const leader = watch.markOf('Nimbus.getLeader');
    leader.entered();
    leader.left();
    clock.advance(50);
    submit.entered();
    clock.jump(400);
    assert.deepEqual(
      log.lines.map(({ event, turnMs, calls }) => ({ event, turnMs, calls })),
      [{ event: 'loop.turn-too-long', turnMs: 350, calls: ['Nimbus.submitTopology'] }],
    );
    clock.jump(249); // with the 50 ms between two checks just within the limit
    assert.equal(log.lines.length, 1);
    leader.entered();
    leader.left();
    clock.jump(1050);
    assert.deepEqual(log.lines[1]!['calls'], ['Nimbus.submitTopology', 'Nimbus.getLeader']);
    const text = await metrics.text();
    assert.match(text, /^egret_loop_long_turns_total\{call="Nimbus.submitTopology"\} 1$/m);
    assert.match(text, /^egret_loop_long_turns_total\{call="several"\} 1$/m);
    assert.match(text, /^egret_loop_longest_turn_seconds 1$/m);
  });

  it('reports a loop that never comes round while it hangs, with the function it hangs in', async function () {
    this.timeout(20_000);
    const dir = mkdtempSync(join(tmpdir(), 'egret-loop-'));
    try {
      const logFile = join(dir, 'gateway.log');
      const program = `
        import { LoopWatch, Metrics, silentLog, systemClock } from ${JSON.stringify(new URL('./index.ts', import.meta.url).href)};
        const watch = new LoopWatch({ clock: systemClock, log: silentLog, metrics: await Metrics.open(),
          turnMsMax: 200, stuckMs: 300, logFile: ${JSON.stringify(logFile)} });
        const mark = watch.markOf('Nimbus.submitTopology');
        function neverEnds() { for (let i = 0; ; i++) if (i < 0) return; }
        setTimeout(() => { mark.entered(); neverEnds(); }, 100);
        setInterval(() => undefined, 1000);
      `;
      const child = spawn(process.execPath, ['--import=tsx', '--input-type=module', '-e', program], {
        stdio: ['ignore', 'inherit', 'inherit'],
      });
      try {
        const lines = await new Promise<Record<string, unknown>[]>((resolve, reject) => {
          child.once('exit', (code) => reject(new Error(`it ended with ${code}`)));
          const look = setInterval(() => {
            const found = existsSync(logFile) ? readFileSync(logFile, 'utf8').trim().split('\n') : [];
            if (found.length < 2) return;
            clearInterval(look);
            resolve(found.map((line) => JSON.parse(line) as Record<string, unknown>));
          }, 20);
        });
        const [stuck, at] = lines;
        assert.equal(stuck!['event'], 'loop.stuck');
        assert.equal(stuck!['lastCall'], 'Nimbus.submitTopology');
        assert.equal(at!['event'], 'loop.stuck-at');
        assert.match((at!['place'] as string[])[0]!, /^neverEnds \S+:\d+$/);
      } finally {
        child.kill('SIGKILL');
      }
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});

describe('the file of metrics', () => {
  it('holds the metrics in text form while its owner lives, and is gone after', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'egret-metrics-'));
    const file = join(dir, 'metrics', 'gateway.prom');
    try {
      const metrics = await Metrics.open();
      metrics.counter('egret_things_total', 'Things.', ['kind']).add({ kind: 'odd' }, 3);
      const log = recordingLog();
      const written = new MetricsFile(metrics, { file, everyMs: 15_000, clock: new ManualClock(), log });
      await written.write();
      assert.match(readFileSync(file, 'utf8'), /^# HELP egret_things_total Things\.$/m);
      assert.match(readFileSync(file, 'utf8'), /^egret_things_total\{kind="odd"\} 3$/m);
      await written[Symbol.asyncDispose]();
      assert.equal(existsSync(file), false);
      assert.deepEqual(log.lines, []);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  it('says once that the disk cannot be written', async () => {
    const log = recordingLog();
    const file = join(import.meta.filename, 'gateway.prom'); // below a file

    await using written = new MetricsFile(await Metrics.open(), {
      ...{ file, everyMs: 15_000, clock: new ManualClock(), log },
    });
    await written.write();
    await written.write();
    assert.deepEqual(
      log.lines.map(({ event }) => event),
      ['metrics.not-written'],
    );
  });
});
