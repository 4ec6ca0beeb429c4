import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
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

  it('cuts long texts, lists and stacks, and never writes the password of a URL', () => {
    const dir = mkdtempSync(join(tmpdir(), 'egret-log-'));
    try {
      const file = join(dir, 'some.log');
      const log = openLog({ level: 'info', destination: file });
      const long = 'K'.repeat(900_000);
      const url = 'redis://user:sekret@host:1';
      log
        .child({ url })
        .info({ event: 'thing.happened', long, list: Array(1000).fill(long), deep: { url, [long]: 1 } });
      log.error({ event: 'thing.failed', error: new Error(`${long} ${url}`, { cause: new Error(url) }) });
      log.error({
        event: 'thing.failed',
        error: Object.assign(new Error('short'), { code: 'EX', facts: { long } }),
      });
      const text = readFileSync(file, 'utf8');
      assert.ok(text.length < 50_000, `${text.length} characters`);
      assert.ok(!text.includes('sekret'));
      const [first, , third] = text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      assert.equal(first!['url'], 'redis://user:***@host:1');
      assert.match(String(first!['long']), /^K+\.\.\.\(899700 characters left out\)\.\.\.K+$/);
      const { code, message, stack } = third!['error'] as Record<string, unknown>;
      assert.deepEqual([code, message], ['EX', 'short']);
      assert.match(String(stack), /^at .*log\.test\.ts/);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  it('rolls a file that has grown, keeps five old ones, and continues in a new one', () => {
    const dir = mkdtempSync(join(tmpdir(), 'egret-log-'));
    try {
      const file = join(dir, 'some.log');
      for (let number = 1; number <= 5; number++) writeFileSync(`${file}.${number}`, `old ${number}`);
      writeFileSync(file, 'x'.repeat(10 << 20));
      chmodSync(file, 0o644);
      const log = openLog({ level: 'info', destination: file, isPrivate: true });
      log.info({ event: 'thing.happened' });
      log.info({ event: 'other.happened' });
      assert.deepEqual(readdirSync(dir).length, 6);
      assert.equal(statSync(`${file}.1`).size, 10 << 20);
      assert.equal(readFileSync(`${file}.5`, 'utf8'), 'old 4');
      assert.equal(readFileSync(file, 'utf8').trimEnd().split('\n').length, 2);
      for (const each of [file, `${file}.1`]) assert.equal(statSync(each).mode & 0o777, 0o600);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  it('re-creates a file that was deleted or moved away, with its directory, within a second of writing', () => {
    const dir = mkdtempSync(join(tmpdir(), 'egret-log-'));
    try {
      let nowMs = 0;
      const file = join(dir, 'logs', 'some.log');
      const log = openLog({ level: 'info', destination: file, isPrivate: true, monotonicMs: () => nowMs });
      const linesAfter = (event: string): string[] => {
        log.info({ event });
        if (!existsSync(file)) return [];
        const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
        return lines.map((line) => (JSON.parse(line) as { event: string }).event);
      };
      assert.deepEqual(linesAfter('first'), ['first']);
      rmSync(join(dir, 'logs'), { recursive: true });
      nowMs = 999;
      assert.deepEqual(linesAfter('lost'), []);
      nowMs = 1000;
      assert.deepEqual(linesAfter('second'), ['second']);
      assert.equal(statSync(file).mode & 0o777, 0o600);
      renameSync(file, `${file}.old`);
      nowMs = 2000;
      assert.deepEqual(linesAfter('third'), ['third']);
      rmSync(file);
      writeFileSync(file, '');
      nowMs = 60_000;
      assert.deepEqual(linesAfter('fourth'), ['fourth']);
      assert.deepEqual(linesAfter('fifth'), ['fourth', 'fifth']);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  it('says once on standard error that its file cannot be re-created, and writes again when it can', () => {
    const dir = mkdtempSync(join(tmpdir(), 'egret-log-'));
    const program = `
      import { readFileSync, rmSync, writeFileSync } from 'node:fs';
      import { openLog } from ${JSON.stringify(fileURLToPath(new URL('./log.ts', import.meta.url)))};
      const logs = ${JSON.stringify(join(dir, 'logs'))};
      let nowMs = 0;
      const log = openLog({ level: 'info', destination: logs + '/some.log', monotonicMs: () => nowMs });
      rmSync(logs, { recursive: true });
      writeFileSync(logs, 'in the way');
      for (let n = 0; n < 20; n++) {
        nowMs += 1000;
        log.info({ event: 'thing.happened' });
        await new Promise(setImmediate);
      }
      rmSync(logs);
      for (let n = 0; n < 3; n++) {
        nowMs += 1000;
        log.info({ event: 'thing.happened' });
        await new Promise(setImmediate);
      }
      const text = readFileSync(logs + '/some.log', 'utf8');
      process.stdout.write(String(text.trimEnd().split('\\n').length));
    `;
    try {
      const args = ['--import=tsx', '--input-type=module', '-e', program];
      const run = spawnSync(process.execPath, args, { encoding: 'utf8' });
      assert.match(run.stderr, /^the log \S+some\.log cannot be written: E[^\n]*\n$/);
      assert.deepEqual([run.stdout, run.status], ['3', 0]);
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
