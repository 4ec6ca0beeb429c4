import assert from 'node:assert/strict';
import type { ExecutorStatsRecord } from '../records/index.ts';
import { capacityOf, sumByWindow, totalsOfWindow, windowStats, zeroTotals } from './window-stats.ts';

const bolt = (uptimeSecs: number): ExecutorStatsRecord => ({
  ...{ executor: [1, 1], componentId: 'count', uptimeSecs, rate: 1 },
  emitted: { '600': { default: 3, __metrics: 5 } },
  transferred: { '600': { default: 3 } },
  specific: {
    kind: 'bolt',
    acked: { '600': { 'a\0default': 1, 'b\0default': 1 } },
    failed: {},
    executed: { '600': { 'a\0default': 300, 'b\0default': 100 } },
    executeMsAvg: { '600': { 'a\0default': 1, 'b\0default': 5 } },
    processMsAvg: { '600': { 'a\0default': 2, 'b\0default': Number.NaN } },
  },
});

describe('the statistics of a window', () => {
  it('weight latencies by executed tuples and leave out what is no number', () => {
    const stats = windowStats('bolt', totalsOfWindow(bolt(60), '600', false));
    assert(stats.kind === 'bolt');
    assert.deepEqual([stats.executeLatencyMs, stats.processLatencyMs], [2, 1.5]);
  });

  it('count system streams only when they are asked for', () => {
    assert.equal(totalsOfWindow(bolt(60), '600', false).emitted, 3);
    assert.equal(totalsOfWindow(bolt(60), '600', true).emitted, 8);
    assert.deepEqual([...sumByWindow([bolt(60).emitted, bolt(60).emitted], false)], [['600', 6]]);
  });

  it('are zero, latencies included, for a window without counts', () => {
    assert.deepEqual(
      windowStats('bolt', totalsOfWindow(bolt(60), '86400', true)),
      windowStats('bolt', zeroTotals()),
    );
    assert.equal(windowStats('spout', zeroTotals()).kind, 'spout');
  });

  it('take the capacity of ten minutes, or of a shorter life', () => {
    assert.equal(capacityOf(bolt(8)), 0.1);
    assert.equal(capacityOf(bolt(100_000)), 800 / 600_000);
    assert.equal(capacityOf(bolt(0)), 0);
  });
});
