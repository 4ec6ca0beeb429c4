import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GatewayError, silentLog, systemClock, waitFor } from '../base/index.ts';
import { describeExit } from './exit.ts';
import { type ChildSpec, processStart, spawnChild } from './index.ts';

describe('spawnChild', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'egret-child-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const spec = (command: string, args: readonly string[], more: Partial<ChildSpec> = {}): ChildSpec => ({
    name: 'subject',
    command,
    args,
    cwd: directory,
    clock: systemClock,
    log: silentLog,
    ...more,
  });
  const shell = (script: string, more: Partial<ChildSpec> = {}) =>
    spawnChild(spec('sh', ['-c', script], more));

  it('carries stdin and stdout, and tells exit code and the last words on stderr', async () => {
    const child = await shell('read line; echo "got $line"; echo "first" >&2; echo "last words" >&2; exit 3');
    child.stdin.write('hello\n');
    let said = '';
    for await (const chunk of child.stdout) said += String(chunk);
    assert.equal(said, 'got hello\n');
    assert.deepEqual(await child.exited, { code: 3, signal: null, lastStderrLines: ['first', 'last words'] });
    assert.deepEqual(child.exit, await child.exited);
    assert.equal(
      describeExit(await child.exited),
      'exited with code 3; its last words on stderr: last words',
    );
  });

  it('keeps only the newest lines of stderr, and cuts a line that never ends', async () => {
    const lines: string[] = [];
    const child = await shell('seq 1 200 >&2; head -c 20000 /dev/zero | tr "\\0" x >&2', {
      onStderrLine: (line) => lines.push(line),
    });
    child.stdout.resume();
    const exit = await child.exited;
    assert.equal(exit.lastStderrLines.length, 50);
    assert.equal(lines.length, 203);
    assert.deepEqual(
      exit.lastStderrLines.slice(-4).map((line) => line.length),
      [3, 8192, 8192, 20000 - 2 * 8192],
    );
  });

  it('survives writes to a child that is gone', async () => {
    const child = await shell('exit 0');
    child.stdout.resume();
    await child.exited;
    child.stdin.write('x'.repeat(1 << 20));
    assert.equal((await child.end(1000)).code, 0);
  });

  it('ends what the child started when the child ends by itself', async () => {
    const child = await shell('sleep 600 & echo $! > grandchild; exit 0');
    child.stdout.resume();
    await child.exited;
    await gone(Number(readFileSync(join(directory, 'grandchild'), 'utf8')));
  });

  it('kills the group of a child that ignores SIGTERM, after the grace and not before', async () => {
    const child = await shell(
      'trap "echo term >&2" TERM; sleep 600 & echo $! > grandchild; echo up; while :; do wait; done',
    );
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const startedMs = systemClock.monotonicMs();
    const ends = [child.end(300), child.end(60_000), child.end(300)];
    const exits = await Promise.all(ends);
    assert.ok(systemClock.monotonicMs() - startedMs >= 299);
    for (const exit of exits)
      assert.deepEqual(exit, { code: null, signal: 'SIGKILL', lastStderrLines: ['term'] });
    await gone(Number(readFileSync(join(directory, 'grandchild'), 'utf8')));
  });

  it('lets a later call shorten the grace', async () => {
    const child = await shell('trap "" TERM; echo up; while :; do sleep 1; done');
    await new Promise((resolve) => child.stdout.once('data', resolve));
    void child.end(600_000);
    assert.equal((await child.end(0)).signal, 'SIGKILL');
  });

  it('kills at once when its signal is aborted', async () => {
    const abort = new AbortController();
    const child = await spawnChild(spec('sleep', ['600'], { signal: abort.signal }));
    child.stdout.resume();
    abort.abort(new GatewayError('ABORTED', 'the test says so'));
    assert.equal((await child.exited).signal, 'SIGKILL');
    await assert.rejects(spawnChild(spec('sleep', ['600'], { signal: abort.signal })), { code: 'ABORTED' });
  });

  it('records the child while it runs', async () => {
    const pidDir = join(directory, 'pids');
    const child = await spawnChild(spec('sleep', ['600'], { pidDir }));
    child.stdout.resume();
    assert.deepEqual(readdirSync(pidDir), [String(child.pid)]);
    assert.equal(readFileSync(join(pidDir, String(child.pid)), 'utf8'), processStart(child.pid));
    await child.end(1000);
    assert.deepEqual(readdirSync(pidDir), []);
  });

  it('lays its environment over ours and can take a variable away', async () => {
    const child = await shell('echo "$EGRET_ADDED-$HOME-$PATH"', {
      env: { EGRET_ADDED: 'yes', HOME: undefined },
    });
    let said = '';
    for await (const chunk of child.stdout) said += String(chunk);
    assert.equal(said, `yes--${process.env['PATH'] ?? ''}\n`);
  });

  const refusal = async (wrong: ChildSpec, message: RegExp): Promise<void> => {
    await assert.rejects(spawnChild(wrong), (error: unknown) => {
      assert.ok(error instanceof GatewayError);
      assert.equal(error.code, 'SPAWN_FAILED');
      assert.match(error.message, message);
      assert.ok(error.message.includes(wrong.command) && error.message.includes(wrong.cwd), error.message);
      return true;
    });
  };

  it('tells a missing directory, command, file and interpreter apart', async () => {
    await refusal(
      spec('sh', [], { cwd: join(directory, 'absent') }),
      /working directory .*absent does not exist/,
    );
    writeFileSync(join(directory, 'file'), '');
    await refusal(
      spec('sh', [], { cwd: join(directory, 'file') }),
      /working directory .*file is not a directory/,
    );
    await refusal(spec('no-such-program-here', []), /no program of that name is on the PATH/);
    await refusal(spec('./absent', []), /the file \.\/absent does not exist/);
    const script = join(directory, 'script');
    writeFileSync(script, '#!/no/such/interpreter\n');
    await refusal(spec('./script', []), /script is not executable/);
    chmodSync(script, 0o755);
    await refusal(spec('./script', []), /#! line that does not exist/);
  });

  const gone = (pid: number) =>
    waitFor(
      `process ${pid} to be gone`,
      () => (existsSync(`/proc/${pid}`) && processStart(pid) !== undefined ? undefined : true),
      {
        clock: systemClock,
        limitMs: 5000,
      },
    );
});
