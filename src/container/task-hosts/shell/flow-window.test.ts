import assert from 'node:assert/strict';
import fc from 'fast-check';
import { FlowWindow } from './flow-window.ts';

/** Writes all there is room for at `nowMs`, markers where the window asks for them. */
function fill(window: FlowWindow, nowMs: number): number {
  let written = 0;
  while (window.room > 0) {
    if (window.wrote()) window.markerWritten(nowMs);
    written++;
  }
  if (window.isStalled) window.markerWritten(nowMs);
  return written;
}

describe('FlowWindow', () => {
  it('opens to the limit for a child that answers fast', () => {
    const window = new FlowWindow(100);
    let size = 0;
    for (let i = 0; i < 40; i++) {
      size = Math.max(size, fill(window, i));
      window.markerAnswered(i);
    }
    assert.ok(size > 40 && size <= 100, `${size}`);
  });

  it('lets a child that takes long for a tuple have one or two at a time', () => {
    const window = new FlowWindow(100);
    fill(window, 0);
    for (let i = 1; i < 20; i++) {
      window.markerAnswered(i * 2000);
      assert.ok(fill(window, i * 2000) <= 2);
    }
  });

  it('always waits for a marker or needs one while it is full, whatever the child does', () => {
    const answers = fc.array(fc.record({ afterMs: fc.nat(1000), markers: fc.nat(3), reached: fc.nat(200) }));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), answers, (max, steps) => {
        const window = new FlowWindow(max);
        let nowMs = 0;
        let outstanding = fill(window, nowMs);
        for (const { afterMs, markers, reached } of steps) {
          nowMs += afterMs;
          for (let i = 0; i < markers; i++) window.markerAnswered(nowMs);
          window.reached(reached);
          if (window.room > 0) outstanding = fill(window, nowMs);
          assert.ok(outstanding <= max);
          assert.ok(window.room > 0 || window.waitingSinceMs !== undefined || window.isStalled);
          if (window.isStalled) window.markerWritten(nowMs);
        }
      }),
    );
  });

  it('takes an ack for a sign that all before it has been reached', () => {
    const window = new FlowWindow(10);
    const written = fill(window, 0);
    assert.equal(window.room, 0);
    window.reached(written);
    assert.equal(window.room, written);
    window.reached(1_000_000); // a number that was never given out
    assert.equal(window.room, written);
  });

  it('begins small again after a pause', () => {
    const window = new FlowWindow(100);
    for (let i = 0; i < 40; i++) {
      fill(window, i);
      window.markerAnswered(i);
    }
    while (window.waitingSinceMs !== undefined) window.markerAnswered(50);
    window.reached(window.nextNumber - 1);
    window.idle();
    assert.equal(window.room, 2);
  });

  it('remembers at most 1000 markers of a child that acks and never answers a heartbeat', () => {
    const window = new FlowWindow(100);
    for (let number = 1; number <= 5000; number++) {
      if (window.wrote() || window.isStalled) window.markerWritten(number);
      window.reached(number);
    }
    let markers = 0;
    for (; window.waitingSinceMs !== undefined; markers++) window.markerAnswered(5000);
    assert.ok(markers > 0 && markers <= 1000, `${markers}`);
  });

  it('marks the tuples that follow when it has forgotten a marker', () => {
    const window = new FlowWindow(100);
    for (let number = 1; number <= 3000; number++) {
      if (window.wrote() || window.isStalled) window.markerWritten(number);
      window.reached(number);
    }
    for (; window.waitingSinceMs !== undefined; ) window.markerAnswered(3000);
    fill(window, 3000);
    assert.equal(window.waitingSinceMs, 3000);
  });
});
