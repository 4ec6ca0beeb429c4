import assert from 'node:assert/strict';
import fc from 'fast-check';
import { GatewayError, type JsonObject } from '../base/index.ts';
import { askOracle } from '../testing/oracle.ts';
import { topologyArbitrary } from '../testing/topologies.ts';
import { makeSystemTopology } from '../topology/index.ts';
import { decode, encode } from './codec.ts';
import { type ComponentCommon, type ComponentObject, StormTopology } from './gen/storm.ts';
import { toLogicalTopology, toSystemStormTopology } from './topology-conversion.ts';

interface Answer {
  readonly topology: string;
  readonly system: string;
  readonly classes: Readonly<Record<string, string>>;
}

const parseConf = (text: string): JsonObject => JSON.parse(text) as JsonObject;

function ofBase64(text: string): StormTopology {
  return decode(StormTopology, Buffer.from(text, 'base64'));
}

/**
 * What a common part says, with nothing left to chance: maps sorted, json_conf parsed, a missing one empty.
 */
function plain(common: ComponentCommon) {
  return {
    inputs: common.inputs.map((input) => JSON.stringify(input)).sort(),
    streams: [...common.streams].sort(([left], [right]) => (left < right ? -1 : 1)),
    parallelism: common.parallelism_hint,
    conf: parseConf(common.json_conf ?? '{}'),
  };
}

function commons(topology: StormTopology): ReadonlyMap<string, ReturnType<typeof plain>> {
  return new Map([...topology.spouts, ...topology.bolts].map(([id, { common }]) => [id, plain(common)]));
}

function topologyOf(bolt: {
  readonly object?: ComponentObject;
  readonly common?: Partial<ComponentCommon>;
}): StormTopology {
  const common = { inputs: [], streams: new Map(), ...bolt.common };
  const object: ComponentObject = bolt.object ?? { kind: 'serialized_java', value: Buffer.from('x') };
  return {
    spouts: new Map(),
    bolts: new Map([['b', { bolt_object: object, common }]]),
    state_spouts: new Map(),
  };
}

function refusal(topology: StormTopology): GatewayError {
  try {
    toLogicalTopology(topology, parseConf);
  } catch (error) {
    assert.ok(error instanceof GatewayError);
    return error;
  }
  assert.fail('nothing was refused');
}

describe('toSystemStormTopology', () => {
  it("answers what Storm's own system topology says, for topologies that Java wrote", () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    const questions = fc.sample(topologyArbitrary, { seed, numRuns: 40 });
    const answers = askOracle(
      'ThriftTopology',
      questions.map(({ topology, conf }) => ({ components: topology.components as never, conf })),
    ) as unknown as Answer[];
    for (const [index, { topology, system, classes }] of answers.entries()) {
      const submitted = ofBase64(topology);
      const expected = ofBase64(system);
      const logical = makeSystemTopology(toLogicalTopology(submitted, parseConf), questions[index]!.conf);
      const found = decode(
        StormTopology,
        encode(StormTopology, toSystemStormTopology(submitted, logical, parseConf)),
      );
      assert.deepEqual(commons(found), commons(expected), `seed ${seed}, topology ${index}`);
      for (const [id, spout] of submitted.spouts)
        assert.deepEqual(found.spouts.get(id)?.spout_object, spout.spout_object);
      for (const [id, { bolt_object: object }] of found.bolts) {
        const own = submitted.bolts.get(id);
        if (own !== undefined) assert.deepEqual(object, own.bolt_object);
        else assert.equal(object.kind === 'java_object' && object.value.full_class_name, classes[id]);
      }
    }
  });

  it('keeps a configuration that still says the same in the words of the user', () => {
    const submitted = topologyOf({ common: { json_conf: '{ "a" : 9007199254740993 }' } });
    const logical = toLogicalTopology(submitted, parseConf);
    const common = toSystemStormTopology(submitted, logical, parseConf).bolts.get('b')?.common;
    assert.equal(common?.json_conf, '{ "a" : 9007199254740993 }');
  });
});

describe('toLogicalTopology', () => {
  it('tells shell components, Java objects and serialised ones apart', () => {
    const kinds: readonly ComponentObject[] = [
      { kind: 'serialized_java', value: Buffer.from('x') },
      { kind: 'java_object', value: { full_class_name: 'a.B', args_list: [] } },
      { kind: 'shell', value: { execution_command: 'python3', script: 'b.py' } },
    ];
    assert.deepEqual(
      kinds.map(
        (object) => toLogicalTopology(topologyOf({ object }), parseConf).components[0]?.implementation,
      ),
      [
        { kind: 'serialized_java' },
        { kind: 'java_object', className: 'a.B' },
        { kind: 'shell', executionCommand: 'python3', script: 'b.py' },
      ],
    );
  });

  it('keeps every input of several streams of one component, with groupings only Java can read', () => {
    const topology = topologyOf({
      common: {
        inputs: [
          [
            { componentId: 'a', streamId: 'x' },
            { kind: 'custom_serialized', value: Buffer.from([0, 255]) },
          ],
          [
            { componentId: 'a', streamId: 'y' },
            { kind: 'fields', value: [] },
          ],
          [
            { componentId: 'b', streamId: 'x' },
            { kind: 'custom_object', value: { full_class_name: 'a.G', args_list: [] } },
          ],
        ],
      },
    });
    assert.deepEqual(toLogicalTopology(topology, parseConf).components[0]?.inputs, [
      {
        sourceComponentId: 'a',
        sourceStreamId: 'x',
        grouping: { kind: 'custom_serialized', bytesBase64: 'AP8=' },
      },
      { sourceComponentId: 'a', sourceStreamId: 'y', grouping: { kind: 'fields', fields: [] } },
      { sourceComponentId: 'b', sourceStreamId: 'x', grouping: { kind: 'custom_object', className: 'a.G' } },
    ]);
  });

  it('refuses a shell component without a script, and a json_conf that is none, naming the component', () => {
    const object: ComponentObject = { kind: 'shell', value: { execution_command: 'python3' } };
    assert.equal(
      refusal(topologyOf({ object })).message,
      'component "b" is a shell component without script',
    );
    const error = refusal(topologyOf({ common: { json_conf: '{' } }));
    assert.equal(error.code, 'TOPOLOGY_INVALID');
    assert.match(error.message, /^component "b": its json_conf is not a JSON object/);
  });

  it('takes an empty json_conf for none', () => {
    assert.deepEqual(
      toLogicalTopology(topologyOf({ common: { json_conf: '' } }), parseConf).components[0]?.conf,
      {},
    );
  });
});
