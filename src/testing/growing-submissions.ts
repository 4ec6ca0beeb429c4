import type { ComponentCommon, ComponentObject, Grouping, StormTopology } from '../rpc/index.ts';

/**
 * A topology and a configuration whose size grows with `n`: each family lets other sizes grow, two of them
 * together where it can.
 */
export interface GrowingSubmission {
  readonly topology: StormTopology;
  readonly jsonConf: string;
}

type Streams = Readonly<Record<string, readonly string[]>>;
type Input = readonly [componentId: string, streamId: string, grouping: Grouping];

const object: ComponentObject = { kind: 'shell', value: { execution_command: 'python3', script: 'x.py' } };
const shuffle: Grouping = { kind: 'shuffle', value: {} };

interface Parts {
  readonly streams?: Streams;
  readonly inputs?: readonly Input[];
  readonly conf?: string;
}

function common({ streams = {}, inputs = [], conf }: Parts, parallelism = 1): ComponentCommon {
  return {
    inputs: inputs.map(([componentId, streamId, grouping]) => [{ componentId, streamId }, grouping]),
    streams: new Map(
      Object.entries(streams).map(([id, fields]) => [id, { output_fields: fields, direct: false }]),
    ),
    parallelism_hint: parallelism,
    ...(conf === undefined ? {} : { json_conf: conf }),
  };
}

function topologyOf(
  spouts: readonly (readonly [id: string, parts: Parts])[],
  bolts: readonly (readonly [id: string, parts: Parts])[] = [],
  parallelism = 1,
): StormTopology {
  return {
    spouts: new Map(
      spouts.map(([id, parts]) => [id, { spout_object: object, common: common(parts, parallelism) }]),
    ),
    bolts: new Map(
      bolts.map(([id, parts]) => [id, { bolt_object: object, common: common(parts, parallelism) }]),
    ),
    state_spouts: new Map(),
  };
}

const range = <T>(count: number, item: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => item(i));
const plain: Streams = { default: ['f'] };
const simple = topologyOf([['s', { streams: plain }]], [['b', { inputs: [['s', 'default', shuffle]] }]]);
const withConf = (jsonConf: string): GrowingSubmission => ({ topology: simple, jsonConf });
const withTopology = (topology: StormTopology, conf: object = {}): GrowingSubmission => ({
  topology,
  jsonConf: JSON.stringify(conf),
});
const fields = (...names: string[]): Grouping => ({ kind: 'fields', value: names });

/** One spout of n streams, and one bolt that takes all of them. */
function manyStreams(n: number, grouping: Grouping = fields('f')): StormTopology {
  const streams = Object.fromEntries(range(n, (i) => [`t${i}`, ['f']]));
  const inputs = Object.keys(streams).map((id): Input => ['s', id, grouping]);
  return topologyOf([['s', { streams }]], [['b', { inputs }]]);
}

/** n spouts and n bolts, each bolt on one spout. */
function pairs(n: number, conf?: (index: number) => string): StormTopology {
  return topologyOf(
    range(n, (i) => [`s${i}`, { streams: plain }]),
    range(n, (i) => [`b${i}`, { inputs: [[`s${i}`, 'default', shuffle]], ...(conf && { conf: conf(i) }) }]),
  );
}

/** A grouping of a class line of 90, of which n objects follow. */
function javaObjects(n: number): Buffer {
  const text = (value: string): string =>
    value.length.toString(16).padStart(4, '0') + Buffer.from(value).toString('hex');
  const described = (name: string, flags: string): string => `72${text(name)}0000000000000000${flags}000078`;
  const line = range(90, (i) => described(`c${i}`, '02')).join('');
  const object_ = '73' + '71007e0002';
  return Buffer.from(`aced000573${described('L', '03')}7073${line}70${object_.repeat(n)}78`, 'hex');
}

