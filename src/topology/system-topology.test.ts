import assert from 'node:assert/strict';
import fc from 'fast-check';
import { GatewayError, type JsonObject, type JsonValue } from '../base/index.ts';
import { askOracle } from '../testing/oracle.ts';
import { topologyArbitrary } from '../testing/topologies.ts';
import {
  type Component,
  computeExecutors,
  type InputDeclaration,
  type LogicalTopology,
  makeSystemTopology,
  normalizeTopology,
  TopologyIndex,
} from './index.ts';

const baseConf: JsonObject = { 'topology.workers': 2, 'topology.message.timeout.secs': 30 };

interface PlanAnswer {
  readonly error?: string;
  readonly components: unknown;
  readonly tasks: unknown;
  readonly executors: unknown;
  readonly streams: unknown;
}

function ask(questions: readonly { topology: LogicalTopology; conf: JsonObject }[]): PlanAnswer[] {
  const question = questions.map(({ topology, conf }) => ({ components: topology.components, conf }));
  return askOracle('PlanOracle', question as unknown as JsonValue) as unknown as PlanAnswer[];
}

function groupingText(input: InputDeclaration): string {
  const { grouping } = input;
  return grouping.kind === 'fields' ? `fields ${grouping.fields.join(',')}` : grouping.kind;
}

/** Describes a topology as PlanOracle does, from our own classes. */
function describeSystem(topology: LogicalTopology, conf: JsonObject): PlanAnswer {
  const system = makeSystemTopology(normalizeTopology(topology, conf), conf);
  const index = new TopologyIndex(system);
  return {
    components: Object.fromEntries(
      system.components.map((component) => [
        component.id,
        {
          conf: component.conf,
          parallelism: component.parallelismHint ?? null,
          streams: component.streams,
          inputs: Object.fromEntries(
            component.inputs.map((input) => [
              `${input.sourceComponentId} ${input.sourceStreamId}`,
              groupingText(input),
            ]),
          ),
        },
      ]),
    ),
    tasks: Object.fromEntries(index.taskToComponent()),
    executors: computeExecutors(system).map(({ executor }) => [...executor]),
    streams: Object.fromEntries(
      system.components.map(({ id, streams }) => [
        id,
        Object.fromEntries(Object.keys(streams).map((stream) => [stream, index.streamNumber(id, stream)])),
      ]),
    ),
  };
}

describe('makeSystemTopology', () => {
  it('makes of random topologies what StormCommon makes of them', () => {
    const samples = fc.sample(topologyArbitrary, { numRuns: 300 });
    const answers = ask(samples);
    samples.forEach(({ topology, conf }, i) => {
      const context = JSON.stringify({ topology, conf });
      assert.equal(answers[i]!.error, undefined, context);
      assert.deepEqual(describeSystem(topology, conf), answers[i], context);
    });
  });

  it('refuses what Storm refuses, in its words', () => {
    const faulty = faultyTopologies();
    const answers = ask(faulty.map((topology) => ({ topology, conf: baseConf })));
    faulty.forEach((topology, i) => {
      const stormSays = answers[i]!.error;
      assert.ok(stormSays !== undefined, `Storm takes ${JSON.stringify(topology)}`);
      assert.throws(
        () => makeSystemTopology(normalizeTopology(topology, baseConf), baseConf),
        (error: unknown) =>
          error instanceof GatewayError &&
          error.code === 'TOPOLOGY_INVALID' &&
          error.message.startsWith(stormSays),
        stormSays,
      );
    });
  });

  it('refuses a topology without a spout, as the client does', () => {
    const topology = { components: [component({ id: 'b', kind: 'bolt' })] };
    assert.throws(() => makeSystemTopology(topology, baseConf), /does not have any spout/);
  });

  it('names component, key and value of a number that is none', () => {
    const topology = { components: [component({ id: 's', conf: { 'topology.tasks': 'many' } })] };
    assert.throws(
      () => normalizeTopology(topology, baseConf),
      /component s: topology.tasks is "many", expected/,
    );
  });

  it('refuses the metrics consumers that Storm refuses, and takes the others', () => {
    const both = { class: 'a.C', whitelist: ['x'], blacklist: ['y'] };
    const entries = [both, { ...both, whitelist: [] }, { ...both, blacklist: [] }, { class: 'a.C' }];
    const topology = { components: [component({ id: 's' })] };
    const confs = entries.map((entry) => ({ ...baseConf, 'topology.metrics.consumer.register': [entry] }));
    const answers = ask(confs.map((conf) => ({ topology, conf })));
    confs.forEach((conf, i) => {
      let refusal: unknown;
      try {
        makeSystemTopology(normalizeTopology(topology, conf), conf);
      } catch (error) {
        refusal = error;
      }
      assert.equal(
        refusal instanceof GatewayError,
        answers[i]!.error !== undefined,
        JSON.stringify(entries[i]),
      );
    });
  });

  it('refuses metrics consumers whose inputs would be too many, and takes a hundred of them', () => {
    const spouts = (count: number): LogicalTopology => ({
      components: Array.from({ length: count }, (_, index) => component({ id: `spout-number-${index}` })),
    });
    const consumers = (count: number, conf: JsonObject = {}): JsonObject => ({
      ...baseConf,
      'topology.metrics.consumer.register': Array.from({ length: count }, () => ({ class: 'a', ...conf })),
    });
    assert.equal(makeSystemTopology(spouts(1000), consumers(100)).components.length, 1103);
    assert.throws(() => makeSystemTopology(spouts(3000), consumers(800, { 'parallelism.hint': 0 })), {
      code: 'TOPOLOGY_INVALID',
      message:
        /topology\.metrics\.consumer\.register has 800 consumers, .* 3003 components: 2402400 inputs are too many/,
    });
    const [long] = spouts(1).components;
    const longId = { components: [{ ...long!, id: 'x'.repeat(500_000) }] };
    assert.throws(() => makeSystemTopology(longId, consumers(800)), /too many/);
  });

  it('leaves the submitted topology as it was', () => {
    const topology = { components: [component({ id: 's' })] };
    const before = structuredClone(topology);
    makeSystemTopology(normalizeTopology(topology, baseConf), baseConf);
    assert.deepEqual(topology, before);
  });
});

function component(parts: Partial<Component> & { id: string }): Component {
  return {
    kind: 'spout',
    implementation: { kind: 'serialized_java' },
    inputs: [],
    streams: { default: { fields: ['word'], direct: false } },
    parallelismHint: 1,
    conf: {},
    ...parts,
  };
}

function faultyTopologies(): LogicalTopology[] {
  const spout = component({ id: 's' });
  const from = (sourceComponentId: string, sourceStreamId: string, fields: string[]): InputDeclaration[] => [
    { sourceComponentId, sourceStreamId, grouping: { kind: 'fields', fields } },
  ];
  const bolt = (parts: Partial<Component>): Component => component({ id: 'b', kind: 'bolt', ...parts });
  return [
    [component({ id: '__s' })],
    [component({ id: 's', streams: { __late: { fields: [], direct: false } } })],
    [spout, bolt({ id: 's' })],
    [component({ id: 's', inputs: from('t', 'default', []) }), component({ id: 't' })],
    [component({ id: 's', parallelismHint: 0, conf: { 'topology.tasks': 2 } })],
    [spout, bolt({ inputs: from('nobody', 'default', []) })],
    [spout, bolt({ inputs: from('s', 'late', []) })],
    [spout, bolt({ inputs: from('s', 'default', ['word', 'colour']) })],
  ].map((components) => ({ components }));
}
