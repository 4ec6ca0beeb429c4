import assert from 'node:assert/strict';
import { edgeTopology } from '../../../testing/edge-topology.ts';
import { ManualClock } from '../../../testing/manual-clock.ts';
import { CycleRelief, cyclicTasks } from './cycle-relief.ts';

describe('relief for cycles through a JVM', () => {
  it('concerns the tasks that a bolt of the JVM feeds and waits for', () => {
    // 3 a, 4 b, 5 c, 6 s, 7 sink
    const topology = edgeTopology(['s>a', 'a>b', 'b>c', 'c>a', 'c>sink']);
    assert.deepEqual([...cyclicTasks(topology, ['s', 'c', 'sink'])], [3]);
    assert.deepEqual([...cyclicTasks(topology, ['s', 'sink'])], []);
    assert.deepEqual([...cyclicTasks(topology, ['a', 'b'])], [4, 5]);
  });

  it('breaks the pressure on them for moments, rarer and rarer, and leaves that on others alone', () => {
    const clock = new ManualClock(0);
    const told: string[] = [];
    const relief = new CycleRelief(new Set([3]), clock, (tasks) =>
      told.push(`${clock.nowMs()}: ${tasks.join()}`),
    );
    relief.update([3, 7]);
    clock.advance(7200);
    assert.deepEqual(told, [
      '0: 3,7',
      '1000: 7',
      '1050: 3,7',
      '3050: 7',
      '3100: 3,7',
      '7100: 7',
      '7150: 3,7',
    ]);
    told.length = 0;
    relief.update([7]);
    clock.advance(60_000);
    assert.deepEqual(told, ['7200: 7']);
    relief.update([3]);
    clock.advance(1020);
    relief.update([3, 7]);
    assert.deepEqual(told.slice(1), ['67200: 3', '68200: ', '68220: 7']);
    relief.close();
    clock.advance(60_000);
    assert.equal(told.length, 4);
  });
});
