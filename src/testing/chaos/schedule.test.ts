import assert from 'node:assert/strict';
import fc from 'fast-check';
import { AckTimes } from './gaps.ts';
import { LineReader } from './lines.ts';
import { type FaultKind, planFaults } from './schedule.ts';

const weights = new Map<FaultKind, number>([
  ['JVM killed', 3],
  ['redis stopped', 1],
  ['disk full', 1],
]);
const hourMs = 3_600_000;

describe('planFaults', () => {
  it('plans the same for the same seed, and something else for another', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const plan = { seed, lengthMs: hourMs, weights, everyMs: 5000 };
        assert.deepEqual(planFaults(plan), planFaults(plan));
        assert.notDeepEqual(planFaults(plan), planFaults({ ...plan, seed: seed + 1 }));
      }),
      { numRuns: 20 },
    );
  });

  it('keeps to the length, the order of time and the kinds it was given', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1000, max: 60_000 }), (seed, everyMs) => {
        const planned = planFaults({ seed, lengthMs: 600_000, weights, everyMs });
        planned.forEach(({ atMs, kind, durationMs, pick }, index) => {
          assert.ok(atMs >= (planned[index - 1]?.atMs ?? 1000));
          // a burst may begin at the very end
          assert.ok(atMs < 600_000 + 500);
          assert.ok(weights.has(kind));
          assert.ok(durationMs >= 1 && durationMs <= 20_000);
          assert.ok(Number.isInteger(pick) && pick >= 0 && pick < 2 ** 32);
        });
      }),
    );
  });

  it('does each kind as often as its weight says, some of them at once', () => {
    const planned = planFaults({ seed: 1, lengthMs: 20 * hourMs, weights, everyMs: 5000 });
    const share = (kind: FaultKind): number =>
      planned.filter((fault) => fault.kind === kind).length / planned.length;
    assert.ok(Math.abs(share('JVM killed') - 0.6) < 0.03, String(share('JVM killed')));
    assert.ok(Math.abs(share('disk full') - 0.2) < 0.03, String(share('disk full')));
    const close = planned.filter((fault, index) => fault.atMs - (planned[index - 1]?.atMs ?? 0) < 500);
    assert.ok(close.length > planned.length / 20 && close.length < planned.length / 2, String(close.length));
  });
});

describe('AckTimes', () => {
  it('tells the longest silence of the spout task that was silent longest, whatever the order of acks', () => {
    const acks = new AckTimes(1000);
    const times = [...Array.from({ length: 100 }, (_, index) => 1000 + index * 50), 8000, 12_000];
    for (const atMs of times.toReversed()) acks.add('ids-1', atMs);
    for (let atMs = 1000; atMs < 200_000; atMs += 25) acks.add('ids-2', atMs);
    const isAbout = (ms: number, gapMs: number): void => assert.ok(Math.abs(ms - gapMs) <= 100, `${gapMs}`);
    isAbout(0, acks.longestGapMs(1000, 5900, 5900));
    isAbout(4000, acks.longestGapMs(1000, 12_000, 12_000));
    isAbout(2050, acks.longestGapMs(5950, 8000, 8000));
    isAbout(20_000, acks.longestGapMs(13_000, 33_000, 33_000));
  });
});

describe('AckTimes of a fault', () => {
  it('follow a silence that begins after a fault to its end, and none that begins later', () => {
    const acks = new AckTimes(0);
    for (const atMs of [100, 150, 5000, 5050, 9000]) acks.add('ids-1', atMs);
    assert.ok(Math.abs(acks.longestGapMs(100, 1000, 20_000) - 4850) <= 100);
    assert.ok(Math.abs(acks.longestGapMs(100, 1000, 3000) - 2850) <= 100);
  });
});

describe('LineReader', () => {
  it('gives the same lines whatever the cuts', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z ]*$/)), fc.array(fc.nat()), (lines, cuts) => {
        const text = lines.map((line) => `${line}\n`).join('');
        const reader = new LineReader();
        const ends = [...cuts.map((cut) => cut % (text.length + 1)), text.length].sort((a, b) => a - b);
        const got = ends.flatMap((end, index) => reader.feed(text.slice(ends[index - 1] ?? 0, end)));
        assert.deepEqual(got, lines);
      }),
    );
  });

  it('keeps the begin of a line until its end has come', () => {
    const reader = new LineReader();
    assert.deepEqual([reader.feed('a 1'), reader.feed('2;\nb')], [[], ['a 12;']]);
  });
});
