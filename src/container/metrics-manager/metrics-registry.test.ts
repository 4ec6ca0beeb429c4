import assert from 'node:assert/strict';
import { ManualClock } from '../../testing/manual-clock.ts';
import type { ExecutorId, PlannedTask, TaskId } from '../../topology/index.ts';
import { MetricsRegistry } from './metrics-registry.ts';

const bolt = (taskId: TaskId, executor: ExecutorId) => ({
  ...{ taskId, executor, componentId: 'count', kind: 'bolt' as const, streams: ['default'] },
  inputs: [{ componentId: 'words', streamId: 'default' }],
});
const task = (taskId: number, executor: ExecutorId): PlannedTask => ({
  ...{ taskId, componentId: 'count', executor, containerId: 1, host: 'shell' },
});

describe('MetricsRegistry', () => {
  it('reports for the executors of a new packing plan: parts together, what left no longer', () => {
    const registry = new MetricsRegistry(new ManualClock());
    for (const [taskId, executed, averageMs] of [
      [1, 10, 4],
      [2, 30, 8],
      [3, 5, 1],
    ] as const) {
      const metrics = registry.task(bolt(taskId, [taskId, taskId]));
      metrics.emitted(1, executed);
      metrics.executed(0, executed, executed * averageMs);
      metrics.acked(0, executed, executed * averageMs);
    }
    registry.repack([task(1, [1, 2]), task(2, [1, 2])]);
    const [record, ...others] = registry.records();
    assert.deepEqual(others, []);
    assert.deepEqual(record!.executor, [1, 2]);
    assert.equal(record!.emitted[':all-time']!['default'], 40);
    assert.ok(record!.specific.kind === 'bolt');
    const input = 'words\0default';
    assert.equal(record!.specific.executed[':all-time']![input], 40);
    assert.equal(record!.specific.executeMsAvg[':all-time']![input], 7);
    assert.equal(record!.specific.processMsAvg['600']![input], 7);
  });

  it('keeps counting each task on its own when its executor is split into several', () => {
    const registry = new MetricsRegistry(new ManualClock());
    const [first, second, third] = [1, 2, 3].map((taskId) => registry.task(bolt(taskId, [1, 3])));
    first!.emitted(1, 1);
    second!.emitted(1, 2);
    third!.emitted(1, 4);
    assert.deepEqual(registry.records()[0]!.emitted[':all-time'], { default: 7 });
    registry.repack([task(2, [2, 2]), task(3, [3, 3])]);
    second!.emitted(1, 8);
    assert.equal(registry.task(bolt(2, [2, 2])), second);
    assert.deepEqual(
      registry.records().map(({ executor, emitted }) => [executor, emitted[':all-time']]),
      [
        [[2, 2], { default: 10 }],
        [[3, 3], { default: 4 }],
      ],
    );
  });
});
