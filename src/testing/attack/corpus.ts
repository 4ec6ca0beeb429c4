import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { type IdlDocument, parseIdl } from '../../rpc/idl.ts';
import { DistributedLogService, type Grouping, Nimbus } from '../../rpc/index.ts';
import { encodeMessage } from '../../rpc/message.ts';
import type { MethodSpec } from '../../rpc/service.ts';
import { messageTypes } from '../../rpc/wire.ts';
import { ThriftArbitraries } from '../thrift-values.ts';
import { common, input, simple, topology } from './topologies.ts';

export type ServiceName = 'nimbus' | 'dlog';

/** A valid call: what mutations begin with. The message has no length in front. */
export interface Seed {
  readonly method: string;
  readonly message: Buffer;
}

const samplesPerMethod = 6;
const services = {
  nimbus: { spec: Nimbus, idl: 'storm' },
  dlog: { spec: DistributedLogService, idl: 'dlog' },
};
/**
 * So much of what is sent are the calls that people make, which get further than random arguments of a right
 * type do.
 */
const realisticRepeats = 8;

/** Random valid arguments for every method of a service, and calls as people make them. */
export function seedsOf(service: ServiceName, seed: number): readonly Seed[] {
  const { spec, idl } = services[service];
  const document = parseIdl(readFileSync(new URL(`../../../thrift/${idl}.thrift`, import.meta.url), 'utf8'));
  const methods = Object.values<MethodSpec>(spec.methods as unknown as Readonly<Record<string, MethodSpec>>);
  const random = methods.flatMap((method) =>
    argumentsOf(document, method.name, seed).map((args) => ({
      method: method.name,
      message: call(method, args),
    })),
  );
  const made = (service === 'nimbus' ? nimbusCalls : dlogCalls).map(([name, args]) => ({
    method: name,
    message: call(methods.find((method) => method.name === name)!, args),
  }));
  return [...random, ...Array.from({ length: realisticRepeats }, () => made).flat()];
}

/** A call of a service's method as the bytes of a message. */
export function callOf(service: ServiceName, name: string, args: object): Buffer {
  const methods = services[service].spec.methods as unknown as Readonly<Record<string, MethodSpec>>;
  return call(methods[name]!, args);
}

function argumentsOf(document: IdlDocument, name: string, seed: number): readonly object[] {
  const method = document.services.flatMap(({ methods }) => methods).find((each) => each.name === name)!;
  // Java writes every parameter, whatever the IDL says.
  const fields = method.parameters.map((field) => ({ ...field, requiredness: 'required' as const }));
  const struct = { kind: 'struct' as const, name, doc: '', fields };
  const arbitrary = new ThriftArbitraries(document).ofStruct(struct);
  return fc.sample(arbitrary, { seed, numRuns: samplesPerMethod });
}

function call(method: MethodSpec, args: object): Buffer {
  const header = { name: method.name, type: messageTypes.call, sequenceId: 1 };
  return encodeMessage(header, (writer) => method.arguments.write(writer, args)).subarray(4);
}

const location = '/no/such/upload.jar';
const groupings: readonly Grouping[] = [
  { kind: 'fields', value: ['a'] },
  { kind: 'custom_object', value: { full_class_name: 'x.Y', args_list: [{ kind: 'int_arg', value: 1 }] } },
  {
    kind: 'custom_serialized',
    value: Buffer.from('aced000573720003782e5900000000000000000200007870', 'hex'),
  },
];
const durable = '{"topology.egret.durable.streams":["s"],"topology.workers":2}';

const nimbusCalls: readonly (readonly [string, object])[] = [
  ['getLeader', {}],
  ['getClusterInfo', {}],
  ['getTopologySummaries', {}],
  ['getNimbusConf', {}],
  ['getTopologyInfoByName', { name: 'no-such' }],
  ['getTopologyPageInfo', { id: 'no-such-1-1', window: ':all-time', is_include_sys: true }],
  ['beginFileUpload', {}],
  ['uploadChunk', { location, chunk: Buffer.alloc(300) }],
  ['finishFileUpload', { location }],
  ['killTopologyWithOpts', { name: 'no-such', options: { wait_secs: 0 } }],
  ['rebalance', { name: 'no-such', options: { num_workers: 2, num_executors: new Map([['b', 3]]) } }],
  ...groupings.flatMap((grouping) =>
    ['{}', durable].map(
      (jsonConf) =>
        [
          'submitTopologyWithOpts',
          {
            ...{ name: 'attack', uploadedJarLocation: location, jsonConf, topology: simple(grouping) },
            options: { initial_status: 'INACTIVE' },
          },
        ] as const,
    ),
  ),
  [
    'submitTopology',
    {
      ...{ name: 'attack', uploadedJarLocation: location },
      jsonConf: '{"topology.metrics.consumer.register":[{"class":"a","parallelism.hint":1}]}',
      topology: topology(
        { s: common({ streams: { default: ['a', 'b'], other: ['c'] }, conf: '{"topology.tasks":3}' }) },
        {
          b: common({ inputs: [input('s', groupings[0]!), input('s', groupings[0]!, 'other')] }),
          c: common({ inputs: [input('b', { kind: 'all', value: {} })] }),
        },
      ),
    },
  ],
];

const stream = 'attack/a';
const ctx = {};
const earliest = { kind: 'earliest', value: true } as const;

const dlogCalls: readonly (readonly [string, object])[] = [
  ['handshake', {}],
  ['createWith', { stream, settings: { durability: 'os', segmentBytes: 1_000_000n, retentionMs: 60_000n } }],
  ['writeWithContext', { stream, data: Buffer.from('record'), ctx: { session: 1n } }],
  ['writeBulkWithContext', { stream, data: [Buffer.from('a'), Buffer.from('b')], ctx }],
  ['read', { stream, start: earliest, recordsMax: 10, bytesMax: 1000, waitMs: 0 }],
  ['readEntries', { stream, start: earliest, bytesMax: 100_000, waitMs: 0 }],
  ['moveSubscriber', { stream, subscriber: 'reader', to: earliest }],
  ['describe', { stream }],
  ['listStreams', { inNamespace: 'attack' }],
  ['check', { stream, fromLssn: 0n }],
];
