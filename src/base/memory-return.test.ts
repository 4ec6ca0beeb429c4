import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { ManualClock } from '../testing/manual-clock.ts';
import { waitFor } from './async.ts';
import { systemClock } from './clock.ts';
import { MemoryReturn, memoryGiveBack } from './memory-return.ts';

const mebibyte = 1024 * 1024;

/** A process of so much memory, of which the return leaves `leftBytes`; without them it changes nothing. */
function processOf(startBytes: number, leftBytes?: number) {
  const clock = new ManualClock();
  const state = { bytes: startBytes, returns: 0 };
  const giveBack = (): void => {
    state.returns += 1;
    state.bytes = leftBytes ?? state.bytes;
  };
  const memory = new MemoryReturn({ clock, giveBack, residentBytes: () => state.bytes });
  return { clock, state, memory };
}

describe('the return of memory', () => {
  it('happens once after growth that has stopped, and not again before the next', () => {
    const { clock, state, memory } = processOf(140 * mebibyte, 142 * mebibyte);
    clock.advance(60_000);
    assert.equal(state.returns, 0);
    for (let grown = 0; grown < 4; grown++) {
      state.bytes += 30 * mebibyte;
      clock.advance(5000);
    }
    assert.equal(state.returns, 0, 'while it grows V8 collects by itself');
    clock.advance(5000);
    assert.equal(state.returns, 1);
    clock.advance(60_000);
    assert.equal(state.returns, 1);
    state.bytes += 50 * mebibyte;
    clock.advance(10_000);
    assert.equal(state.returns, 2);
    memory[Symbol.dispose]();
    state.bytes += 50 * mebibyte;
    clock.advance(60_000);
    assert.equal(state.returns, 2);
  });

  it('waits longer for a little', () => {
    const { clock, state, memory } = processOf(140 * mebibyte, 140 * mebibyte);
    state.bytes += 15 * mebibyte;
    clock.advance(15_000);
    assert.equal(state.returns, 0);
    clock.advance(5000);
    assert.equal(state.returns, 1);
    state.bytes += 11 * mebibyte;
    clock.advance(600_000);
    assert.equal(state.returns, 1, 'less is not worth a pause');
    memory[Symbol.dispose]();
  });

  it('counts growth from the least that the process had', () => {
    const { clock, state, memory } = processOf(200 * mebibyte);
    state.bytes = 120 * mebibyte;
    clock.advance(5000);
    state.bytes = 150 * mebibyte;
    clock.advance(10_000);
    assert.equal(state.returns, 1);
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
