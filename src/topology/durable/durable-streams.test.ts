import assert from 'node:assert/strict';
import fc from 'fast-check';
import { GatewayError, type JsonObject, type JsonValue } from '../../base/index.ts';
import { askOracle } from '../../testing/oracle.ts';
import { topologyArbitrary } from '../../testing/topologies.ts';
import {
  type Component,
  type Grouping,
  type LogicalTopology,
  makeSystemTopology,
  normalizeTopology,
  TopologyIndex,
  withDurableStreams,
} from '../index.ts';
import { logSinkId, logSourceId, logStreamName, parseLogStreamName } from './log-names.ts';

const conf: JsonObject = { 'topology.workers': 2, 'topology.message.timeout.secs': 30 };

function component(id: string, parts: Partial<Component> = {}): Component {
  return {
    ...{ id, kind: 'bolt', implementation: { kind: 'serialized_java' }, inputs: [], conf: {} },
    ...{ streams: { default: { fields: ['word', 'count'], direct: false } }, parallelismHint: 1 },
    ...parts,
  };
}

function takes(sourceComponentId: string, grouping: Grouping, sourceStreamId = 'default') {
  return { sourceComponentId, sourceStreamId, grouping };
}

const byWord: Grouping = { kind: 'fields', fields: ['word'] };
const shuffle: Grouping = { kind: 'shuffle' };

/** spout -> split -> count (by word) and log (by word, or by `parts.log`). */
function words(
  parts: { readonly log?: Grouping; readonly split?: Partial<Component> } = {},
): LogicalTopology {
  return {
    components: [
      component('spout', { kind: 'spout' }),
      component('split', { inputs: [takes('spout', shuffle)], ...parts.split }),
      component('count', { inputs: [takes('split', byWord)], parallelismHint: 3 }),
      component('log', { inputs: [takes('split', parts.log ?? byWord), takes('spout', shuffle)] }),
    ],
  };
}

function rewrite(topology: LogicalTopology, own: JsonObject): LogicalTopology {
  const whole = { ...conf, ...own };
  return withDurableStreams(normalizeTopology(topology, whole), whole, 'words');
}

const find = ({ components }: LogicalTopology, id: string): Component | undefined =>
  components.find((each) => each.id === id);

function refusal(topology: LogicalTopology, own: JsonObject): string {
  try {
    rewrite(topology, own);
  } catch (error) {
    assert(error instanceof GatewayError && error.code === 'TOPOLOGY_INVALID');
    return error.message;
  }
  return 'taken';
}

const durable = (...names: string[]): JsonObject => ({ 'topology.egret.durable.streams': names });

