import fc from 'fast-check';
import type { JsonValue } from '../base/index.ts';
import type { BaseTypeName, IdlDocument, IdlStruct, IdlType } from '../rpc/idl.ts';

/** Random values of the types of an IDL, in the shapes of the generated TypeScript. */
export class ThriftArbitraries {
  readonly #document: IdlDocument;

  constructor(document: IdlDocument) {
    this.#document = document;
  }

  ofStruct(struct: IdlStruct): fc.Arbitrary<object> {
    if (struct.kind === 'union') {
      return fc.oneof(
        ...struct.fields.map((field) =>
          this.ofType(field.type).map((value) => ({ kind: field.name, value })),
        ),
      );
    }
    const fields = struct.fields.map((field) => {
      const value = this.ofType(field.type);
      const isAlways = field.requiredness === 'required' || field.preset !== undefined;
      return [field.name, isAlways ? value : fc.option(value, { nil: undefined })] as const;
    });
    return fc.record(Object.fromEntries(fields), { noNullPrototype: true });
  }

  ofType(type: IdlType): fc.Arbitrary<unknown> {
    switch (type.kind) {
      case 'base':
        return baseArbitraries[type.name];
      case 'named': {
        const known = this.#document.enums.find((each) => each.name === type.name);
        if (known !== undefined) return fc.constantFrom(...known.values.map((value) => value.name));
        return this.ofStruct(structNamed(this.#document, type.name));
      }
      case 'list':
        return fc.array(this.ofType(type.element), { maxLength: 3 });
      case 'set':
        return fc.array(this.ofType(type.element), { maxLength: 3 }).map((values) => new Set(values));
      case 'map': {
        const pairs = fc.uniqueArray(fc.tuple(this.ofType(type.key), this.ofType(type.value)), {
          maxLength: 3,
          selector: ([key]) => sortKey(describeThrift(this.#document, type.key, key)),
        });
        return isScalar(type.key, this.#document) ? pairs.map((entries) => new Map(entries)) : pairs;
      }
    }
  }
}

/** Unicode without lone surrogates: UTF-8 cannot say those. */
const text = fc.oneof(fc.string({ maxLength: 12 }), fc.string({ unit: 'binary', maxLength: 6 }));

const baseArbitraries: Readonly<Record<BaseTypeName, fc.Arbitrary<unknown>>> = {
  bool: fc.boolean(),
  byte: fc.integer({ min: -128, max: 127 }),
  i16: fc.integer({ min: -32768, max: 32767 }),
  i32: fc.oneof(fc.integer(), fc.constantFrom(0, -1, 2 ** 31 - 1, -(2 ** 31))),
  i64: fc.oneof(
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.constantFrom(0n, -1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)),
  ),
  double: fc.double(),
  string: text,
  binary: fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
};

/**
 * What a value holds, in the words of the Java class egret.oracle.ThriftValues, so that the two can be
 * compared.
 */
export function describeThrift(document: IdlDocument, type: IdlType, value: unknown): JsonValue {
  switch (type.kind) {
    case 'base':
      return type.name === 'double' ? doubleBits(value as number) : describeBase(value);
    case 'named':
      if (document.enums.some((known) => known.name === type.name)) return value as string;
      return describeStruct(document, structNamed(document, type.name), value as object);
    case 'list':
      return [...(value as Iterable<unknown>)].map((each) => describeThrift(document, type.element, each));
    case 'set':
      return sorted(
        [...(value as Iterable<unknown>)].map((each) => describeThrift(document, type.element, each)),
      );
    case 'map':
      return sorted(
        [...(value as Iterable<readonly [unknown, unknown]>)].map(([key, each]) => [
          describeThrift(document, type.key, key),
          describeThrift(document, type.value, each),
        ]),
      );
  }
}

export function describeStruct(document: IdlDocument, struct: IdlStruct, value: object): JsonValue {
  if (struct.kind === 'union') {
    const { kind, value: member } = value as { readonly kind: string; readonly value: unknown };
    const field = struct.fields.find((each) => each.name === kind);
    if (field === undefined) throw new Error(`${struct.name} has no member ${kind}`);
    return { [kind]: describeThrift(document, field.type, member) };
  }
  const held = value as Readonly<Record<string, unknown>>;
  const fields = [...struct.fields].sort((left, right) => left.id - right.id);
  return Object.fromEntries(
    fields
      .filter((field) => held[field.name] !== undefined)
      .map((field) => [field.name, describeThrift(document, field.type, held[field.name])]),
  );
}

export function structNamed(document: IdlDocument, name: string): IdlStruct {
  const found = document.structs.find((struct) => struct.name === name);
  if (found === undefined) throw new Error(`the IDL has no struct ${name}`);
  return found;
}

function describeBase(value: unknown): JsonValue {
  if (typeof value === 'bigint') return value.toString();
  if (Buffer.isBuffer(value)) return value.toString('base64');
  return value as JsonValue;
}

/** As Java's Long.toHexString(Double.doubleToLongBits(value)); every NaN is the same. */
function doubleBits(value: number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return Number.isNaN(value) ? '7ff8000000000000' : bytes.readBigUInt64BE().toString(16);
}

function isScalar(type: IdlType, document: IdlDocument): boolean {
  if (type.kind === 'base') return type.name !== 'binary';
  return type.kind === 'named' && document.enums.some((known) => known.name === type.name);
}

function sorted(values: readonly JsonValue[]): JsonValue[] {
  return [...values].sort((left, right) => compare(sortKey(left), sortKey(right)));
}

function compare(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

function sortKey(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map((each: JsonValue) => `${sortKey(each)},`).join('')}]`;
  if (typeof value === 'object' && value !== null) {
    return `{${Object.entries(value)
      .map(([key, each]) => `${key}:${sortKey(each)},`)
      .join('')}}`;
  }
  return String(value);
}
