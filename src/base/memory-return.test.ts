import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { ManualClock } from '../testing/manual-clock.ts';
import { waitFor } from './async.ts';
import { systemClock } from './clock.ts';
import { MemoryReturn, memoryGiveBack } from './memory-return.ts';

const mebibyte = 1024 * 1024;

describe('the return of memory', () => {
  it('happens once after growth that has stopped, and not again before the next', () => {
    const clock = new ManualClock();
    let bytes = 140 * mebibyte;
    let count = 0;
    const giveBack = (): void => {
      count += 1;
      bytes = 142 * mebibyte;
    };
    const memory = new MemoryReturn({ clock, giveBack, residentBytes: () => bytes });
    clock.advance(60_000);
    assert.equal(count, 0);
    for (let grown = 0; grown < 4; grown++) {
      bytes += 30 * mebibyte;
      clock.advance(5000);
    }
    assert.equal(count, 0, 'while it grows V8 collects by itself');
    clock.advance(5000);
    assert.equal(count, 1);
    clock.advance(60_000);
    assert.equal(count, 1);
    bytes += 50 * mebibyte;
    clock.advance(10_000);
    assert.equal(count, 2);
    memory[Symbol.dispose]();
    bytes += 50 * mebibyte;
    clock.advance(60_000);
    assert.equal(count, 2);
  });

  it('waits longer for a little', () => {
    const clock = new ManualClock();
    let bytes = 140 * mebibyte;
    let count = 0;
    const giveBack = (): void => {
      count += 1;
      bytes = 140 * mebibyte;
    };
    const memory = new MemoryReturn({ clock, giveBack, residentBytes: () => bytes });
    bytes += 15 * mebibyte;
    clock.advance(15_000);
    assert.equal(count, 0);
    clock.advance(5000);
    assert.equal(count, 1);
    bytes += 11 * mebibyte;
    clock.advance(600_000);
    assert.equal(count, 1, 'less is not worth a pause');
    memory[Symbol.dispose]();
  });

  it('counts growth from the least that the process had', () => {
    const clock = new ManualClock();
    let bytes = 200 * mebibyte;
    let count = 0;
    const giveBack = (): void => {
      count += 1;
    };
    const memory = new MemoryReturn({ clock, giveBack, residentBytes: () => bytes });
    bytes = 120 * mebibyte;
    clock.advance(5000);
    bytes = 150 * mebibyte;
    clock.advance(10_000);
    assert.equal(count, 1);
    memory[Symbol.dispose]();
  });

  it('frees the memory of buffers that nothing holds, with the addon and without', async () => {
    const built = fileURLToPath(new URL('../../build/native/egret-trim.node', import.meta.url));
    for (const addon of [built, `${built}.missing`]) {
      const beforeBytes = externalAfterBuffers(64);
      memoryGiveBack(addon)();
      // V8 frees collected buffers in a thread of its own, and counts them as freed when the next one is
      // made.
      await waitFor(
        'the end of the buffers',
        () => externalNow() < beforeBytes - 60 * mebibyte || undefined,
        {
          ...{ clock: systemClock, limitMs: 20_000 },
        },
      );
    }
  });
});

function externalNow(): number {
  const { byteLength } = new ArrayBuffer(1);
  return process.memoryUsage().external - byteLength;
}

/**
 * The external memory of this process while it holds so many buffers of a mebibyte, which it then releases.
 */
function externalAfterBuffers(count: number): number {
  const buffers = Array.from({ length: count }, () => Buffer.alloc(mebibyte, 1));
  return buffers.length === count ? process.memoryUsage().external : 0;
}
