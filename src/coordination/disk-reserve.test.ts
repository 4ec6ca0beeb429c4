import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GatewayError, isDiskFull } from '../base/index.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { recordingLog } from '../testing/recording-log.ts';
import { DiskReserve } from './disk-reserve.ts';
import { unavailable } from './unavailable.ts';

const mebibyte = 1024 * 1024;
const full = (): Error => Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });

describe('DiskReserve', () => {
  let dir: string;
  let clock: ManualClock;
  let reserve: DiskReserve;
  let free = 1000 * mebibyte;

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'egret-reserve-'));
    // Time passes exactly while the reserve waits.
    clock = new ManualClock();
    clock.sleep = (ms) => Promise.resolve(clock.advance(ms));
    free = 1000 * mebibyte;
    reserve = await open();
  });
  afterEach(async () => {
    await reserve.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const open = (): Promise<DiskReserve> =>
    DiskReserve.open({
      dir: join(dir, 'reserve'),
      clock,
      log: recordingLog(),
      bytesFree: () => Promise.resolve(free),
    });
  const standing = (): number => readdirSync(join(dir, 'reserve')).length;
  it('is on the disk, not only in name, and stands for the next gateway', async () => {
    assert.equal(standing(), 8);
    for (const name of readdirSync(join(dir, 'reserve'))) {
      const { size, blocks, mode } = statSync(join(dir, 'reserve', name));
      assert.deepEqual([size, blocks * 512 >= mebibyte, mode & 0o777], [mebibyte, true, 0o600]);
    }
    await reserve.close();
    free = 0;
    reserve = await open();
    assert.equal(standing(), 8);
  });

  it('gives up a piece at a time until an operation that frees space works', async () => {
    const answer = reserve.freeing('killing a', () => {
      if (standing() > 6) return Promise.reject(full());
      return Promise.resolve('killed');
    });
    assert.equal(await answer, 'killed');
    assert.equal(standing(), 6);
  });

  it('is not touched by operations that work or that fail for another reason', async () => {
    assert.equal(await reserve.freeing('killing a', () => Promise.resolve(1)), 1);
    await assert.rejects(
      reserve.freeing('killing a', () => Promise.reject(new Error('other'))),
      /^Error: other$/,
    );
    assert.equal(standing(), 8);
  });

  it('refuses after ten seconds, naming the operation, the directory and what to do', async () => {
    const startedMs = clock.monotonicMs();
    await assert.rejects(
      reserve.freeing('killing a', () => Promise.reject(full())),
      {
        code: 'STATE_UNAVAILABLE',
        message: new RegExp(`^killing a: the disk of ${dir} is full, .*delete files there by hand`),
      },
    );
    const tookMs = clock.monotonicMs() - startedMs;
    assert(tookMs >= 10_000 && tookMs < 12_000, `${tookMs}`);
    assert.equal(standing(), 0);
  });

  it('is written again when the disk has room, and not before', async () => {
    await reserve.freeing('killing a', () => (standing() > 7 ? Promise.reject(full()) : Promise.resolve()));
    free = 15 * mebibyte;
    clock.advance(20_000);
    await reserve.refill();
    assert.equal(standing(), 7);
    free = 16 * mebibyte;
    await reserve.refill();
    assert.equal(standing(), 8);
  });

  it('knows a full disk from other faults of the state store', () => {
    const said = (text: string): GatewayError =>
      unavailable({ what: 'writing a', address: 'unix:/x' }, new Error(text));
    assert(isDiskFull(said('MISCONF Errors writing to the AOF file: No space left on device')));
    assert(isDiskFull(new GatewayError('UPLOAD_FAILED', 'x', { cause: full() })));
    assert(!isDiskFull(said('MISCONF Errors writing to the AOF file: Input/output error')));
    assert(!isDiskFull(new Error('x')));
  });
});
