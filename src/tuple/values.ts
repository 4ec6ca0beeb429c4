import { GatewayError } from '../base/index.ts';

/**
 * A value of a tuple with its Java type kept, because fields grouping hashes depend on the type: `1`, `1L`
 * and `1.0` go to different tasks. What has one Java type in TypeScript stays plain; all else carries its
 * type:
 *
 *   null, Boolean, String, byte[]            null, boolean, string, Uint8Array Byte Short Integer Float
 *   Double          { type, value: number } Long BigInteger                          { type, value: bigint }
 *   Character                                { type, code: UTF-16 unit } List Map Set
 *       { type, flavour, ... }; the flavour is the Java class (docs/wire.md) BigDecimal Date UUID
 *           { type, ... } in the parts that their hash is made of any other object                         {
 *   type: 'object', ... }: opaque bytes, and what they say in portable values
 *
 * A Float's value is a number that a 32-bit float holds exactly. NaN is the canonical one.
 */
export type JavaValue = null | boolean | string | Uint8Array | TypedJavaValue;

export type TypedJavaValue =
  | { readonly type: 'byte' | 'short' | 'int' | 'float' | 'double'; readonly value: number }
  | { readonly type: 'long' | 'bigInteger'; readonly value: bigint }
  | { readonly type: 'char'; readonly code: number }
  | { readonly type: 'list'; readonly flavour: ListFlavour; readonly items: readonly JavaValue[] }
  | {
      readonly type: 'map';
      readonly flavour: MapFlavour;
      readonly entries: readonly (readonly [JavaValue, JavaValue])[];
    }
  | { readonly type: 'set'; readonly flavour: SetFlavour; readonly items: readonly JavaValue[] }
  | { readonly type: 'bigDecimal'; readonly unscaled: bigint; readonly scale: number }
  | { readonly type: 'date'; readonly epochMs: bigint }
  | { readonly type: 'uuid'; readonly mostSignificant: bigint; readonly leastSignificant: bigint }
  | JavaObject;

/** An object that only Java can read. A task that is not Java works with `view`, or refuses it by name. */
export interface JavaObject {
  readonly type: 'object';
  readonly codec: ObjectCodec;
  readonly className: string;
  readonly bytes: Uint8Array;
  readonly view: JavaValue | undefined;
}

/** In the order of their numbers on the wire. */
export const listFlavours = [
  'ArrayList',
  'LinkedList',
  'Arrays.asList',
  'List.of',
  'unmodifiableList',
  'Values',
] as const;
export const mapFlavours = ['HashMap', 'LinkedHashMap', 'TreeMap', 'ConcurrentHashMap', 'Map.of'] as const;
export const setFlavours = ['HashSet', 'LinkedHashSet', 'TreeSet', 'Set.of'] as const;
export const objectCodecs = ['kryo', 'javaSerialization', 'parts'] as const;
export type ListFlavour = (typeof listFlavours)[number];
export type MapFlavour = (typeof mapFlavours)[number];
export type SetFlavour = (typeof setFlavours)[number];
export type ObjectCodec = (typeof objectCodecs)[number];

/** How many lists, maps, sets and object views may lie in one another. */
export const nestingMax = 64;

export const tags = {
  null: 0,
  false: 1,
  true: 2,
  byte: 3,
  short: 4,
  int: 5,
  long: 6,
  float: 7,
  double: 8,
  char: 9,
  asciiString: 10,
  utf8String: 11,
  utf16String: 12,
  bytes: 13,
  list: 14,
  map: 15,
  set: 16,
  bigInteger: 17,
  bigDecimal: 18,
  date: 19,
  uuid: 20,
  object: 21,
} as const;

/** Short ways to say typed values. */
export const java = {
  byte: (value: number): JavaValue => ({ type: 'byte', value }),
  short: (value: number): JavaValue => ({ type: 'short', value }),
  int: (value: number): JavaValue => ({ type: 'int', value }),
  long: (value: bigint): JavaValue => ({ type: 'long', value }),
  float: (value: number): JavaValue => ({ type: 'float', value: Math.fround(value) }),
  double: (value: number): JavaValue => ({ type: 'double', value }),
  char: (character: string): JavaValue => ({ type: 'char', code: character.charCodeAt(0) }),
  bigInteger: (value: bigint): JavaValue => ({ type: 'bigInteger', value }),
  list: (items: readonly JavaValue[]): JavaValue => ({ type: 'list', flavour: 'ArrayList', items }),
  map: (entries: readonly (readonly [JavaValue, JavaValue])[]): JavaValue => ({
    type: 'map',
    flavour: 'HashMap',
    entries,
  }),
  set: (items: readonly JavaValue[]): JavaValue => ({ type: 'set', flavour: 'HashSet', items }),
} as const;

/** The Java class of a value, for messages. */
export function javaTypeName(value: JavaValue): string {
  if (value === null) return 'null';
  if (typeof value === 'boolean') return 'Boolean';
  if (typeof value === 'string') return 'String';
  if (value instanceof Uint8Array) return 'byte[]';
  return value.type === 'object' ? value.className : value.type;
}

export function nestingError(): GatewayError {
  return new GatewayError('VALUE_UNSUPPORTED', `values are nested deeper than ${nestingMax} levels`);
}
