import assert from 'node:assert/strict';
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '../../../base/index.ts';
import { ManualClock } from '../../../testing/manual-clock.ts';
import { WorkerLog } from './worker-log.ts';

describe('WorkerLog', () => {
  const directory = mkdtempSync(join(tmpdir(), 'egret-worker-log-'));
  const file = join(directory, 'logs', 'worker.log');
  const clock = new ManualClock();
  const log = new WorkerLog({ file, clock, log: silentLog });
  const lines = (): string[] => readFileSync(file, 'utf8').trimEnd().split('\n');

  after(() => rmSync(directory, { recursive: true }));

  it('gathers lines and appends them together, and creates the directory', () => {
    log.line('INFO', 'a b', 'one');
    log.line('WARN', 'a b', 'two');
    assert.ok(!existsSync(file));
    clock.advance(100);
    assert.equal(lines().length, 2);
    assert.match(lines()[1]!, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} a b \[WARN\] two$/);
  });

  it('drops what comes faster than it can be written, and counts it', () => {
    const before = lines().length;
    for (let i = 0; i < 1000; i++) log.line('INFO', 'a b', 'x'.repeat(10_000));
    clock.advance(100);
    const added = lines().slice(before);
    assert.ok(added.length < 150);
    const dropped = /(?<!\d)(\d+) lines came too fast/.exec(added.at(-1)!)?.[1];
    assert.equal(Number(dropped) + added.length - 1, 1000);
  });

  it('moves a full file aside', () => {
    writeFileSync(`${file}.1`, 'older');
    truncateSync(file, (100 << 20) + 1);
    log.line('INFO', 'a b', 'last');
    log.flush();
    assert.ok(!existsSync(file));
    assert.ok(statSync(`${file}.1`).size > 100 << 20);
    assert.equal(readFileSync(`${file}.2`, 'utf8'), 'older');
  });
});
