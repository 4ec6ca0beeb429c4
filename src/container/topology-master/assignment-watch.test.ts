import assert from 'node:assert/strict';
import type { JsonValue } from '../../base/index.ts';
import { MemoryStore } from '../../coordination/memory-store.ts';
import { type AssignmentRecord, keys } from '../../records/index.ts';
import { ManualClock } from '../../testing/manual-clock.ts';
import { recordingLog } from '../../testing/recording-log.ts';
import { AssignmentWatch } from './assignment-watch.ts';

const key = keys.assignment('test-1').path;
const assignment = (version: number): AssignmentRecord => ({
  plan: {
    ...{ topologyId: 'test-1', version, codeVersion: 0, tasks: [] },
    containers: [{ containerId: 1, slotPort: 6700, nodeId: 'n', hostname: 'h' }],
  },
  reason: '',
});

describe('AssignmentWatch', () => {
  const damages: Record<string, unknown> = {
    'is no object': null,
    'has no plan': { reason: '' },
    'has no containers': { ...assignment(2), plan: { ...assignment(2).plan, containers: 'none' } },
    'is of another topology': { ...assignment(2), plan: { ...assignment(2).plan, topologyId: 'other' } },
    'has a task that is none': { ...assignment(2), plan: { ...assignment(2).plan, tasks: [{ taskId: 1 }] } },
  };
  for (const [damage, value] of Object.entries(damages)) {
    it(`says nothing, and logs once, while the record ${damage}`, async () => {
      const clock = new ManualClock();
      const store = new MemoryStore(clock);
      const log = recordingLog();
      const versions: number[] = [];
      const watch = new AssignmentWatch({
        ...{ topologyId: 'test-1', store, clock, log },
        onAssignment: ({ plan }) => void versions.push(plan.version),
      });
      await store.put(key, assignment(1) as unknown as JsonValue);
      await watch.start();
      await store.put(key, value as JsonValue);
      await watch.ask();
      await watch.ask();
      await store.put(key, assignment(3) as unknown as JsonValue);
      await watch.ask();
      await watch.close();
      assert.deepEqual([...new Set(versions)], [1, 3]);
      assert.deepEqual(
        log.lines.map(({ event, key: about }) => [event, about]),
        [['record.unreadable', key]],
      );
    });
  }
});
