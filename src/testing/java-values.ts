import fc from 'fast-check';
import type { JsonValue } from '../base/index.ts';
import type { JavaValue } from '../tuple/index.ts';

const longArbitrary = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: -200n, max: 200n }),
);

const wideArbitrary = fc.oneof(
  fc.bigInt({ min: -300n, max: 300n }),
  fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }),
  fc.constantFrom(
    0n,
    -1n,
    127n,
    128n,
    -128n,
    -129n,
    2n ** 31n,
    2n ** 32n - 1n,
    2n ** 32n,
    -(2n ** 63n),
    2n ** 63n,
  ),
);

const stringArbitrary = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 8 })
    .map((units) => String.fromCharCode(...units)),
);

/** Plain objects, as the reader makes them. */
function record<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record(model, { noNullPrototype: true });
}

/** Values without others inside them, of every type. */
export const scalarArbitrary: fc.Arbitrary<JavaValue> = fc.oneof(
  fc.constantFrom(null, true, false),
  stringArbitrary,
  fc.integer({ min: -128, max: 127 }).map((value) => ({ type: 'byte' as const, value })),
  fc.integer({ min: -32768, max: 32767 }).map((value) => ({ type: 'short' as const, value })),
  fc.integer().map((value) => ({ type: 'int' as const, value })),
  longArbitrary.map((value) => ({ type: 'long' as const, value })),
  fc.float().map((value) => ({ type: 'float' as const, value })),
  fc.double().map((value) => ({ type: 'double' as const, value })),
  fc.integer({ min: 0, max: 0xffff }).map((code) => ({ type: 'char' as const, code })),
  wideArbitrary.map((value) => ({ type: 'bigInteger' as const, value })),
  record({
    type: fc.constant('bigDecimal' as const),
    unscaled: wideArbitrary,
    scale: fc.oneof(fc.integer({ min: -20, max: 20 }), fc.integer()),
  }),
  longArbitrary.map((epochMs) => ({ type: 'date' as const, epochMs })),
  record({
    type: fc.constant('uuid' as const),
    mostSignificant: longArbitrary,
    leastSignificant: longArbitrary,
  }),
);

const bytesArbitrary = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));

/**
 * Scalars and collections of them, nested; byte[] at the top alone, because inside a collection it has no
 * hash in Java.
 */
export const valueArbitrary: fc.Arbitrary<JavaValue> = fc.oneof(
  bytesArbitrary,
  fc.letrec<{ value: JavaValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      scalarArbitrary,
      record({
        type: fc.constant('list' as const),
        flavour: fc.constantFrom('ArrayList' as const, 'LinkedList' as const),
        items: fc.array(tie('value'), { maxLength: 5 }),
      }),
      record({
        type: fc.constant('map' as const),
        flavour: fc.constantFrom('HashMap' as const, 'LinkedHashMap' as const),
        entries: fc.uniqueArray(fc.tuple(scalarArbitrary, tie('value')), {
          maxLength: 5,
          selector: ([key]) => JSON.stringify(sayJavaValue(key)),
        }),
      }),
      record({
        type: fc.constant('set' as const),
        flavour: fc.constantFrom('HashSet' as const, 'LinkedHashSet' as const),
        items: fc.uniqueArray(scalarArbitrary, {
          maxLength: 5,
          selector: (item) => JSON.stringify(sayJavaValue(item)),
        }),
      }),
    ),
  })).value,
);

/**
 * The value in the JSON that the oracle's GroupingValues reads. Not the wire's encoding, so that the two
 * check each other.
 */
export function sayJavaValue(value: JavaValue): JsonValue {
  if (value === null) return { t: 'null', v: null };
  if (typeof value === 'boolean') return { t: 'boolean', v: value };
  if (typeof value === 'string') return { t: 'string', v: value };
  if (value instanceof Uint8Array) return { t: 'bytes', v: Buffer.from(value).toString('base64') };
  switch (value.type) {
    case 'byte':
    case 'short':
    case 'int':
      return { t: value.type, v: value.value };
    case 'char':
      return { t: 'char', v: value.code };
    case 'long':
    case 'bigInteger':
      return { t: value.type, v: value.value.toString() };
    case 'float':
      return { t: 'float', v: new Int32Array(Float32Array.of(value.value).buffer)[0]! };
    case 'double':
      return { t: 'double', v: new BigInt64Array(Float64Array.of(value.value).buffer)[0]!.toString() };
    case 'bigDecimal':
      return { t: 'bigDecimal', v: value.unscaled.toString(), scale: value.scale };
    case 'date':
      return { t: 'date', v: value.epochMs.toString() };
    case 'uuid':
      return { t: 'uuid', v: value.mostSignificant.toString(), low: value.leastSignificant.toString() };
    case 'list':
    case 'set':
      return { t: value.type, flavour: value.flavour, v: value.items.map(sayJavaValue) };
    case 'map':
      return { t: 'map', flavour: value.flavour, v: value.entries.map((entry) => entry.map(sayJavaValue)) };
    case 'object':
      throw new Error('the oracle makes its own objects');
  }
}
