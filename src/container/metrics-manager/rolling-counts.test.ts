import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { JsonValue } from '../../base/index.ts';
import { askOracle } from '../../testing/oracle.ts';
import { RollingCounts, rotationMs, windowKeys } from './rolling-counts.ts';
import { TaskMetrics } from './task-metrics.ts';

/** A day and a half in steps of a second at most, with what happens in each. */
const steps = fc.array(
  fc.record({
    waitMs: fc.constantFrom(0, 300, 1000, 29_000, 285_000, 570_000, 4_000_000),
    amount: fc.nat(5000),
    isRead: fc.boolean(),
  }),
  { minLength: 1, maxLength: 60 },
);

describe('RollingCounts', () => {
  it("counts in every window what Storm's CountStat does", () => {
    const seed = Number(process.env['SEED'] ?? Math.trunc(Math.random() * 2 ** 31));
    const scripts: JsonValue[][] = [];
    const ours = fc.sample(steps, { numRuns: 40, seed }).map((script) => {
      const counts = new RollingCounts(2, 0);
      const told: JsonValue[] = [];
      const readings: unknown[] = [];
      let nowMs = 0;
      const advance = (toMs: number): void => {
        for (let atMs = nowMs - (nowMs % rotationMs) + rotationMs; atMs <= toMs; atMs += rotationMs) {
          told.push([atMs, 'rotate', 0]);
          counts.rotate(atMs);
        }
        counts.rotate(toMs);
        nowMs = toMs;
      };
      for (const { waitMs, amount, isRead } of script) {
        advance(nowMs + waitMs);
        if (isRead) {
          told.push([nowMs, 'read', 0]);
          readings.push(
            Object.fromEntries(windowKeys.map((key, window) => [key, Math.trunc(counts.read(window, 1))])),
          );
        } else {
          told.push([nowMs, 'add', amount]);
          counts.add(1, amount);
        }
      }
      scripts.push(told);
      return readings;
    });
    assert.deepEqual(ours, askOracle('WindowCounts', scripts), `seed ${seed}`);
  }).timeout(60_000);

  it('never counts less than nothing, nor more than there is, however late it is rotated', () => {
    fc.assert(
      fc.property(steps, (script) => {
        const counts = new RollingCounts(1, 0);
        let nowMs = 0;
        let total = 0;
        for (const { waitMs, amount, isRead } of script) {
          nowMs += waitMs;
          if (isRead) counts.rotate(nowMs);
          counts.add(0, amount);
          total += amount;
          windowKeys.forEach((_, window) => {
            const read = counts.read(window, 0);
            assert(read >= 0 && read <= total, `${read} of ${total}`);
          });
        }
      }),
    );
  });

  it('forgets a window that expired between two rotations', () => {
    const counts = new RollingCounts(1, 0);
    counts.add(0, 7);
    counts.rotate(650_000);
    counts.rotate(1_300_000);
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

  it('keeps what it counted when rows are added', () => {
    const counts = new RollingCounts(2, 0);
    counts.add(1, 5);
    counts.rotate(40_000);
    counts.add(0, 3);
    counts.grow(5);
    counts.add(4, 9);
    counts.rotate(620_000);
    assert.deepEqual(
      [0, 1, 4].map((row) => [Math.round(counts.read(0, row)), counts.read(3, row)]),
      [
        [3, 3],
        [2, 5],
        [9, 9],
      ],
    );
  });
});

describe('TaskMetrics', () => {
  it("reports a spout's streams by name, its latency as an average", () => {
    const metrics = new TaskMetrics(
      { taskId: 1, executor: [1, 1], componentId: 's', kind: 'spout', streams: ['a', 'default'], inputs: [] },
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
    const metrics = new TaskMetrics(
      { taskId: 2, executor: [2, 3], componentId: 'b', kind: 'bolt', streams: [], inputs },
      0,
    );
    metrics.executed(1, 4, 2);
    metrics.acked(1, 4, 8);
    metrics.rotate(50_000);
    const { specific } = metrics.record(700_000);
    assert(specific.kind === 'bolt');
    assert.deepEqual(specific.executed['600'], { 's\0x': 0 });
    assert.deepEqual(specific.executed[':all-time'], { 's\0x': 4 });
    assert.deepEqual(specific.executeMsAvg[':all-time'], { 's\0x': 0.5 });
    assert.deepEqual(specific.processMsAvg['10800'], { 's\0x': 2 });
    assert.deepEqual(specific.failed[':all-time'], {});
  });
});
