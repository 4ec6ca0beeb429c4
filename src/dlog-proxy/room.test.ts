import assert from 'node:assert/strict';
import { type HeldStream, keptMs, streamToGiveBack } from './room.ts';

const held = (name: string, usedAtMs: number, more: Partial<HeldStream> = {}): HeldStream => ({
  ...{ name, usedAtMs, peer: 'a', isOwned: true, isQuiet: true },
  ...more,
});
const now = 10_000;

describe('the stream that is given back to make room', () => {
  const choice = (streams: readonly HeldStream[], peer = 'a'): string | undefined =>
    streamToGiveBack(streams, { nowMs: now, peer });

  it('is the one that was unused for longest, once it was unused for a while', () => {
    assert.equal(choice([held('one', now - keptMs), held('two', now - 1)]), 'one');
    assert.equal(choice([held('one', now - keptMs + 1), held('two', now - 1)]), undefined);
  });

  it('is never one with a write in flight', () => {
    assert.equal(choice([held('one', 0, { isQuiet: false }), held('two', 5)]), 'two');
    assert.equal(choice([held('one', 0, { isQuiet: false })]), undefined);
    const greedy = ['x', 'y', 'z'].map((name) => held(name, now, { isQuiet: false }));
    assert.equal(choice(greedy, 'b'), undefined);
  });

  it('is one that is not written here before any other', () => {
    assert.equal(choice([held('one', 0), held('two', now, { isOwned: false })]), 'two');
  });

  it('comes from the address that holds the most, for one that holds less', () => {
    const flood = Array.from({ length: 5 }, (_, index) => held(`f${index}`, now - 10 + index));
    const streams = [held('good', now - 20, { peer: 'b' }), ...flood];
    assert.equal(choice(streams, 'b'), 'f0');
    assert.equal(choice(streams, 'c'), 'f0');
    assert.equal(choice(streams, 'a'), undefined);
  });

  it('is none among equals', () => {
    assert.equal(choice([held('one', now, { peer: 'a' }), held('two', now, { peer: 'b' })], 'b'), undefined);
  });
});
