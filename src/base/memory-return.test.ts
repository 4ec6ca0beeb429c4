import assert from 'node:assert/strict';
import { ManualClock } from '../testing/manual-clock.ts';
import { waitFor } from './async.ts';
import { systemClock } from './clock.ts';
import { MemoryReturn, type MemoryUse } from './memory-return.ts';

const mebibyte = 1024 * 1024;

describe('the return of memory', () => {
  it('collects once after growth that has stopped, and not again before the next', () => {
    const clock = new ManualClock();
    let externalBytes = 10 * mebibyte;
    let collections = 0;
    const use = (): MemoryUse => ({ heapUsedBytes: 30 * mebibyte, externalBytes });
    const collect = (): void => {
      collections += 1;
      externalBytes = 12 * mebibyte;
    };
    const memory = new MemoryReturn({ clock, use, collect });
    clock.advance(60_000);
    assert.equal(collections, 0);
    for (let grown = 0; grown < 4; grown++) {
      externalBytes += 30 * mebibyte;
      clock.advance(5000);
    }
    assert.equal(collections, 0, 'while it grows V8 collects by itself');
    clock.advance(5000);
    assert.equal(collections, 1);
    clock.advance(60_000);
    assert.equal(collections, 1);
    externalBytes += 50 * mebibyte;
    clock.advance(10_000);
    assert.equal(collections, 2);
    memory[Symbol.dispose]();
    externalBytes += 50 * mebibyte;
    clock.advance(60_000);
    assert.equal(collections, 2);
  });

  it('frees the memory of unreferenced buffers', async () => {
    const clock = new ManualClock();
    // What the process really uses depends on the tests before this one.
    const seen = [0, 100 * mebibyte, 100 * mebibyte, 0];
    const use = (): MemoryUse => ({ heapUsedBytes: 0, externalBytes: seen.shift() ?? 0 });
    const memory = new MemoryReturn({ clock, use });
    const before = externalAfterBuffers(64);
    clock.advance(10_000);
    memory[Symbol.dispose]();
    assert.equal(seen.length, 0, 'it has collected');
    // V8 frees collected buffers in a thread of its own, and counts them as freed when the next buffer is
    // made.
    await waitFor('the end of the buffers', () => externalNow() < before - 60 * mebibyte || undefined, {
      ...{ clock: systemClock, limitMs: 20_000 },
    });
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