/** By what grows. A size of 16 comes to a few hundred bytes and a size of 1024 to about 100 KB. */
export const growingSubmissions: Readonly<Record<string, (n: number) => GrowingSubmission>> = {
  components: (n) => withTopology(pairs(n)),
  'components without tasks': (n) =>
    withTopology(
      topologyOf(
        range(2 * n, (i) => [`s${i}`, { streams: plain }]),
        [],
        0,
      ),
    ),
  'components and keys of the configuration': (n) =>
    withTopology(pairs(n), Object.fromEntries(range(16 * n, (i) => [`k${i}`, i]))),
  'components and metrics consumers': (n) =>
    withTopology(
      topologyOf(
        range(n, (i) => [`s${i}`, { streams: plain }]),
        [],
        0,
      ),
      {
        'topology.metrics.consumer.register': range(n, () => ({ class: 'a', 'parallelism.hint': 0 })),
      },
    ),
  'a chain': (n) =>
    withTopology(
      topologyOf(
        [['b0', { streams: plain }]],
        range(2 * n, (i) => [`b${i + 1}`, { streams: plain, inputs: [[`b${i}`, 'default', fields('f')]] }]),
      ),
    ),
  streams: (n) => withTopology(manyStreams(4 * n)),
  'subscribers of one stream': (n) =>
    withTopology(
      topologyOf(
        [['s', { streams: plain }]],
        range(2 * n, (i) => [`b${i}`, { inputs: [['s', 'default', fields('f')]] }]),
      ),
    ),
  'fields and inputs by them': (n) => {
    const names = range(2 * n, (i) => `f${i}`);
    const streams = { wide: names, ...Object.fromEntries(range(2 * n, (i) => [`t${i}`, ['f']])) };
    const inputs = range(2 * n, (i): Input => ['s', `t${i}`, fields(names[i]!)]);
    return withTopology(topologyOf([['s', { streams }]], [['b', { inputs }]]));
  },
  'durable streams of one component': (n) =>
    withTopology(manyStreams(2 * n), { 'topology.egret.durable.streams': range(2 * n, (i) => `s.t${i}`) }),
  'durable streams of many components': (n) =>
    withTopology(pairs(n), { 'topology.egret.durable.streams': range(n, (i) => `s${i}`) }),
  'configurations of components': (n) =>
    withTopology(pairs(n, (i) => `{"k${i}":[${i}.0],"topology.tasks":1}`)),
  'configurations of components, in single quotes': (n) => withTopology(pairs(n, (i) => `{'k${i}':[1,],}`)),
  keys: (n) => withConf(JSON.stringify(Object.fromEntries(range(8 * n, (i) => [`key ${i}`, i])))),
  'keys in single quotes': (n) => withConf(`{${range(8 * n, (i) => `'key ${i}':NaN`).join(',')}}`),
  'deep values': (n) =>
    withConf(`{${range(n / 16, (i) => `"k${i}":${'[['.repeat(400)}1${']]'.repeat(400)}`).join(',')}}`),
  nesting: (n) => withConf(`{'k':${'['.repeat(32 * n)}${']'.repeat(32 * n)},}`),
  escapes: (n) => withConf(`{"k":"${'\\"\\u0041'.repeat(12 * n)}","n":NaN}`),
  'a string without an end': (n) => withConf(`NaN"${'\\"'.repeat(48 * n)}`),
  'a string without an end, in single quotes': (n) => withConf(`{'k':NaN,'v':'${"\\'".repeat(48 * n)}`),
  'bare numbers': (n) => withConf(`{"k":[${'NaN,-Infinity,'.repeat(8 * n)}1]}`),
  'lists of the configuration': (n) =>
    withTopology(simple, {
      'topology.kryo.register': range(n, (i) => ({ [`c${i}`]: 'x' })),
      'topology.users': range(n, (i) => `u${i}`),
      'topology.environment': Object.fromEntries(range(n, (i) => [`E${i}`, 'x'])),
    }),
  'Java objects of one grouping': (n) =>
    withTopology(manyStreams(1, { kind: 'custom_serialized', value: javaObjects(16 * n) }), {
      'topology.egret.durable.streams': ['s.t0'],
    }),
  'groupings of Java': (n) =>
    withTopology(manyStreams(n / 2, { kind: 'custom_serialized', value: javaObjects(2) })),
  'tasks and workers': (n) =>
    withTopology(
      topologyOf([['s', { streams: plain }]], [['b', { inputs: [['s', 'default', shuffle]] }]], 8 * n),
      { 'topology.workers': n, 'topology.acker.executors': n },
    ),
};