describe('withDurableStreams', () => {
  it('leaves a topology alone that names no stream', () => {
    const topology = normalizeTopology(words(), conf);
    assert.deepEqual(withDurableStreams(topology, conf, 'words'), topology);
  });

  it('puts a sink and a source between producer and consumers, whose groupings stay', () => {
    const rewritten = rewrite(words(), durable('split'));
    const sink = find(rewritten, '__dlog_sink_split.default')!;
    const source = find(rewritten, '__dlog_source_split.default')!;
    assert.deepEqual(sink.inputs, [takes('split', { kind: 'fields', fields: [] })]);
    assert.deepEqual([sink.kind, source.kind], ['bolt', 'spout']);
    assert.deepEqual(source.streams, { default: { fields: ['word', 'count'], direct: false } });
    assert.deepEqual(find(rewritten, 'count')!.inputs, [takes(source.id, byWord)]);
    assert.deepEqual(find(rewritten, 'log')!.inputs, [takes(source.id, byWord), takes('spout', shuffle)]);
    assert.deepEqual(find(rewritten, 'split')!.inputs, words().components[1]!.inputs);
  });

  it('has as many sinks and sources as partitions, whatever the topology sets for all components', () => {
    const own = {
      'topology.tasks': 7,
      'topology.max.task.parallelism': 2,
      'topology.egret.durable.partitions': 4,
    };
    const whole = { ...conf, ...own, ...durable('split') };
    // A rebalance normalizes once more what was kept.
    const system = makeSystemTopology(
      normalizeTopology(rewrite(words(), { ...own, ...durable('split') }), whole),
      whole,
    );
    const index = new TopologyIndex(system);
    assert.equal(index.tasksOf('__dlog_sink_split.default').length, 4);
    assert.equal(index.tasksOf('__dlog_source_split.default').length, 4);
  });

  it('divides by the fields of all consumers where they agree, else spreads', () => {
    const partitions = { 'topology.egret.durable.partitions': 4 };
    const groupingOf = (log: Grouping): Grouping =>
      find(rewrite(words({ log }), { ...partitions, ...durable('split') }), '__dlog_sink_split.default')!
        .inputs[0]!.grouping;
    assert.deepEqual(groupingOf(byWord), byWord);
    assert.deepEqual(groupingOf({ kind: 'fields', fields: ['word', 'count'] }), shuffle);
    assert.deepEqual(groupingOf({ kind: 'all' }), shuffle);
  });

  it('leaves the durability of a spill to the operating system', () => {
    const rewritten = rewrite(words(), { 'topology.egret.spill.streams': ['split'], ...durable('spout') });
    const durabilityOf = (id: string): unknown => {
      const { implementation } = find(rewritten, id)!;
      return 'durability' in implementation ? implementation.durability : undefined;
    };
    assert.equal(durabilityOf('__dlog_sink_split.default'), 'os');
    assert.equal(durabilityOf('__dlog_sink_spout.default'), 'fsync');
  });

  it('finds a stream by component, by component and stream, and both with dots in them', () => {
    const streams = {
      default: { fields: ['x'], direct: false },
      'late.ones': { fields: ['y'], direct: false },
    };
    const dotted = (name: string): LogicalTopology =>
      rewrite(
        {
          components: [
            component('a.b', { kind: 'spout', streams }),
            component('c', { inputs: [takes('a.b', shuffle), takes('a.b', shuffle, 'late.ones')] }),
          ],
        },
        durable(name),
      );
    assert.ok(find(dotted('a.b'), logSinkId('a.b', 'default')));
    assert.ok(find(dotted('a.b.default'), logSinkId('a.b', 'default')));
    assert.ok(find(dotted('a.b.late.ones'), logSinkId('a.b', 'late.ones')));
  });

  const direct = { default: { fields: ['word', 'count'], direct: true } };
  const custom: Grouping = { kind: 'custom_object', className: 'my.Grouping' };
  const faults: readonly [what: string, topology: LogicalTopology, conf: JsonObject, says: RegExp][] = [
    [
      'no component',
      words(),
      durable('nobody'),
      /names nobody, which no component declares. There are: spout, split/,
    ],
    ['no such stream', words(), durable('split.late'), /names split\.late, which no component declares/],
    ['no consumer', words(), durable('count'), /stream default of component count has no consumer/],
    ['a direct stream', words({ split: { streams: direct } }), durable('split'), /is a direct stream/],
    [
      'a direct grouping',
      words({ log: { kind: 'direct' } }),
      durable('split'),
      /component log takes it by direct/,
    ],
    [
      'a Java grouping',
      words({ log: custom }),
      durable('split'),
      /component log takes it by a grouping of its own Java/,
    ],
    ['a stream twice', words(), durable('split', 'split.default'), /is named twice/],
    ['a text in place of a list', words(), { 'topology.egret.durable.streams': 'split' }, /expected a list/],
    [
      'no partition',
      words(),
      { ...durable('split'), 'topology.egret.durable.partitions': 0 },
      /expected 1 to 256/,
    ],
    [
      'Trident',
      words({
        split: { streams: { default: { fields: ['word', 'count'], direct: false }, $batch: direct.default } },
      }),
      durable('split'),
      /part of Trident \(\$batch\)/,
    ],
    [
      'a checkpoint',
      words({ split: { inputs: [takes('spout', shuffle), takes('spout', { kind: 'all' }, '$checkpoint')] } }),
      durable('split'),
      /part of a checkpoint/,
    ],
    [
      'a component of the system',
      {
        components: [
          ...words().components,
          component('__dlog_sink_x.y', {
            implementation: { kind: 'log_sink', componentId: 'x', streamId: 'y', durability: 'os' },
          }),
        ],
      },
      {},
      /__dlog_sink_x\.y is not a valid component id/,
    ],
  ];
  for (const [what, topology, own, says] of faults) {
    it(`answers ${what} with a sentence that names it`, () => assert.match(refusal(topology, own), says));
  }

  it('refuses a name that the log cannot take', () => {
    const id = 'ü'.repeat(40);
    const topology = {
      components: [component(id, { kind: 'spout' }), component('b', { inputs: [takes(id, shuffle)] })],
    };
    assert.match(refusal(topology, durable(id)), /longer than 200 characters/);
  });

  it('keeps every consumer behind the producer it had, and makes what StormCommon makes of it', () => {
    const seed = Date.now() | 0;
    const samples = fc
      .sample(topologyArbitrary, { numRuns: 200, seed })
      .flatMap(({ topology, conf: drawn }, i) => {
        const names = topology.components.flatMap(({ id, streams }) =>
          Object.keys(streams).map((s) => `${id}.${s}`),
        );
        const taken = names.filter(
          (name) => refusalOf(topology, { ...drawn, ...durable(name) }) === undefined,
        );
        const chosen = taken.filter((_, place) => (place + i) % 2 === 0);
        if (chosen.length === 0) return [];
        const whole = { ...drawn, ...durable(...chosen), 'topology.egret.durable.partitions': 1 + (i % 3) };
        const rewritten = withDurableStreams(normalizeTopology(topology, whole), whole, 'drawn');
        return [{ topology, rewritten, conf: whole, chosen }];
      });
    assert.ok(
      samples.length > 20,
      `seed ${seed} drew only ${samples.length} topologies with a stream to take`,
    );
    const answers = askOracle(
      'PlanOracle',
      samples.map(({ rewritten, conf: whole }) => ({
        components: rewritten.components,
        conf: whole,
      })) as unknown as JsonValue,
    ) as readonly { readonly error?: string; readonly tasks: unknown; readonly streams: unknown }[];
    samples.forEach(({ topology, rewritten, conf: whole, chosen }, i) => {
      const context = `seed ${seed}: ${JSON.stringify({ topology, chosen })}`;
      const system = makeSystemTopology(rewritten, whole);
      const index = new TopologyIndex(system);
      assert.equal(answers[i]!.error, undefined, context);
      assert.deepEqual(Object.fromEntries(index.taskToComponent()), answers[i]!.tasks, context);
      const streams = Object.fromEntries(
        system.components.map(({ id, streams: declared }) => [
          id,
          Object.fromEntries(Object.keys(declared).map((stream) => [stream, index.streamNumber(id, stream)])),
        ]),
      );
      assert.deepEqual(streams, answers[i]!.streams, context);
      for (const { id, inputs } of topology.components) {
        const now = find(rewritten, id)!.inputs;
        inputs.forEach((input, place) => {
          const after = now[place]!;
          assert.equal(index.emitterOf(after.sourceComponentId), input.sourceComponentId, context);
          assert.deepEqual(
            [after.sourceStreamId, after.grouping],
            [input.sourceStreamId, input.grouping],
            context,
          );
        });
      }
    });
  }).timeout(60_000);
});

