import { GatewayError } from '../base/index.ts';
import { type JavaValue, javaTypeName, type TypedJavaValue } from './values.ts';

const floatBits = new DataView(new ArrayBuffer(8));

/** String.hashCode: a polynomial over UTF-16 units. */
export function stringHash(value: string): number {
  let hash = 0;
  for (let i = 0; i < value.length; i++) hash = (Math.imul(31, hash) + value.charCodeAt(i)) | 0;
  return hash;
}

/** Arrays.hashCode(byte[]). */
export function bytesHash(bytes: Uint8Array): number {
  let hash = 1;
  for (let i = 0; i < bytes.length; i++) hash = (Math.imul(31, hash) + ((bytes[i]! << 24) >> 24)) | 0;
  return hash;
}

/**
 * Object.hashCode of a value, as the JDK's classes define it. A byte[] inside a collection has no such hash
 * in Java (it is the object's identity, another one in every JVM): its content's hash is used, so that equal
 * content meets. Throws `VALUE_UNSUPPORTED` for an object only Java can read: its hash is its class's own.
 */
export function javaHashCode(value: JavaValue): number {
  if (value === null) return 0;
  if (typeof value === 'string') return stringHash(value);
  if (typeof value === 'boolean') return value ? 1231 : 1237;
  if (value instanceof Uint8Array) return bytesHash(value);
  return typedHash(value);
}

/**
 * Arrays.deepHashCode over the chosen values (Storm TupleUtils.listHashCode); all of them without `indexes`.
 */
export function deepHashCode(values: readonly JavaValue[], indexes?: readonly number[]): number {
  let hash = 1;
  const count = indexes === undefined ? values.length : indexes.length;
  for (let i = 0; i < count; i++) {
    const value = values[indexes === undefined ? i : indexes[i]!];
    hash = (Math.imul(31, hash) + javaHashCode(value ?? null)) | 0;
  }
  return hash;
}

/**
 * Which of `taskCount` ascending tasks a tuple goes to under fields grouping (Storm
 * TupleUtils.chooseTaskIndex).
 */
export function fieldsGroupingIndex(
  values: readonly JavaValue[],
  taskCount: number,
  indexes?: readonly number[],
): number {
  return floorMod(deepHashCode(values, indexes), taskCount);
}

/** The same for one Long given as halves: which `__acker` task tracks a root id. */
export function longGroupingIndex(hi: number, lo: number, taskCount: number): number {
  return floorMod((31 + (hi ^ lo)) | 0, taskCount);
}

/** Math.floorMod for int: never negative. */
export function floorMod(dividend: number, divisor: number): number {
  const remainder = dividend % divisor;
  return remainder < 0 ? remainder + divisor : remainder;
}

function typedHash(value: TypedJavaValue): number {
  switch (value.type) {
    case 'byte':
    case 'short':
    case 'int':
      return value.value;
    case 'char':
      return value.code;
    case 'long':
      return longHash(value.value);
    case 'float':
      return floatHash(value.value);
    case 'double':
      return doubleHash(value.value);
    case 'list':
      return listHash(value.items);
    case 'set':
      return value.items.reduce((sum: number, item) => (sum + javaHashCode(item)) | 0, 0);
    case 'map':
      return value.entries.reduce((sum, [k, v]) => (sum + (javaHashCode(k) ^ javaHashCode(v))) | 0, 0);
    case 'bigInteger':
      return bigIntegerHash(value.value);
    case 'bigDecimal':
      return (Math.imul(31, bigIntegerHash(value.unscaled)) + value.scale) | 0;
    case 'date':
      return longHash(value.epochMs);
    case 'uuid':
      return longHash(value.mostSignificant ^ value.leastSignificant);
    case 'object':
      throw new GatewayError(
        'VALUE_UNSUPPORTED',
        `a value of class ${javaTypeName(value)} has a hash that only Java knows: group by a field of a plain type, or emit from a Java component`,
        { facts: { className: value.className } },
      );
  }
}

function listHash(items: readonly JavaValue[]): number {
  let hash = 1;
  for (const item of items) hash = (Math.imul(31, hash) + javaHashCode(item)) | 0;
  return hash;
}

function longHash(value: bigint): number {
  return Number(BigInt.asIntN(32, value ^ (value >> 32n)));
}

function floatHash(value: number): number {
  if (Number.isNaN(value)) return 0x7fc0_0000;
  floatBits.setFloat32(0, value);
  return floatBits.getInt32(0);
}

function doubleHash(value: number): number {
  if (Number.isNaN(value)) return 0x7ff8_0000;
  floatBits.setFloat64(0, value);
  return floatBits.getInt32(0) ^ floatBits.getInt32(4);
}

/** A polynomial over the magnitude's 32-bit words, most significant first, times the sign. */
function bigIntegerHash(value: bigint): number {
  const hex = (value < 0n ? -value : value).toString(16);
  const firstWordDigits = hex.length % 8 === 0 ? 8 : hex.length % 8;
  let hash = 0;
  for (let start = 0, end = firstWordDigits; start < hex.length; start = end, end += 8) {
    hash = (Math.imul(31, hash) + Number.parseInt(hex.slice(start, end), 16)) | 0;
  }
  return value < 0n ? -hash | 0 : hash;
}
