import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ExecutorMetrics } from './executor-metrics.ts';
import { RollingCounts, windowKeys, windowSeconds } from './rolling-counts.ts';

describe('RollingCounts', () => {
  it('counts exactly what a model over single events does, when rotated each second', () => {
    const step = fc.record({
      waitMs: fc.constantFrom(0, 300, 1000, 29_000, 285_000, 570_000),
      amount: fc.nat(5),
      row: fc.nat(1),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const startMs = 12_345;
        let nowMs = startMs;
        const counts = new RollingCounts(2, startMs);
        const events: { atMs: number; amount: number; row: number }[] = [];
        for (const { waitMs, amount, row } of steps) {
          const untilMs = nowMs + waitMs;
          while (nowMs < untilMs) {
            nowMs = Math.min(nowMs + 1000, untilMs);
            counts.rotate(nowMs);
          }
          counts.add(row, amount);
          events.push({ atMs: nowMs, amount, row });
        }
        windowKeys.forEach((_, window) => {
          const bucketMs = ((windowSeconds[window] ?? 0) * 1000) / 20;
          const current = Math.floor((nowMs - startMs) / bucketMs);
          const isWithin = (atMs: number): boolean =>
            window === 3 || Math.floor((atMs - startMs) / bucketMs) > current - 20;
          for (const row of [0, 1]) {
            const own = events.filter((event) => event.row === row && isWithin(event.atMs));
            assert.equal(
              counts.read(window, row),
              own.reduce((sum, event) => sum + event.amount, 0),
            );
          }
        });
      }),
    );
  });

  it('forgets a window whose time passed while nobody looked', () => {
    const counts = new RollingCounts(1, 0);
    counts.add(0, 7);
    counts.rotate(601_000);
    assert.deepEqual(
      [0, 1, 3].map((window) => counts.read(window, 0)),
      [0, 7, 7],
    );
  });

  it('ignores time that steps back', () => {
    const counts = new RollingCounts(1, 0);
    counts.rotate(100_000);
    counts.add(0, 1);
    counts.rotate(50_000);
    counts.rotate(100_000);
    assert.equal(counts.read(0, 0), 1);
  });
});

describe('ExecutorMetrics', () => {
  it("reports a spout's streams by name, its latency as an average", () => {
    const metrics = new ExecutorMetrics(
      { executor: [1, 1], componentId: 's', kind: 'spout', streams: ['a', 'default'], inputs: [] },
      0,
    );
    metrics.emitted(2, 3);
    metrics.transferred(2, 6);
    metrics.completed(2, 2, 30);
    metrics.failed(2, 1);
    const record = metrics.record(2500);
    assert.equal(record.uptimeSecs, 2);
    for (const window of ['600', '10800', '86400', ':all-time']) {
      assert.deepEqual(record.emitted[window], { default: 3 });
      assert.deepEqual(record.transferred[window], { default: 6 });
      assert.deepEqual(record.specific.kind === 'spout' && record.specific.completeMsAvg[window], {
        default: 15,
      });
      assert.deepEqual(record.specific.failed[window], { default: 1 });
    }
  });

  it("reports a bolt's inputs by component and stream, and keeps a row at zero once it was used", () => {
    const inputs = [
      { componentId: 's', streamId: 'default' },
      { componentId: 's', streamId: 'x' },
    ];
    const metrics = new ExecutorMetrics(
      { executor: [2, 3], componentId: 'b', kind: 'bolt', streams: [], inputs },
      0,
    );
    metrics.executed(1, 4, 2);
    metrics.acked(1, 4, 8);
    const { specific } = metrics.record(700_000);
    assert(specific.kind === 'bolt');
    assert.deepEqual(specific.executed['600'], { 's\0x': 0 });
    assert.deepEqual(specific.executed[':all-time'], { 's\0x': 4 });
    assert.deepEqual(specific.executeMsAvg[':all-time'], { 's\0x': 0.5 });
    assert.deepEqual(specific.processMsAvg['10800'], { 's\0x': 2 });
    assert.deepEqual(specific.failed[':all-time'], {});
  });
});