function refusalOf(topology: LogicalTopology, whole: JsonObject): string | undefined {
  try {
    withDurableStreams(normalizeTopology(topology, whole), whole, 'drawn');
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

describe('names in the log', () => {
  it('are valid names, and no two streams of a topology or of two topologies share one', () => {
    const id = fc.oneof(
      fc.string({
        minLength: 1,
        maxLength: 8,
        unit: fc.constantFrom('a', '-', '--', '.', '2d', '_', 'ü', '/', ' '),
      }),
      fc.string({ minLength: 1, maxLength: 6, unit: 'grapheme' }),
    );
    const place = fc.record({ topologyName: id, componentId: id, streamId: id });
    fc.assert(
      fc.property(place, place, (one, other) => {
        const [left, right] = [logStreamName(one, 3), logStreamName(other, 3)];
        assert.match(left, /^[\w-][\w.-]*\/[\w-][\w.-]*$/);
        if (JSON.stringify(one) !== JSON.stringify(other)) assert.notEqual(left, right);
        assert.deepEqual(parseLogStreamName(left), { place: { ...one }, partition: 3 });
        const ids = [one, other].map(({ componentId, streamId }) => logSinkId(componentId, streamId));
        const isSame = one.componentId === other.componentId && one.streamId === other.streamId;
        assert.equal(ids[0] === ids[1], isSame);
      }),
      { numRuns: 2000 },
    );
  });

  it('are distinct for ids that look like the escapes of others', () => {
    const ids = [
      '.',
      '--2e',
      '-.',
      '---2e',
      '-',
      '--',
      '--2d',
      '---2d',
      '-a',
      'a-',
      'a--',
      'a.',
      'a-.',
      '..',
      '.-',
      '-2e',
    ];
    const names = ids.map((id) =>
      logStreamName({ topologyName: 't', componentId: id, streamId: 'default' }, 0),
    );
    assert.equal(new Set(names).size, ids.length);
  });

  it('are distinguished from names that others gave', () => {
    for (const name of [
      'default/a.b.0',
      'topology-t/a.b',
      'topology-t/a.b.c',
      'topology-t/a.b.c.0',
      'topology-t/a--41.b.0',
      'topology-t/a.b.00',
    ])
      assert.equal(parseLogStreamName(name), undefined, name);
  });

  it('are readable where the ids are', () => {
    const place = { topologyName: 'word-count', componentId: 'split_words', streamId: 'default' };
    assert.equal(logStreamName(place, 0), 'topology-word-count/split_words.default.0');
    assert.equal(logSourceId('split', 'late'), '__dlog_source_split.late');
  });
});
