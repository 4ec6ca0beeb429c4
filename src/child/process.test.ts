import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog, systemClock, waitFor } from '../base/index.ts';
import {
  endProcess,
  endRecordedProcesses,
  isSameProcess,
  processStart,
  runCommand,
  spawnChild,
  spawnDetached,
  watchProcess,
} from './index.ts';
import { parseStat } from './proc.ts';

describe('processes that are not our children', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'egret-child-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const detached = (script: string) =>
    spawnDetached({
      name: 'subject',
      command: 'sh',
      args: ['-c', script],
      cwd: directory,
      outputFile: join(directory, 'logs', 'out.log'),
    });
  const output = () => readFileSync(join(directory, 'logs', 'out.log'), 'utf8');
  const until = (what: string, probe: () => boolean) =>
    waitFor(what, () => (probe() ? true : undefined), { clock: systemClock, limitMs: 5000 });

  it('reads the start of a process past any name, and none of a zombie', () => {
    const fields = Array.from({ length: 40 }, (_, index) => String(index + 4)).join(' ');
    assert.equal(parseStat(`17 (a ) b) (c) S ${fields}`), '22');
    assert.equal(parseStat(`17 (sh) Z ${fields}`), undefined);
    assert.equal(processStart(process.pid), processStart(process.pid));
    assert.ok(isSameProcess(process.pid, processStart(process.pid)!));
    assert.equal(isSameProcess(process.pid, '1'), false);
  });

  it('leads a session of its own and tells how it ended', async () => {
    const child = await detached(
      'echo out; echo err >&2; sid=$(cut -d" " -f6 /proc/$$/stat); [ $sid = $$ ] && exit 7',
    );
    assert.deepEqual(await child.exited, { code: 7, signal: null, lastStderrLines: [] });
    assert.equal(output(), 'out\nerr\n');
  });

  it('ends a process and what it started: SIGTERM first, SIGKILL after the grace', async () => {
    const mild = await detached('sleep 600 & echo up; wait');
    await until('start', () => output().includes('up'));
    assert.equal(await endProcess(mild, { graceMs: 5000, clock: systemClock }), 'terminated');
    const stubborn = await detached('trap "" TERM; echo deaf; while :; do sleep 1; done');
    await until('start', () => output().includes('deaf'));
    assert.equal(await endProcess(stubborn, { graceMs: 100, clock: systemClock }), 'killed');
    assert.equal(await endProcess(stubborn, { graceMs: 100, clock: systemClock }), 'gone');
    assert.equal((await stubborn.exited).signal, 'SIGKILL');
  });

  it('kills what a process left behind that is gone itself', async () => {
    const child = await detached('sleep 600 & echo $! > left; exit 0');
    await child.exited;
    const left = Number(readFileSync(join(directory, 'left'), 'utf8'));
    assert.notEqual(processStart(left), undefined);
    assert.equal(await endProcess(child, { graceMs: 1000, clock: systemClock }), 'gone');
    await until('the end of what it left', () => processStart(left) === undefined);
  });

  it('leaves a process alone that has reused the pid', async () => {
    const child = await detached('sleep 600');
    assert.equal(
      await endProcess({ pid: child.pid, processStart: '1' }, { graceMs: 0, clock: systemClock }),
      'gone',
    );
    assert.ok(isSameProcess(child.pid, child.processStart));
    await endProcess(child, { graceMs: 0, clock: systemClock });
  });

  it('tells once when a watched process is gone, and never after being disposed', async () => {
    const child = await detached('sleep 600');
    let gone = 0;
    watchProcess(child, systemClock, () => gone++);
    using disposed = watchProcess(child, systemClock, () => assert.fail('notified after being disposed'));
    disposed[Symbol.dispose]();
    await endProcess(child, { graceMs: 0, clock: systemClock });
    await until('notice', () => gone > 0);
    assert.equal(gone, 1);
  });

  it('ends the children that a dead owner recorded, group and all', async () => {
    const pidDir = join(directory, 'pids');
    const child = await spawnChild({
      name: 'orphan',
      command: 'sh',
      args: ['-c', 'sleep 600 & echo $! > grandchild; echo up; wait'],
      cwd: directory,
      clock: systemClock,
      log: silentLog,
      pidDir,
    });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    assert.equal(await endRecordedProcesses(pidDir, { graceMs: 0, clock: systemClock }), 1);
    await child.exited;
    const grandchild = Number(readFileSync(join(directory, 'grandchild'), 'utf8'));
    await until('grandchild', () => processStart(grandchild) === undefined);
    assert.equal(await endRecordedProcesses(pidDir, { graceMs: 0, clock: systemClock }), 0);
    assert.equal(
      await endRecordedProcesses(join(directory, 'absent'), { graceMs: 0, clock: systemClock }),
      0,
    );
  });

  it('names command, directory and reason when a detached process or a command cannot start', async () => {
    const wrong = { name: 'x', command: 'no-such-program-here', args: [], cwd: directory };
    const fault = { code: 'SPAWN_FAILED', message: /no-such-program-here.*no program of that name/ };
    await assert.rejects(spawnDetached(wrong), fault);
    await assert.rejects(runCommand({ ...wrong, stdio: 'capture' }), fault);
    await assert.rejects(spawnDetached({ ...wrong, command: 'sh', cwd: '/no/such/place' }), {
      code: 'SPAWN_FAILED',
      message: /working directory \/no\/such\/place does not exist/,
    });
  });

  it('runs a command to its end and returns what it said', async () => {
    const result = await runCommand({
      command: 'sh',
      args: ['-c', 'echo a; echo b >&2; exit 4'],
      cwd: directory,
      stdio: 'capture',
    });
    assert.deepEqual(result, { code: 4, signal: null, stdout: 'a', stderr: 'b' });
  });
});
