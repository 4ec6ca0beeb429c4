import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GatewayError } from '../base/index.ts';
import { processStart } from '../child/index.ts';
import { writeEndpoints } from '../cli/index.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { recordingLog } from '../testing/recording-log.ts';
import { type LocalDirLock, lockLocalDir } from './up-lock.ts';

describe('the lock of storm.local.dir', () => {
  let dir: string;
  let path: string;
  let clock: ManualClock;
  let other: ChildProcess;
  let lock: LocalDirLock | undefined;
  const log = recordingLog();
  const lost: GatewayError[] = [];

  before(() => {
    other = spawn('sleep', ['600'], { stdio: 'ignore' });
  });
  after(() => other.kill());
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'egret-lock-'));
    path = join(dir, 'gateway.lock');
    clock = new ManualClock();
    lost.length = 0;
  });
  afterEach(() => {
    lock?.[Symbol.dispose]();
    rmSync(dir, { recursive: true, force: true });
  });

  const take = (): LocalDirLock => {
    lock = lockLocalDir(dir);
    lock.keep({ clock, log }, (error) => lost.push(error));
    return lock;
  };
  const holder = (): number => (JSON.parse(readFileSync(path, 'utf8')) as { pid: number }).pid;
  const otherHolder = () => ({ pid: other.pid!, processStart: processStart(other.pid!)! });

  it('is taken again after the lock file, or its whole directory, was deleted', () => {
    take();
    for (const gone of [path, dir]) {
      rmSync(gone, { recursive: true });
      clock.advance(2000);
      assert.equal(holder(), process.pid);
    }
    assert.equal(log.lines.filter(({ event }) => event === 'gateway.lock.taken-again').length, 2);
    assert.deepEqual(lost, []);
  });

  it('is taken from a gateway that took it meanwhile and is dead', () => {
    take();
    writeFileSync(path, JSON.stringify({ pid: other.pid, processStart: '1' }));
    clock.advance(2000);
    assert.equal(holder(), process.pid);
  });

  it('is given up, in words, when a living gateway has it', () => {
    const held = take();
    writeFileSync(path, JSON.stringify(otherHolder()));
    clock.advance(2000);
    clock.advance(10_000);
    assert.deepEqual(
      lost.map(({ code, message }) => [code, message]),
      [['STATE_CONFLICT', `another gateway (process ${other.pid}) runs on storm.local.dir ${dir}`]],
    );
    held[Symbol.dispose]();
    assert.equal(holder(), other.pid);
  });

  it('is refused while a living gateway serves the directory, lock or not', () => {
    writeEndpoints(dir, { ...otherHolder(), services: {} });
    assert.throws(() => lockLocalDir(dir), { code: 'STATE_CONFLICT', message: /another gateway/ });
    assert(!existsSync(path));
    writeEndpoints(dir, { ...otherHolder(), processStart: '1', services: {} });
    take();
  });
});
