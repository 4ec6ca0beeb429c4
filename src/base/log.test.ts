import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openLog } from './log.ts';

describe('openLog', () => {
  it('writes a line for each event, with its level, time and fields, into directories that it makes', () => {
    const dir = mkdtempSync(join(tmpdir(), 'egret-log-'));
    try {
      const file = join(dir, 'deep', 'down', 'some.log');
      const log = openLog({ level: 'info', destination: file });
      log.debug({ event: 'not.shown' });
      log.child({ part: 'a' }).warn({ event: 'thing.happened', count: 3 });
      const { time, ...line } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
      assert.deepEqual(line, { level: 'warn', part: 'a', event: 'thing.happened', count: 3 });
      assert.match(String(time), /^\d{4}-\d\d-\d\dT/);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  it('survives a full disk, and says so once on standard error', () => {
    const program = `
      import { openLog } from ${JSON.stringify(fileURLToPath(new URL('./log.ts', import.meta.url)))};
      const log = openLog({ level: 'info', destination: '/dev/full' });
      for (let n = 0; n < 20_000; n++) log.info({ event: 'thing.happened', text: 'x'.repeat(200) });
      process.stdout.write('still here');
    `;
    const run = spawnSync(process.execPath, ['--import=tsx', '--input-type=module', '-e', program], {
      encoding: 'utf8',
    });
    assert.equal(run.stdout, 'still here');
    assert.match(run.stderr, /^the log \/dev\/full cannot be written: ENOSPC[^\n]*\n$/);
    assert.equal(run.status, 0);
  });

  it('survives a full disk that standard error is on, too', () => {
    const program = `
      import { openLog } from ${JSON.stringify(fileURLToPath(new URL('./log.ts', import.meta.url)))};
      openLog({ level: 'info', destination: '/dev/full' }).info({ event: 'thing.happened' });
      setTimeout(() => process.stdout.write('still here'), 10);
    `;
    const full = openSync('/dev/full', 'w');
    try {
      const args = ['--import=tsx', '--input-type=module', '-e', program];
      const run = spawnSync(process.execPath, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', full] });
      assert.deepEqual([run.stdout, run.status], ['still here', 0]);
    } finally {
      closeSync(full);
    }
  });
});
