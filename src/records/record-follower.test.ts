import assert from 'node:assert/strict';
import { type JsonValue, nextTurn } from '../base/index.ts';
import { MemoryStore } from '../coordination/index.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { recordingLog } from '../testing/recording-log.ts';
import { type AssignmentRecord, keys, RecordFollower, RecordStore } from './index.ts';

const key = keys.assignment('test-1');
const assignment = (version: number): AssignmentRecord => ({
  plan: {
    ...{ topologyId: 'test-1', version, codeVersion: 0, tasks: [] },
    containers: [{ containerId: 1, slotPort: 6700, nodeId: 'n', hostname: 'h' }],
  },
  reason: '',
});

describe('RecordFollower', () => {
  let clock: ManualClock;
  let state: MemoryStore;
  let store: RecordStore;
  let log: ReturnType<typeof recordingLog>;
  let seen: (number | string)[];
  let follower: RecordFollower<AssignmentRecord>;
  beforeEach(() => {
    clock = new ManualClock();
    state = new MemoryStore(clock);
    store = new RecordStore(state);
    log = recordingLog();
    seen = [];
    follower = new RecordFollower({
      ...{ store, key, clock, log },
      onSight: (sight) => void seen.push(sight.kind === 'read' ? sight.record.plan.version : sight.kind),
    });
  });
  afterEach(() => follower.close());

  async function turns(): Promise<void> {
    for (let turn = 0; turn < 5; turn += 1) await nextTurn();
  }
  const distinct = (): (number | string)[] => seen.filter((each, at) => each !== seen[at - 1]);

  it('sees each change of the record, and its absence', async () => {
    await follower.start();
    for (const version of [1, 2]) {
      await store.put(key, assignment(version));
      await turns();
    }
    await store.remove(key);
    await turns();
    assert.deepEqual(distinct(), ['missing', 1, 2, 'missing']);
  });

  it('starts without a store, and sees the record when the store is back', async () => {
    await store.put(key, assignment(1));
    state.setAway(true);
    await follower.start();
    await turns();
    assert.deepEqual(seen, []);
    state.setAway(false);
    clock.advance(10_000);
    await turns();
    assert.deepEqual(distinct(), [1]);
    await store.put(key, assignment(2)); // it is watched by now
    await turns();
    assert.deepEqual(distinct(), [1, 2]);
  });

  it('reads one at a time, and once more when it is asked in between', async () => {
    await store.put(key, assignment(1));
    const first = follower.ask();
    await Promise.all([first, follower.ask(), follower.ask()]);
    assert.equal(seen.length, 2);
  });

  it('sees nothing after it was closed', async () => {
    await follower.start();
    await turns();
    const before = seen.length;
    await follower.close();
    await store.put(key, assignment(1));
    clock.advance(60_000);
    await turns();
    assert.equal(seen.length, before);
  });

  const damages: Readonly<Record<string, unknown>> = {
    'is no object': null,
    'has no plan': { reason: '' },
    'has no containers': { ...assignment(2), plan: { ...assignment(2).plan, containers: 'none' } },
    'is of another topology': { ...assignment(2), plan: { ...assignment(2).plan, topologyId: 'other' } },
    'has a task that is none': { ...assignment(2), plan: { ...assignment(2).plan, tasks: [{ taskId: 1 }] } },
  };
  for (const [damage, value] of Object.entries(damages)) {
    it(`says that it is damaged, and logs it once, while the record ${damage}`, async () => {
      await store.put(key, assignment(1));
      await follower.start();
      await state.put(key.path, value as JsonValue);
      await follower.ask();
      await follower.ask();
      await store.put(key, assignment(3));
      await follower.ask();
      assert.deepEqual(distinct(), [1, 'damaged', 3]);
      assert.deepEqual(
        log.lines.map(({ event, key: about }) => [event, about]),
        [['record.unreadable', key.path]],
      );
    });
  }
});
