import assert from 'node:assert/strict';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { errorCode, silentLog, systemClock, waitFor } from '../base/index.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import {
  type Child,
  type ChildSpec,
  type Containment,
  cellOf,
  closeContainment,
  endContained,
  endProcess,
  endRecordedProcesses,
  openContainment,
  processStart,
  spawnChild,
  spawnDetached,
} from './index.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const helper = join(root, 'build', 'native', 'egret-contain');
const owner = join(root, 'src', 'child', 'kept-owner.fixture.ts');

/**
 * Notes its pid and stays, whatever it is asked. Its sleeps are short: one outlives it, and holds our pipes
 * open meanwhile.
 */
const stubborn = `trap "" TERM HUP INT; echo $$ > "$NOTES/$NAME-$$"; while :; do sleep 0.5; done`;
/**
 * One of each kind that a program can leave: in its group, in a session of its own, and a daemon twice
 * removed.
 */
const leaveThree = `export NOTES=$PWD/notes; mkdir -p $NOTES
NAME=member sh -c '${stubborn}' &
NAME=session setsid sh -c '${stubborn}' &
( ( NAME=daemon setsid sh -c '${stubborn}' & ) & )
until [ $(ls $NOTES | wc -l) -ge \${WANTED:-3} ]; do sleep 0.01; done`;
/** Each process makes another and ends, in twenty lines: never many, and never the same for long. */
const runaway = `
import os, sys, signal
for line in range(20):
    if os.fork() == 0:
        os.setsid()
        os.close(0); os.close(1); os.close(2)
        while True:
            if os.fork() != 0: os._exit(0)
print('up', flush=True)
signal.pause()
`;

