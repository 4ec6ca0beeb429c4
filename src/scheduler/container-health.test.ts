import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog, systemClock, waitFor } from '../base/index.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { ContainerHealth, type WatchedContainer } from './container-health.ts';

describe('the health of containers', () => {
  let dir: string;
  let clock: ManualClock;
  let health: ContainerHealth;
  let replaced: string[];
  let looks = 0;

  const watched = (more: Partial<WatchedContainer> = {}): WatchedContainer => ({
    process: { pid: process.pid, processStart: '', incarnation: 'i1', startedAtMs: 0 },
    isAdopted: false,
    workDir: join(dir, 'run'),
    replace: (why) => replaced.push(why),
    ...more,
  });
  const look = (running: readonly WatchedContainer[]): void => {
    health = new ContainerHealth({
      ...{ clock, log: silentLog, probeFile: join(dir, 'alive') },
      limits: { silentMsMax: 10_000, stoppedMsMax: 2000 },
      running: () => {
        looks++;
        return running;
      },
    });
  };
  const live = (): void => {
    writeFileSync(join(dir, 'run', 'alive'), '');
    utimesSync(join(dir, 'run', 'alive'), clock.nowMs() / 1000, clock.nowMs() / 1000);
  };
  /** Lets seconds pass. Each check waits for the disk, as it does in production. */
  const pass = async (seconds: number, each: () => void = () => undefined): Promise<void> => {
    for (let second = 0; second < seconds; second++) {
      each();
      await advance(1000);
    }
  };
  const advance = async (ms: number): Promise<void> => {
    const before = looks;
    clock.advance(ms);
    const looked = () => (looks > before ? true : undefined);
    await waitFor('a check', looked, { clock: systemClock, limitMs: 5000, everyMs: 0 });
  };

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'egret-health-'));
    mkdirSync(join(dir, 'run'));
    clock = new ManualClock();
    replaced = [];
  });
  afterEach(() => {
    health[Symbol.dispose]();
    rmSync(dir, { recursive: true, force: true });
  });

  it('replaces one whose sign of life has ceased, and not before its time', async () => {
    look([watched()]);
    await pass(20, live);
    await pass(8);
    assert.deepEqual(replaced, []);
    await pass(6);
    assert.match(replaced.join(), /gave no sign of life for 10 s \(egret\.container\.timeout\.secs\)/);
  });

  it('never counts a pause of its own against a container', async () => {
    look([watched()]);
    await pass(3, live);
    await pass(8);
    await advance(3_600_000); // the machine was suspended
    await pass(7);
    assert.deepEqual(replaced, []);
  });

  it('gives one that starts more time, and one of an earlier gateway that gives no signs all of it', async () => {
    look([
      watched(),
      watched({
        process: { pid: process.pid, processStart: '', incarnation: 'old', startedAtMs: 0 },
        isAdopted: true,
        replace: () => assert.fail('adopted'),
      }),
    ]);
    await pass(50);
    assert.deepEqual(replaced, []);
    await pass(20);
    assert.match(replaced.join(), /no sign of life/);
  });
});
