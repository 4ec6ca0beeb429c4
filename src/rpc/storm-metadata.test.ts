import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { JsonValue } from '../base/index.ts';
import { askOracle } from '../testing/oracle.ts';
import * as services from './gen/services.ts';
import * as storm from './gen/storm.ts';
import { type IdlDocument, type IdlField, parseIdl, typeText } from './idl.ts';
import type { MethodSpec } from './service.ts';

interface Metadata {
  readonly structs: Readonly<
    Record<string, { readonly kind: string; readonly fields: readonly Described[] }>
  >;
  readonly enums: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly services: Readonly<
    Record<
      string,
      Readonly<
        Record<string, { readonly arguments: readonly Described[]; readonly result: readonly Described[] }>
      >
    >
  >;
}

interface Described {
  readonly id: number;
  readonly name: string;
  readonly type: string;
  readonly requiredness: string;
  readonly default?: JsonValue;
}

const source = readFileSync(new URL('../../thrift/storm.thrift', import.meta.url), 'utf8');

describe('thrift/storm.thrift', () => {
  let released: Metadata;

  before(() => {
    released = askOracle('ThriftMetadata', {}) as unknown as Metadata;
  });

  it('says what the classes of the released storm-client jar say', () => {
    assert.deepEqual(metadataOf(parseIdl(source)), released);
    assert.equal(Object.keys(released.structs).length, 94);
    assert.equal(Object.keys(released.services['Nimbus']!).length, 55);
  });

  const mutations: readonly (readonly [what: string, from: string, to: string])[] = [
    ['a field id', '1: required string componentId', '7: required string componentId'],
    ['a high field id', '513: optional string sched_status', '512: optional string sched_status'],
    ['a field name', 'i32 parallelism_hint', 'i32 parallelism'],
    ['a type', 'map<GlobalStreamId, Grouping> inputs', 'map<string, Grouping> inputs'],
    ['a requiredness', '1: required i64 version', '1: optional i64 version'],
    ['an enum value', 'REBALANCING = 3', 'REBALANCING = 5'],
    ['a default value', '"VERSION_NOT_PROVIDED"', '"NO_VERSION"'],
    [
      'a declared exception',
      'rebalance(1: string name, 2: RebalanceOptions options)\n      throws (1: NotAliveException',
      'rebalance(1: string name, 2: RebalanceOptions options)\n      throws (1: KeyNotFoundException',
    ],
    [
      'the id of an argument',
      'uploadChunk(1: string location, 2: binary chunk)',
      'uploadChunk(1: string location, 3: binary chunk)',
    ],
    ['a result', 'bool isTopologyNameAllowed', 'i32 isTopologyNameAllowed'],
  ];
  for (const [what, from, to] of mutations) {
    it(`differs from the jar as soon as ${what} is changed`, () => {
      assert.ok(source.includes(from), from);
      assert.notDeepEqual(metadataOf(parseIdl(source.replace(from, to))), released);
    });
  }

  it('has the generated codecs agree with the jar in ids, names, requiredness and type codes', () => {
    const codecs = storm as unknown as Readonly<Record<string, GeneratedCodec>>;
    const generated: unknown[] = [];
    const expected: unknown[] = [];
    for (const [name, { kind, fields }] of Object.entries(released.structs)) {
      const codec = codecs[name];
      const members = codec?.fields ?? codec?.members ?? [];
      generated.push([
        name,
        members.map((field) => [field.id, field.name, field.requiredness, field.codec.wireType]),
      ]);
      expected.push([
        name,
        fields.map((field) => [
          field.id,
          field.name,
          kind === 'union' ? undefined : field.requiredness,
          wireTypeOf(field.type, released),
        ]),
      ]);
    }
    assert.deepEqual(generated, expected);
  });

  it('has the generated services declare every method with its exceptions', () => {
    const generated = Object.fromEntries(
      [services.Nimbus, services.Supervisor, services.DistributedRPC, services.DistributedRPCInvocations].map(
        (service) => [
          service.name,
          Object.values<MethodSpec>(service.methods as Readonly<Record<string, MethodSpec>>)
            .map((method) => [
              method.name,
              method.arguments.fields.map((field) => `${field.id}:${String(field.name)}`),
              method.exceptions.map((each) => `${each.id}:${each.codec.name}`),
            ])
            .sort(),
        ],
      ),
    );
    const expected = Object.fromEntries(
      Object.entries(released.services).map(([name, methods]) => [
        name,
        Object.entries(methods)
          .map(([method, { arguments: given, result }]) => [
            method,
            given.map((field) => `${field.id}:${field.name}`),
            result.filter((field) => field.id !== 0).map((field) => `${field.id}:${field.type}`),
          ])
          .sort(),
      ]),
    );
    assert.deepEqual(generated, expected);
  });
});

interface GeneratedCodec {
  readonly fields?: readonly GeneratedField[];
  readonly members?: readonly GeneratedField[];
}

interface GeneratedField {
  readonly id: number;
  readonly name: string;
  readonly requiredness?: string;
  readonly codec: { readonly wireType: number };
}

/** The IDL in the words of the Java class egret.oracle.ThriftMetadata. */
function metadataOf(document: IdlDocument): Metadata {
  return {
    structs: Object.fromEntries(
      document.structs.map(({ kind, name, fields }) => [
        name,
        {
          kind,
          fields: byId(fields).map((field) =>
            described(field, kind === 'union' ? 'optional' : field.requiredness),
          ),
        },
      ]),
    ),
    enums: Object.fromEntries(
      document.enums.map(({ name, values }) => [
        name,
        Object.fromEntries(values.map((each) => [each.name, each.value])),
      ]),
    ),
    services: Object.fromEntries(
      document.services.map(({ name, methods }) => [
        name,
        Object.fromEntries(
          methods.map((method) => [
            method.name,
            {
              // Thrift ignores requiredness in arguments and results: the classes know none.
              arguments: byId(method.parameters).map((field) => described(field, 'default')),
              result: [
                ...(method.result === undefined
                  ? []
                  : [{ id: 0, name: 'success', type: typeText(method.result), requiredness: 'default' }]),
                ...byId(method.exceptions).map((field) => described(field, 'default')),
              ],
            },
          ]),
        ),
      ]),
    ),
  };
}

function described(field: IdlField, requiredness: string): Described {
  const plain = { id: field.id, name: field.name, type: typeText(field.type), requiredness };
  if (field.preset === undefined) return plain;
  const { kind, text } = field.preset;
  return { ...plain, default: kind === 'empty' ? {} : (JSON.parse(text) as JsonValue) };
}

function byId(fields: readonly IdlField[]): IdlField[] {
  return [...fields].sort((left, right) => left.id - right.id);
}

/**
 * Type codes as Thrift's binary protocol defines them, written out here rather than taken from the code under
 * test.
 */
function wireTypeOf(type: string, metadata: Metadata): number {
  const codes: Readonly<Record<string, number>> = {
    bool: 2,
    byte: 3,
    double: 4,
    i16: 6,
    i32: 8,
    i64: 10,
    string: 11,
    binary: 11,
  };
  if (type.startsWith('map<')) return 13;
  if (type.startsWith('set<')) return 14;
  if (type.startsWith('list<')) return 15;
  return codes[type] ?? (metadata.enums[type] === undefined ? 12 : 8);
}
