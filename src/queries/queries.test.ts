import assert from 'node:assert/strict';
import { MemoryStore } from '../coordination/index.ts';
import {
  type AssignmentRecord,
  keys,
  RecordStore,
  type SupervisorRecord,
  type TopologyRecord,
} from '../records/index.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import type { Component, LogicalTopology } from '../topology/index.ts';
import { Queries } from './index.ts';

const startedAtMs = 1_700_000_000_000;
const record: TopologyRecord = {
  ...{ id: 'words-1-1700000000', name: 'words', status: 'ACTIVE', owner: 'me', workers: 1 },
  launchedAtSecs: startedAtMs / 1000,
};
const component = (id: string, kind: 'spout' | 'bolt', tasks: number): Component => ({
  ...{ id, kind, inputs: [], streams: {}, parallelismHint: tasks },
  implementation: { kind: 'shell', executionCommand: 'python3', script: 'a.py' },
  conf: { 'topology.tasks': tasks },
});
const system: LogicalTopology = {
  components: [
    component('lines', 'spout', 1),
    component('count', 'bolt', 2),
    component('__acker', 'bolt', 1),
  ],
};
const supervisor: SupervisorRecord = {
  ...{ nodeId: 'n1', hostname: 'here', slotPorts: [6700, 6701] },
  startedAtMs,
};
const assignment: AssignmentRecord = {
  plan: {
    ...{ topologyId: record.id, version: 1, codeVersion: 0 },
    containers: [{ containerId: 1, slotPort: 6700, nodeId: 'n1', hostname: 'here' }],
    tasks: [
      { taskId: 2, componentId: 'count', executor: [2, 3], containerId: 1, host: 'shell' },
      { taskId: 1, componentId: 'lines', executor: [1, 1], containerId: 1, host: 'shell' },
      { taskId: 3, componentId: 'count', executor: [2, 3], containerId: 1, host: 'shell' },
    ],
  },
  reason: '',
};

describe('Queries', () => {
  const clock = new ManualClock(startedAtMs);
  let store: RecordStore;
  let queries: Queries;
  beforeEach(async () => {
    store = new RecordStore(new MemoryStore(clock));
    const code = {
      readSystemTopology: (id: string) => Promise.resolve(id === record.id ? system : undefined),
      readMergedConf: () => Promise.resolve('{"topology.workers":1,"egret.redis.url":"redis://a:secret@b"}'),
    };
    queries = new Queries({ store, code, nowMs: () => startedAtMs + 90_000 });
    await store.put(keys.topology(record.id), record);
    await store.put(keys.name(record.name), record.id);
    await store.put(keys.supervisor(supervisor.nodeId), supervisor);
  });

  it('show nothing placed before the scheduler has decided', async () => {
    assert.deepEqual(await queries.topology({ name: 'words' }), {
      ...{ kind: 'topology', id: record.id, name: 'words', status: 'ACTIVE', owner: 'me' },
      ...{ uptimeSecs: 90, tasks: 0, executors: 0, workers: 0 },
      ...{ schedulingStatus: 'Not scheduled yet', stormVersion: undefined },
    });
    const page = await queries.topologyPage(record.id, {
      ...{ window: ':all-time', includeSystem: false, withRecovery: true },
    });
    assert.equal(page.workers, undefined);
    assert.deepEqual(
      [...page.spouts, ...page.bolts].map(({ id, tasks, hasReported }) => [id, tasks, hasReported]),
      [
        ['lines', 1, false],
        ['count', 2, false],
      ],
    );
    assert.doesNotMatch(page.confText, /secret/);
  });

  it('list the executors that are placed, by first task, and the slots that are used', async () => {
    await store.put(keys.assignment(record.id), assignment);
    const detail = await queries.topologyDetail({ id: record.id }, { errors: 'all' });
    assert(detail.kind === 'topology');
    assert.deepEqual(
      detail.executorRows.map(({ executor, componentId, kind, stats }) => [
        executor,
        componentId,
        kind,
        stats,
      ]),
      [
        [[1, 1], 'lines', 'spout', undefined],
        [[2, 3], 'count', 'bolt', undefined],
      ],
    );
    assert.deepEqual([...detail.errors.keys()], ['lines', 'count', '__acker']);
    const { supervisors } = await queries.cluster();
    assert.deepEqual(supervisors, [
      { nodeId: 'n1', hostname: 'here', uptimeSecs: 90, slots: 2, slotsUsed: 1 },
    ]);
    const { workers } = await queries.supervisorPage({ hostname: 'here' }, { includeSystem: false });
    assert.deepEqual(workers, [
      {
        ...{ nodeId: 'n1', hostname: 'here', port: 6700, owner: 'me', uptimeSecs: 0 },
        ...{ topologyId: record.id, topologyName: 'words', executors: 2 },
        tasksByComponent: new Map([
          ['count', 2],
          ['lines', 1],
        ]),
      },
    ]);
  });

  it('list a topology whose record is damaged, with the reason, beside the others', async () => {
    await store.state.put(keys.topology('broken-1-1700000000').path, { id: 'other' });
    const rows = await queries.topologies();
    assert.deepEqual(
      rows.map(({ kind, name }) => [kind, name]),
      [
        ['topology', 'words'],
        ['unreadable', 'broken'],
      ],
    );
    await assert.rejects(
      queries.topologyPage('broken-1-1700000000', {
        window: '600',
        includeSystem: false,
        withRecovery: false,
      }),
      { code: 'RECORD_UNREADABLE' },
    );
  });

  it('reject with TOPOLOGY_NOT_ALIVE for a topology, a code directory or a supervisor that is gone', async () => {
    const gone = { ...record, id: 'gone-2-1700000000', name: 'gone' };
    await store.put(keys.topology(gone.id), gone);
    const options = { window: '600', includeSystem: false };
    for (const asked of [
      queries.topology({ id: 'none' }),
      queries.topology({ name: 'none' }),
      queries.componentPage(gone.id, 'count', options),
      queries.supervisorPage({ nodeId: 'none' }, options),
    ])
      await assert.rejects(asked, { code: 'TOPOLOGY_NOT_ALIVE' });
  });
});
