import fc from 'fast-check';
import { type JavaValue, java, type TypedJavaValue } from '../tuple/index.ts';

/**
 * A value as egret.oracle.ValuesDescription says it: class and content, sets and maps in the order of their
 * texts.
 */
export function describeValue(value: JavaValue): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return `String ${unitsOf(value)}`;
  if (typeof value === 'boolean') return `Boolean ${value}`;
  if (value instanceof Uint8Array)
    return `[B [${[...value].map((byte) => `Byte ${(byte << 24) >> 24}`).join(', ')}]`;
  return describeTyped(value);
}

export function describeValues(values: readonly JavaValue[]): string {
  return `[${values.map(describeValue).join(', ')}]`;
}

function describeTyped(value: TypedJavaValue): string {
  switch (value.type) {
    case 'byte':
      return `Byte ${value.value}`;
    case 'short':
      return `Short ${value.value}`;
    case 'int':
      return `Integer ${value.value}`;
    case 'long':
      return `Long ${value.value}`;
    case 'bigInteger':
      return `BigInteger ${value.value}`;
    case 'char':
      return `Character ${value.code}`;
    case 'float':
      return `Float ${floatBits(value.value)}`;
    case 'double':
      return `Double ${doubleBits(value.value)}`;
    case 'bigDecimal':
      return `BigDecimal ${value.unscaled} ${value.scale}`;
    case 'date':
      return `Date ${value.epochMs}`;
    case 'uuid':
      return `UUID ${value.mostSignificant} ${value.leastSignificant}`;
    case 'list':
      return `${value.flavour} ${describeValues(value.items)}`;
    case 'set':
      return `${value.flavour} [${value.items.map(describeValue).sort().join(', ')}]`;
    case 'map':
      return `${value.flavour} [${value.entries
        .map(([key, item]) => `${describeValue(key)}=${describeValue(item)}`)
        .sort()
        .join(', ')}]`;
    case 'object':
      return `${value.className} of ${value.bytes.length} bytes`;
  }
}

function unitsOf(text: string): string {
  let hex = '';
  for (let i = 0; i < text.length; i++) hex += text.charCodeAt(i).toString(16).padStart(4, '0');
  return hex;
}

function floatBits(value: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatBE(value);
  return bytes.readUInt32BE().toString(16);
}

function doubleBits(value: number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes.readBigUInt64BE().toString(16);
}

/** Any tuple of portable values that Java can hold: no null where its class refuses it, no key twice. */
export function tuples(): fc.Arbitrary<JavaValue[]> {
  return fc.array(values(), { maxLength: 8 });
}

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const int32 = fc.integer();

function scalars(): fc.Arbitrary<JavaValue> {
  return fc.oneof(
    fc.boolean(),
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.string({ unit: 'grapheme-ascii', maxLength: 200 }),
    fc
      .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 5 })
      .map((units) => String.fromCharCode(...units)),
    fc.integer({ min: -128, max: 127 }).map(java.byte),
    fc.integer({ min: -32768, max: 32767 }).map(java.short),
    int32.map(java.int),
    int64.map(java.long),
    fc.float().map(java.float),
    fc.double().map(java.double),
    fc.integer({ min: 0, max: 0xffff }).map((code): JavaValue => ({ type: 'char', code })),
    fc.bigInt().map(java.bigInteger),
    fc
      .tuple(fc.bigInt(), int32)
      .map(([unscaled, scale]): JavaValue => ({ type: 'bigDecimal', unscaled, scale })),
    int64.map((epochMs): JavaValue => ({ type: 'date', epochMs })),
    fc.tuple(int64, int64).map(
      ([mostSignificant, leastSignificant]): JavaValue => ({
        type: 'uuid',
        mostSignificant,
        leastSignificant,
      }),
    ),
  );
}

function values(): fc.Arbitrary<JavaValue> {
  const { value } = fc.letrec<{ value: JavaValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      { arbitrary: scalars(), weight: 4 },
      { arbitrary: fc.constant(null), weight: 1 },
      { arbitrary: fc.uint8Array({ maxLength: 20 }), weight: 1 },
      { arbitrary: lists(tie('value')), weight: 1 },
      { arbitrary: maps(tie('value')), weight: 1 },
      { arbitrary: sets(), weight: 1 },
    ),
  }));
  return value;
}

function lists(item: fc.Arbitrary<JavaValue>): fc.Arbitrary<JavaValue> {
  const flavour = fc.constantFrom('ArrayList', 'LinkedList', 'Arrays.asList', 'unmodifiableList', 'Values');
  return fc.oneof(
    fc
      .tuple(flavour, fc.array(item, { maxLength: 4 }))
      .map(([flavour, items]): JavaValue => ({ type: 'list', flavour: flavour as 'ArrayList', items })),
    fc
      .array(scalars(), { maxLength: 4 })
      .map((items): JavaValue => ({ type: 'list', flavour: 'List.of', items })),
  );
}

function maps(item: fc.Arbitrary<JavaValue>): fc.Arbitrary<JavaValue> {
  const entries = (key: fc.Arbitrary<JavaValue>, value: fc.Arbitrary<JavaValue>) =>
    fc.uniqueArray(fc.tuple(key, value), { maxLength: 4, selector: ([key]) => describeValue(key) });
  const nullableKey = fc.oneof(scalars(), fc.constant(null));
  return fc.oneof(
    fc
      .tuple(fc.constantFrom('HashMap', 'LinkedHashMap'), entries(nullableKey, item))
      .map(([flavour, entries]): JavaValue => ({ type: 'map', flavour: flavour as 'HashMap', entries })),
    fc
      .tuple(fc.constantFrom('ConcurrentHashMap', 'Map.of'), entries(scalars(), scalars()))
      .map(([flavour, entries]): JavaValue => ({ type: 'map', flavour: flavour as 'HashMap', entries })),
    entries(int32.map(java.int), item).map(
      (entries): JavaValue => ({ type: 'map', flavour: 'TreeMap', entries }),
    ),
  );
}

function sets(): fc.Arbitrary<JavaValue> {
  const items = (item: fc.Arbitrary<JavaValue>) =>
    fc.uniqueArray(item, { maxLength: 4, selector: (value) => describeValue(value) });
  return fc.oneof(
    fc
      .tuple(fc.constantFrom('HashSet', 'LinkedHashSet', 'Set.of'), items(scalars()))
      .map(([flavour, items]): JavaValue => ({ type: 'set', flavour: flavour as 'HashSet', items })),
    items(int64.map(java.long)).map((items): JavaValue => ({ type: 'set', flavour: 'TreeSet', items })),
  );
}