for (const kind of ['cgroup', 'subreaper', 'group'] as const) {
  describe(`what a program has started, contained by ${kind}`, () => {
    let directory = '';
    let containment: Containment = { kind: 'group' };

    beforeEach(async function () {
      directory = mkdtempSync(join(tmpdir(), 'egret-kept-'));
      try {
        containment = await openContainment({ wish: kind, helper, localDir: directory, log: silentLog });
      } catch (error) {
        // a machine without control groups
        if (kind === 'cgroup' && errorCode(error) === 'CONFIG_INVALID') this.skip();
        throw error;
      }
    });
    afterEach(async () => {
      for (const pid of notedPids()) if (processStart(pid) !== undefined) process.kill(pid, 'SIGKILL');
      await endContained({ containment }, { clock: systemClock, log: silentLog });
      closeContainment(containment);
      rmSync(directory, { recursive: true, force: true });
    });

    const spawnShell = (script: string, more: Partial<ChildSpec> = {}): Promise<Child> =>
      spawnChild({
        ...{ name: 'shell-7 (split)', command: 'sh', args: ['-c', script], cwd: directory },
        ...{ clock: systemClock, log: silentLog, containment, ...more },
      });
    const notedPids = (): number[] => {
      const notes = join(directory, 'notes');
      return existsSync(notes) ? readdirSync(notes).map((name) => Number(name.split('-')[1])) : [];
    };
    const living = (): string[] => {
      const notes = join(directory, 'notes');
      return readdirSync(notes)
        .filter((name) => processStart(Number(name.split('-')[1])) !== undefined)
        .map((name) => name.split('-')[0]!)
        .sort();
    };
    /** Groups that are left below the gateway's own. */
    const cells = (): string[] =>
      containment.kind === 'cgroup'
        ? readdirSync(containment.directory, { withFileTypes: true })
            .filter((entry) => entry.isDirectory())
            .map((entry) => entry.name)
        : [];
    /** A process group does not hold what has left it. */
    const escaped = kind === 'group' ? ['daemon', 'session'] : [];
    /** The kernel needs a moment to end the processes of a group after the signal. */
    const assertLeft = async (expected: readonly string[]): Promise<void> => {
      if (kind === 'group')
        await until('the end of its group', () => living().length <= expected.length || undefined);
      assert.deepEqual(living(), expected);
      assert.deepEqual(cells(), []);
    };
    const saysUp = (child: Child): Promise<unknown> =>
      new Promise((resolve) => child.stdout.once('data', resolve));

    it('ends with it when it ends by itself', async () => {
      const child = await spawnShell(`${leaveThree}; exit 7`);
      child.stdout.resume();
      assert.deepEqual(await child.exited, { code: 7, signal: null, lastStderrLines: [] });
      await assertLeft(escaped);
    });

    it('ends with it when it is killed by its pid, which is the one that is recorded', async () => {
      const pidDir = join(directory, 'pids');
      const child = await spawnShell(`${leaveThree}; echo $$; sleep 1000`, { pidDir });
      assert.equal(Number(String(await saysUp(child))), child.pid);
      assert.deepEqual(readdirSync(pidDir), [String(child.pid)]);
      assert.equal(readFileSync(join(pidDir, String(child.pid)), 'utf8'), processStart(child.pid));
      process.kill(child.pid, 'SIGKILL');
      assert.equal((await child.exited).signal, 'SIGKILL');
      assert.deepEqual(readdirSync(pidDir), []);
      await assertLeft(escaped);
    });

    it('ends with it when it has to be killed, after its grace', async () => {
      const child = await spawnShell(
        `trap "echo term >&2" TERM; ${leaveThree}; echo up; while :; do wait; done`,
      );
      await saysUp(child);
      const exit = await child.end(100);
      assert.deepEqual(exit, { code: null, signal: 'SIGKILL', lastStderrLines: ['term'] });
      await assertLeft(escaped);
    });

    it('is asked to end by SIGTERM like the program itself', async () => {
      const child = await spawnShell(
        `sh -c 'trap "echo member >&2; exit" TERM; sleep 1000 & echo up; wait' & trap "wait; exit 5" TERM; wait`,
      );
      await saysUp(child);
      assert.deepEqual(await child.end(20_000), { code: 5, signal: null, lastStderrLines: ['member'] });
    });

    it('ends with an owner that is killed, and the owner leaves no group', async () => {
      writeFileSync(join(directory, 'script'), `${leaveThree}; echo up; sleep 1000`);
      const cell = cellOf(containment, 'owner');
      const started = await spawnDetached({
        ...{ name: 'owner', command: process.execPath, cwd: root, containment: cell },
        args: ['--import=tsx', owner, directory, JSON.stringify(cell)],
        outputFile: join(directory, 'out'),
      });
      await until('a start', () => /^up$/m.test(readFileSync(join(directory, 'out'), 'utf8')) || undefined);
      assert.equal(await endProcess(started, { graceMs: 0, clock: systemClock }), 'killed');
      await endRecordedProcesses(join(directory, 'pids'), { graceMs: 0, clock: systemClock });
      await endContained(
        { keeper: started.keeper, containment: cell },
        { clock: systemClock, log: silentLog },
      );
      assert.equal((await started.exited).signal, 'SIGKILL');
      await assertLeft(escaped);
    });

    it('does not gather when the program crashes again and again', async () => {
      const pidDir = join(directory, 'pids');
      for (let life = 1; life <= 5; life++) {
        const child = await spawnShell(`WANTED=${3 * life}; ${leaveThree}; kill -SEGV $$`, { pidDir });
        child.stdout.resume();
        assert.equal((await child.exited).signal, 'SIGSEGV');
        // What a process group loses is there for each life.
        await assertLeft(escaped.flatMap((name) => Array<string>(life).fill(name)));
      }
      assert.deepEqual(readdirSync(pidDir), []);
    });

    it('names the command that cannot be started and leaves no group', async () => {
      const wrong = { name: 'x', command: 'no-such-program-here', args: [], cwd: directory, containment };
      const fault = { code: 'SPAWN_FAILED', message: /no-such-program-here.*no program of that name/ };
      await assert.rejects(spawnChild({ ...wrong, clock: systemClock, log: silentLog }), fault);
      await assert.rejects(spawnDetached({ ...wrong, containment: cellOf(containment, 'x') }), fault);
      await endContained({ containment: cellOf(containment, 'x') }, { clock: systemClock, log: silentLog });
      assert.deepEqual(cells(), []);
    });

    if (kind !== 'group') {
      it('ends though it forks faster than it is killed', async () => {
        const child = await spawnChild({
          ...{ name: 'runaway', command: 'python3', args: ['-c', runaway], cwd: directory, containment },
          ...{ clock: systemClock, log: silentLog },
        });
        await saysUp(child);
        assert.ok(processesIn(directory).length > 1);
        assert.equal((await child.end(0)).signal, 'SIGKILL');
        assert.deepEqual(processesIn(directory), []);
        assert.deepEqual(cells(), []);
      });

      it('ends with the helper, what is in no group of its own later, with the container', async () => {
        const child = await spawnShell(`${leaveThree}; echo up; sleep 1000`);
        await saysUp(child);
        process.kill(parentOf(child.pid), 'SIGKILL');
        assert.equal((await child.exited).signal, 'SIGKILL');
        assert.equal(processStart(child.pid), undefined);
        if (kind === 'subreaper')
          await until('the end of its group', () => living().length <= 2 || undefined);
        assert.deepEqual(living(), kind === 'cgroup' ? [] : ['daemon', 'session']);
        assert.deepEqual(cells(), []);
      });

      it('does not hold up the end for longer than five seconds though it stops the helper', async () => {
        const clock = new ManualClock();
        const child = await spawnShell('kill -STOP $PPID; echo up; sleep 1000', { clock });
        await saysUp(child);
        const helperPid = parentOf(child.pid);
        const ended = child.end(0);
        clock.advance(4999);
        assert.notEqual(processStart(helperPid), undefined);
        clock.advance(1);
        await until('the end', () => {
          clock.advance(5); // for looks at the control group
          return child.exit === undefined ? undefined : true;
        });
        assert.equal((await ended).signal, 'SIGKILL');
        assert.equal(processStart(child.pid), undefined);
      });
    }
  });
}

/** Processes whose working directory is there. */
function processesIn(directory: string): string[] {
  return readdirSync('/proc').filter((name) => {
    try {
      return /^\d/.test(name) && readlinkSync(`/proc/${name}/cwd`) === directory;
    } catch {
      return false;
    }
  });
}

function until(what: string, probe: () => true | undefined): Promise<true> {
  return waitFor(what, probe, { clock: systemClock, limitMs: 10_000 });
}

function parentOf(pid: number): number {
  return Number(/^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))![1]);
}
