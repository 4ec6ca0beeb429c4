import assert from 'node:assert/strict';
import { ManualClock } from '../testing/manual-clock.ts';
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
    using _memory = new MemoryReturn({ clock, use, collect });
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
  });

  it('frees the memory of buffers that nobody holds', () => {
    const clock = new ManualClock();
    using _memory = new MemoryReturn({ clock });
    let held: Buffer[] | undefined = Array.from({ length: 64 }, () => Buffer.alloc(mebibyte, 1));
    const before = process.memoryUsage().external;
    assert.equal(held.length, 64);
    held = undefined;
    clock.advance(10_000);
    assert.ok(process.memoryUsage().external < before - 60 * mebibyte);
  });
});
