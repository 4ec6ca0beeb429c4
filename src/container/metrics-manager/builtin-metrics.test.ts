import assert from 'node:assert/strict';
import { java } from '../../tuple/index.ts';
import { BuiltinMetrics } from './builtin-metrics.ts';
import { TaskMetrics } from './task-metrics.ts';

const executor = [1, 1] as const;

describe("Storm's built-in metrics of a task", () => {
  it('are counts since the start, and latencies and capacity since the reading before', () => {
    const metrics = new TaskMetrics(
      {
        ...{ taskId: 1, executor, componentId: 'split', kind: 'bolt', streams: ['default', 'side'] },
        inputs: [{ componentId: 'lines', streamId: 'default' }],
      },
      0,
    );
    const builtin = new BuiltinMetrics(metrics, 0);
    assert.deepEqual(builtin.read(1000), []);
    metrics.emitted(1, 5);
    metrics.transferred(1, 10);
    metrics.executed(0, 4, 500);
    metrics.acked(0, 3, 60);
    metrics.failed(0, 1);
    const count = (name: string, value: bigint) => ({ name, value: java.long(value) });
    const number = (name: string, value: number) => ({ name, value: java.double(value) });
    const counts = [
      count('__emit-count-default', 5n),
      count('__transfer-count-default', 10n),
      count('__ack-count-lines:default', 3n),
      count('__fail-count-lines:default', 1n),
      count('__execute-count-lines:default', 4n),
    ];
    assert.deepEqual(builtin.read(2000), [
      ...counts,
      number('__process-latency-lines:default', 20),
      number('__execute-latency-lines:default', 125),
      number('__capacity', 0.25),
    ]);
    assert.deepEqual(builtin.read(3000), [
      ...counts,
      number('__process-latency-lines:default', 20),
      number('__execute-latency-lines:default', 125),
      number('__capacity', 0),
    ]);
    metrics.acked(0, 1, 2);
    assert.deepEqual(builtin.read(4000)[5], number('__process-latency-lines:default', 2));
  });

  it('of a spout go by the stream of the root', () => {
    const metrics = new TaskMetrics(
      { ...{ taskId: 1, executor, componentId: 'lines', kind: 'spout', streams: ['default'] }, inputs: [] },
      0,
    );
    const builtin = new BuiltinMetrics(metrics, 0);
    metrics.completed(1, 2, 30);
    assert.deepEqual(
      builtin.read(1000).map(({ name }) => name),
      ['__ack-count-default', '__complete-latency-default'],
    );
  });
});
