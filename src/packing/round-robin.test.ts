import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { JsonObject, JsonValue } from '../base/index.ts';
import { askOracle } from '../testing/oracle.ts';
import { topologyArbitrary } from '../testing/topologies.ts';
import {
  type Component,
  type ComponentImplementation,
  computeExecutors,
  type Grouping,
  type LogicalTopology,
  makeSystemTopology,
  normalizeTopology,
  type PackingPlan,
} from '../topology/index.ts';
import { packRoundRobin, type Slot } from './index.ts';

const conf: JsonObject = {
  'topology.workers': 2,
  'topology.message.timeout.secs': 30,
  'topology.eventlogger.executors': 0,
};

function systemOf(topology: LogicalTopology, topologyConf: JsonObject): LogicalTopology {
  return makeSystemTopology(normalizeTopology(topology, topologyConf), topologyConf);
}

function slotsOf(nodes: readonly { readonly nodeId: string; readonly ports: readonly number[] }[]): Slot[] {
  return nodes.flatMap(({ nodeId, ports }) =>
    ports.map((port) => ({ nodeId, hostname: `${nodeId}.example`, port })),
  );
}

function pack(topology: LogicalTopology, topologyConf: JsonObject, freeSlots: readonly Slot[]): PackingPlan {
  const result = packRoundRobin({
    topologyId: 't-1-1',
    systemTopology: systemOf(topology, topologyConf),
    conf: topologyConf,
    freeSlots,
  });
  assert.equal(result.kind, 'packed');
  return result.packing;
}

const nodesArbitrary = fc.uniqueArray(
  fc.record({
    nodeId: fc.constantFrom('n1', 'n2', 'N3', '10', '9'),
    ports: fc.uniqueArray(fc.integer({ min: 6700, max: 6720 }), { minLength: 1, maxLength: 5 }),
  }),
  { minLength: 1, maxLength: 4, selector: (node) => node.nodeId },
);

describe('packRoundRobin', () => {
  it('puts executors on the slots that Storm’s even scheduler chooses', () => {
    const samples = fc.sample(fc.record({ plan: topologyArbitrary, nodes: nodesArbitrary }), 150);
    const answers = askOracle(
      'PlanOracle',
      samples.map(({ plan, nodes }) => ({
        components: plan.topology.components,
        conf: plan.conf,
        supervisors: nodes,
      })) as unknown as JsonValue,
    ) as unknown as { slots: Record<string, string> }[];
    samples.forEach(({ plan: { topology, conf: topologyConf }, nodes }, i) => {
      const packed = pack(topology, topologyConf, slotsOf(nodes));
      const slotOf = new Map(
        packed.containers.map((each) => [each.containerId, `${each.nodeId}:${each.slotPort}`]),
      );
      const ours = Object.fromEntries(
        packed.tasks
          .filter((task) => task.taskId === task.executor[0])
          .map((task) => [task.taskId, slotOf.get(task.containerId)!]),
      );
      assert.deepEqual(ours, answers[i]!.slots, JSON.stringify({ topology, topologyConf, nodes }));
    });
  });

  it('places every task once, executors whole, and never more containers than executors, workers or slots', () => {
    fc.assert(
      fc.property(topologyArbitrary, nodesArbitrary, ({ topology, conf: topologyConf }, nodes) => {
        const plan = pack(topology, topologyConf, slotsOf(nodes));
        const executors = computeExecutors(systemOf(topology, topologyConf));
        assert.deepEqual(
          plan.tasks.map((task) => task.taskId),
          Array.from({ length: plan.tasks.length }, (_, i) => i + 1),
        );
        for (const { executor } of executors) {
          const [first, last] = executor;
          const whole = plan.tasks.filter((task) => task.taskId >= first && task.taskId <= last);
          assert.equal(new Set(whole.map((task) => task.containerId)).size, 1);
        }
        const limits = [executors.length, topologyConf['topology.workers'] as number, slotsOf(nodes).length];
        assert.equal(plan.containers.length, Math.min(...limits));
        const loads = plan.containers.map(
          ({ containerId }) =>
            plan.tasks.filter((task) => task.containerId === containerId && task.taskId === task.executor[0])
              .length,
        );
        assert.ok(Math.max(...loads) - Math.min(...loads) <= 1);
      }),
    );
  });

  it('lays out two workers as measured on real Storm: spout with count, split with acker', () => {
    const chain = ['spout', 'split', 'count'].map((id, i) => component(id, i === 0 ? 'spout' : 'bolt'));
    const plan = pack({ components: chain }, { ...conf, 'topology.acker.executors': 1 }, twoSlots);
    const together = plan.containers.map(({ containerId }) =>
      plan.tasks.filter((task) => task.containerId === containerId).map((task) => task.componentId),
    );
    assert.deepEqual(together, [
      ['__acker', 'split'],
      ['count', 'spout'],
    ]);
  });

  it('reports why when no slot is free, and when fewer are free than wanted', () => {
    const systemTopology = systemOf({ components: [component('s', 'spout')] }, conf);
    const request = { topologyId: 't-1-1', systemTopology, conf };
    assert.deepEqual(packRoundRobin({ ...request, freeSlots: [] }), {
      kind: 'no-free-slot',
      reason: 'topology t-1-1 asks for 2 workers, no slot is free (supervisor.slots.ports)',
    });
    const short = packRoundRobin({ ...request, freeSlots: twoSlots.slice(0, 1) });
    assert.ok(short.kind === 'packed');
    assert.equal(short.shortage, 'topology t-1-1 asks for 2 workers, 1 slot is free');
    const enough = packRoundRobin({ ...request, freeSlots: twoSlots });
    assert.ok(enough.kind === 'packed' && enough.shortage === '');
  });

  it('refuses a number of workers that is not a positive integer', () => {
    const systemTopology = systemOf({ components: [component('s', 'spout')] }, conf);
    for (const workers of [0, -1, 1.5, 'two']) {
      assert.throws(
        () =>
          packRoundRobin({
            topologyId: 't',
            systemTopology,
            conf: { 'topology.workers': workers },
            freeSlots: twoSlots,
          }),
        { code: 'TOPOLOGY_INVALID' },
      );
    }
  });
});

