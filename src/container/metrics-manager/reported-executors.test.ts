import assert from 'node:assert/strict';
import { ManualClock } from '../../testing/manual-clock.ts';
import { latencyBucketOf, percentilesOf } from '../../topology/index.ts';
import type { ExecutorTotals } from '../links/index.ts';
import { ReportedExecutors } from './reported-executors.ts';

const totals = (executed: number, more: Partial<ExecutorTotals> = {}): ExecutorTotals => ({
  executor: [3, 4],
  componentId: 'count',
  kind: 'bolt',
  emitted: { default: executed * 2 },
  transferred: { default: executed * 4 },
  acked: { 'words\0default': executed },
  failed: {},
  executed: { 'words\0default': executed },
  executeMs: { 'words\0default': [executed, 2] },
  latencyMs: { 'words\0default': [executed * 3, 2] },
  latencyBuckets: [latencyBucketOf(8), executed],
  ...more,
});

describe('ReportedExecutors', () => {
  const allTime = ':all-time';
  let clock: ManualClock;
  let executors: ReportedExecutors;
  beforeEach(() => {
    clock = new ManualClock();
    executors = new ReportedExecutors(clock);
  });
  const record = () => {
    const [only, ...others] = executors.records();
    assert.deepEqual(others, []);
    assert(only?.specific.kind === 'bolt');
    return { ...only, specific: only.specific };
  };

  it('gives the totals of a JVM the shape and the windows of Storm', () => {
    executors.report('jvm', [totals(0)]);
    executors.report('jvm', [totals(10)]);
    executors.report('jvm', [totals(30)]);
    const { executor, rate, emitted, transferred, specific, latencies } = record();
    assert.deepEqual([executor, rate], [[3, 4], 1]);
    assert.deepEqual([emitted['600'], transferred[allTime]], [{ default: 60 }, { default: 120 }]);
    assert.deepEqual(specific.executed['86400'], { 'words\0default': 30 });
    assert.deepEqual(specific.executeMsAvg[allTime], { 'words\0default': 15 });
    assert.deepEqual(specific.processMsAvg[allTime], { 'words\0default': 45 });
    assert.deepEqual(specific.failed[allTime], {});
    assert.equal(percentilesOf([latencies![allTime]!])!.count, 30);
  });

  it('continues in the next life of a JVM where the last one ended, and never decreases', () => {
    executors.report('jvm', [totals(100)]);
    executors.ended('jvm');
    executors.report('jvm', [totals(100)]);
    assert.equal(record().specific.executed[allTime]!['words\0default'], 200);
    executors.report('jvm', [totals(90)]);
    executors.report('jvm', [totals(95)]);
    assert(record().specific.executed[allTime]!['words\0default']! >= 200);
    clock.advance(5000);
    assert.equal(record().uptimeSecs, 5);
  });

  it('takes in rows that turn up later', () => {
    executors.report('jvm', [totals(1)]);
    clock.advance(100_000);
    executors.rotate();
    executors.report('jvm', [
      totals(1, { executed: { 'words\0default': 1, 'other\0x': 7 }, emitted: { default: 2, late: 5 } }),
    ]);
    const { specific, emitted } = record();
    assert.deepEqual(specific.executed['600'], { 'words\0default': 1, 'other\0x': 7 });
    assert.deepEqual(emitted['600'], { default: 2, late: 5 });
  });

  it('keeps hosts apart', () => {
    executors.report('jvm', [totals(100)]);
    executors.ended('another');
    executors.report('jvm', [totals(110)]);
    assert.equal(record().specific.executed[allTime]!['words\0default'], 110);
  });
});
