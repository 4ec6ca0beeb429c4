import assert from 'node:assert/strict';
import { seededRandom } from '../../base/index.ts';
import { java } from '../../tuple/index.ts';
import type { Component, Grouping, LogicalTopology, PackingPlan } from '../model.ts';
import { makeSystemTopology, normalizeTopology } from '../system-topology.ts';
import { TopologyIndex } from '../topology-index.ts';
import { OutgoingStreams } from './outgoing-streams.ts';

const conf = { 'topology.workers': 1, 'topology.message.timeout.secs': 30, 'topology.acker.executors': 1 };

function bolt(id: string, stream: string, grouping: Grouping): Component {
  return {
    id,
    kind: 'bolt',
    implementation: { kind: 'shell', executionCommand: 'python3', script: 'b.py' },
    inputs: [{ sourceComponentId: 's', sourceStreamId: stream, grouping }],
    streams: {},
    parallelismHint: 2,
    conf: {},
  };
}

function outgoing(bolts: readonly Component[]): {
  streams: OutgoingStreams;
  index: TopologyIndex;
  plan: PackingPlan;
} {
  const spout: Component = {
    id: 's',
    kind: 'spout',
    implementation: { kind: 'shell', executionCommand: 'python3', script: 's.py' },
    inputs: [],
    streams: {
      default: { fields: ['word'], direct: false },
      straight: { fields: ['word'], direct: true },
      unheard: { fields: [], direct: false },
    },
    parallelismHint: 1,
    conf: {},
  };
  const topology: LogicalTopology = { components: [spout, ...bolts] };
  const index = new TopologyIndex(makeSystemTopology(normalizeTopology(topology, conf), conf));
  const plan: PackingPlan = {
    ...{ topologyId: 't-1-1', version: 1, codeVersion: 0 },
    containers: [{ containerId: 1, slotPort: 1, nodeId: 'n', hostname: 'n' }],
    tasks: [...index.taskToComponent()].map(([taskId, componentId]) => ({
      taskId,
      componentId,
      executor: [taskId, taskId] as const,
      containerId: 1,
      host: 'shell' as const,
    })),
  };
  const [taskId] = index.tasksOf('s');
  return {
    ...{ index, plan },
    streams: new OutgoingStreams({ index, plan, taskId: taskId!, conf, random: seededRandom(1) }),
  };
}

describe('OutgoingStreams', () => {
  it('adds the tasks of every subscriber', () => {
    const { streams, index } = outgoing([
      bolt('b', 'default', { kind: 'all' }),
      bolt('a', 'default', { kind: 'fields', fields: [] }),
    ]);
    const chosen = [99];
    streams.chooseTasks('default', ['x'], chosen);
    assert.deepEqual(chosen, [99, index.tasksOf('a')[0], ...index.tasksOf('b')]);
  });

  it('chooses near tasks by where they are after a move, and continues its turns elsewhere', () => {
    const { streams, index, plan } = outgoing([
      bolt('near', 'default', { kind: 'local_or_shuffle' }),
      bolt('keyed', 'unheard', { kind: 'fields', fields: [] }),
    ]);
    const [mine, theirs] = index.tasksOf('near');
    const moved: PackingPlan = {
      ...{ ...plan, version: 2 },
      containers: [...plan.containers, { ...plan.containers[0]!, containerId: 2, slotPort: 2 }],
      tasks: plan.tasks.map((task) => ({ ...task, containerId: task.taskId === theirs ? 2 : 1 })),
    };
    streams.repack(moved);
    const chosen = new Set<number>();
    for (let i = 0; i < 50; i++) {
      const tasks: number[] = [];
      streams.chooseTasks('default', ['x'], tasks);
      for (const task of tasks) chosen.add(task);
    }
    assert.deepEqual([...chosen], [mine]);
  });

  it('chooses the acker by the hash of the root id', () => {
    const { streams, index } = outgoing([]);
    const chosen: number[] = [];
    streams.chooseTasks('__ack_init', [java.long(5n), java.long(1n), java.int(2)], chosen);
    assert.deepEqual(chosen, index.tasksOf('__acker'));
  });

  it('chooses none on a stream without consumers, and refuses one that is not declared', () => {
    const { streams } = outgoing([]);
    const chosen: number[] = [];
    streams.chooseTasks('unheard', [], chosen);
    assert.deepEqual(chosen, []);
    const unknown = {
      code: 'EMIT_REFUSED',
      message: /^Unknown stream ID: late\. Component s declares \[.*default/,
    };
    assert.throws(() => streams.chooseTasks('late', [], chosen), unknown);
    assert.throws(() => streams.reachesDirectly('late', 1), unknown);
  });

  it('keeps direct and regular emits apart, as Storm does', () => {
    const { streams, index } = outgoing([
      bolt('d', 'straight', { kind: 'direct' }),
      bolt('r', 'default', { kind: 'shuffle' }),
    ]);
    assert.equal(streams.reachesDirectly('straight', index.tasksOf('d')[1]!), true);
    assert.equal(streams.reachesDirectly('straight', index.tasksOf('r')[0]!), false);
    assert.throws(() => streams.reachesDirectly('default', index.tasksOf('r')[0]!), {
      code: 'EMIT_REFUSED',
      message: /^Cannot emitDirect to a task expecting a regular grouping/,
    });
    assert.throws(() => streams.chooseTasks('straight', ['x'], []), {
      code: 'EMIT_REFUSED',
      message: /^Cannot do regular emit to direct stream/,
    });
    assert.throws(() => streams.reachesDirectly('straight', 77), {
      code: 'EMIT_REFUSED',
      message: /task 77/,
    });
  });
});