describe('the host of a task', () => {
  it('is a JVM for Java, a child for shell, and for the acker the JVM of its container or the stream manager', () => {
    const implementations: ComponentImplementation[] = [
      { kind: 'shell', executionCommand: 'python3', script: 'x.py' },
      { kind: 'serialized_java' },
      { kind: 'java_object', className: 'a.Bolt' },
    ];
    fc.assert(
      fc.property(
        topologyArbitrary,
        fc.array(fc.constantFrom(...implementations), { minLength: 7 }),
        (sample, kinds) => {
          const components = sample.topology.components.map((each, i) => ({
            ...each,
            implementation: kinds[i]!,
          }));
          const plan = pack({ components }, sample.conf, fourSlots);
          const withJvm = new Set(
            plan.tasks.filter((task) => task.host === 'jvm').map((task) => task.containerId),
          );
          for (const task of plan.tasks) {
            const own = components.find((each) => each.id === task.componentId);
            const expected =
              own?.implementation.kind === 'shell'
                ? 'shell'
                : task.componentId === '__acker' && !withJvm.has(task.containerId)
                  ? 'system'
                  : 'jvm';
            assert.equal(task.host, expected);
          }
        },
      ),
    );
  });

  it('is never a JVM in a topology without Java', () => {
    fc.assert(
      fc.property(topologyArbitrary, ({ topology, conf: topologyConf }) => {
        const withoutStormsOwn = {
          ...topologyConf,
          'topology.eventlogger.executors': 0,
          'topology.metrics.consumer.register': null,
        };
        const plan = pack(topology, withoutStormsOwn, fourSlots);
        assert.ok(plan.tasks.every((task) => task.host !== 'jvm'));
      }),
    );
  });

  it('is a JVM for a shell component whose tuples a Java class routes, and for no other', () => {
    const custom: Grouping = { kind: 'custom_object', className: 'a.Mine' };
    const shell: ComponentImplementation = { kind: 'shell', executionCommand: 'python3', script: 'x.py' };
    const components = [
      component('routed', 'spout', { implementation: shell }),
      component('other', 'spout', { implementation: shell }),
      component('b', 'bolt', {
        implementation: shell,
        inputs: [{ sourceComponentId: 'routed', sourceStreamId: 'default', grouping: custom }],
      }),
    ];
    const plan = pack({ components }, { ...conf, 'topology.acker.executors': 0 }, twoSlots);
    const hosts = Object.fromEntries(plan.tasks.map((task) => [task.componentId, task.host]));
    assert.deepEqual(hosts, { routed: 'jvm', other: 'shell', b: 'shell' });
  });

  it('is a JVM for a shell component with a Java grouping that cannot be read, a class of its own line among them', () => {
    const hex = ['aced0005', '72000378', '7372 0003 782e59 0000000000000000 02 0000 78 71 007e0000'];
    for (const bytes of [hex[0]! + hex[2]!.replaceAll(' ', ''), hex[0]!, `${hex[0]}${hex[1]}`]) {
      const bytesBase64 = Buffer.from(bytes, 'hex').toString('base64');
      const shell: ComponentImplementation = { kind: 'shell', executionCommand: 'python3', script: 'x.py' };
      const grouping: Grouping = { kind: 'custom_serialized', bytesBase64 };
      const inputs = [{ sourceComponentId: 's', sourceStreamId: 'default', grouping }];
      const components = [
        component('s', 'spout', { implementation: shell }),
        component('b', 'bolt', { implementation: shell, inputs }),
      ];
      const { tasks } = pack({ components }, { ...conf, 'topology.acker.executors': 0 }, twoSlots);
      assert.deepEqual(
        tasks.map(({ host }) => host),
        ['shell', 'jvm'],
      );
    }
  });
});

const twoSlots = slotsOf([{ nodeId: 'n', ports: [6700, 6701] }]);
const fourSlots = slotsOf([{ nodeId: 'n', ports: [6700, 6701, 6702, 6703] }]);

function component(id: string, kind: 'spout' | 'bolt', parts: Partial<Component> = {}): Component {
  return {
    id,
    kind,
    implementation: { kind: 'serialized_java' },
    inputs: [],
    streams: { default: { fields: ['word'], direct: false } },
    parallelismHint: 1,
    conf: {},
    ...parts,
  };
}
