import assert from 'node:assert/strict';
import fc from 'fast-check';
import { WaterMarks } from '../route/water-marks.ts';
import { PressureUnion } from './pressure.ts';

describe('PressureUnion', () => {
  it('holds the union of the last report of each reporter, and returns when it changes', () => {
    const report = fc.tuple(
      fc.constantFrom('a', 'b', 'c'),
      fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 4 }),
    );
    fc.assert(
      fc.property(fc.array(report, { maxLength: 40 }), (reports) => {
        const union = new PressureUnion();
        const last = new Map<string, number[]>();
        const expected = (): number[] => [...new Set([...last.values()].flat())].sort((a, b) => a - b);
        for (const [reporter, tasks] of reports) {
          const before = expected();
          last.set(reporter, tasks);
          assert.equal(union.report(reporter, tasks), before.join() !== expected().join());
          assert.deepEqual(union.tasks(), expected());
        }
      }),
    );
  });
});

describe('WaterMarks', () => {
  it('rises at the high mark, falls at the low one, and keeps its answer between them', () => {
    const marks = new WaterMarks({ highBytes: 100, lowBytes: 10, highTuples: 50, lowTuples: 5 });
    const changes = [99, 100, 11, 150, 10, 99, 100].map((bytes) => [marks.update(bytes, 0), marks.isHigh]);
    assert.deepEqual(changes, [
      [false, false],
      [true, true],
      [false, true],
      [false, true],
      [true, false],
      [false, false],
      [true, true],
    ]);
  });

  it('falls when a queue whose marks are equal empties', () => {
    const marks = new WaterMarks({ highBytes: 5, lowBytes: 5, highTuples: 5, lowTuples: 5 });
    assert.deepEqual(
      [marks.update(5, 5), marks.isHigh, marks.update(5, 5), marks.isHigh],
      [true, true, true, false],
    );
  });

  it('rises at either high mark, and falls only below both low ones', () => {
    const marks = new WaterMarks({ highBytes: 100, lowBytes: 10, highTuples: 50, lowTuples: 5 });
    const steps: [number, number][] = [
      [1, 49],
      [1, 50],
      [1, 6],
      [11, 5],
      [10, 5],
      [100, 1],
    ];
    assert.deepEqual(
      steps.map(([bytes, tuples]) => {
        marks.update(bytes, tuples);
        return marks.isHigh;
      }),
      [false, true, true, true, false, true],
    );
  });
});
