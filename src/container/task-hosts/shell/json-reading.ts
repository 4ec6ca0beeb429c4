import { LosslessNumber, parse as parseLossless } from 'lossless-json';
import { GatewayError } from '../../../base/index.ts';
import { type JavaValue, java, nestingMax } from '../../../tuple/index.ts';

/**
 * JSON as a child wrote it. A number is a `number` when that says all of it: what it is in Java follows from
 * its value. Otherwise (`1.0` is no Integer, a long whole number does not fit) it is a LosslessNumber, which
 * keeps its digits.
 */
export type ChildJson =
  | null
  | boolean
  | string
  | number
  | LosslessNumber
  | readonly ChildJson[]
  | { readonly [key: string]: ChildJson };

/**
 * What `JSON.parse` would lose: a fraction of zeros or an exponent makes a Double of a whole number, 16
 * digits may be more than a double holds, and 20 characters of digits and point may be more than the shortest
 * text of a double. It may also match within a string, which only costs time.
 */
const needsDigits = /\d\.0+(?!\d)|\d[eE]|(?<![.\d])\d{16}|[.\d]{20}/;

/**
 * Java's `Double.NaN` has no JSON; Python writes these words all the same. Strings are skipped, one without
 * an end to the end of the text: a search would start again at each of its quotes.
 */
const words = /"(?:[^"\\]|\\[\s\S])*"?|-?\bInfinity\b|\bNaN\b/g;
/** Stands for NaN while the text is parsed: no program writes a zero like this. */
const nanText = '0.0e-2147483648';

/** Parses one message. Throws SyntaxError. Like Storm it takes the last of two equal keys. */
export function parseChildJson(text: string): ChildJson {
  if (needsDigits.test(text)) return parseWithDigits(text);
  try {
    return JSON.parse(text) as ChildJson;
  } catch (error) {
    const spoken = text.replace(words, wordToNumber);
    if (spoken === text) throw error;
    return parseWithDigits(spoken);
  }
}

function parseWithDigits(text: string): ChildJson {
  const options = { onDuplicateKey: ({ newValue }: { newValue: unknown }) => newValue };
  try {
    return parseLossless(text, null, options) as ChildJson;
  } catch (error) {
    const spoken = text.replace(words, wordToNumber);
    if (spoken === text) throw error;
    return parseLossless(spoken, null, options) as ChildJson;
  }
}

function wordToNumber(word: string): string {
  if (word === 'NaN') return nanText;
  return word.startsWith('"') ? word : word.replace('Infinity', '1e999');
}

/**
 * The Java value that Storm's multilang makes of JSON (JsonSerializer of storm-client 2.8, json-smart): whole
 * numbers are Integer, Long or BigInteger by size. Three things differ, because Storm's own choice breaks
 * topologies:
 * - arrays and objects are ArrayList and HashMap, not parser classes that cannot leave the worker;
 * - a number with a fraction is a Double even when its text is longer than 18 characters, if a double holds
 *   all of it. Storm makes a BigDecimal of it, so that Python's 0.30000000000000004 and 0.3 differ in type;
 * - NaN and Infinity are Doubles, not a Float and a String.
 * Throws `VALUE_UNSUPPORTED` when nested deeper than the wire allows.
 */
export function toJavaValue(json: ChildJson, depth = 0): JavaValue {
  if (json === null || typeof json === 'string' || typeof json === 'boolean') return json;
  if (typeof json === 'number') return numberToJava(json);
  if (json instanceof LosslessNumber) return digitsToJava(json.value);
  if (depth >= nestingMax) {
    throw new GatewayError('VALUE_UNSUPPORTED', `values are nested deeper than ${nestingMax} levels`);
  }
  if (isArray(json)) return java.list(json.map((item) => toJavaValue(item, depth + 1)));
  return java.map(Object.entries(json).map(([key, value]) => [key, toJavaValue(value, depth + 1)]));
}

/** A whole number of 32 bits, or undefined: for fields of messages that hold task ids and levels. */
export function toInt32(json: ChildJson | undefined): number | undefined {
  const value = json instanceof LosslessNumber ? Number(json.value) : json;
  return typeof value === 'number' && (value | 0) === value ? value : undefined;
}

export function isArray(json: ChildJson | undefined): json is readonly ChildJson[] {
  return Array.isArray(json);
}

function numberToJava(value: number): JavaValue {
  if ((value | 0) === value) return java.int(value | 0); // -0 is the Integer 0
  return Number.isInteger(value) && Math.abs(value) < 1e16 ? java.long(BigInt(value)) : java.double(value);
}

const longMin = -(2n ** 63n);
const longMax = 2n ** 63n - 1n;
/** Digits and point of a decimal number that is a Double without a closer look; the sign does not count. */
const plainDecimalCharsMax = 19;

function digitsToJava(text: string): JavaValue {
  if (!/[.eE]/.test(text)) {
    const value = BigInt(text);
    if (BigInt.asIntN(32, value) === value) return java.int(Number(value));
    return value >= longMin && value <= longMax ? java.long(value) : java.bigInteger(value);
  }
  if (text === nanText) return java.double(Number.NaN);
  const double = Number(text);
  const length = text.startsWith('-') ? text.length - 1 : text.length;
  if (length <= plainDecimalCharsMax) return java.double(double);
  const decimal = toDecimal(text);
  return isSameDecimal(decimal, double) ? java.double(double) : { type: 'bigDecimal', ...decimal };
}

interface Decimal {
  readonly unscaled: bigint;
  readonly scale: number;
}

/**
 * As `new BigDecimal(text)` reads it. Throws `VALUE_UNSUPPORTED` for an exponent that BigDecimal does not
 * take.
 */
function toDecimal(text: string): Decimal {
  const [mantissa = '', exponent = '0'] = text.toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const scale = fraction.length - Number(exponent);
  if ((scale | 0) !== scale) {
    throw new GatewayError('VALUE_UNSUPPORTED', `the number ${text.slice(0, 80)} is beyond any Java number`);
  }
  return { unscaled: BigInt(whole + fraction), scale };
}

/** Whether the shortest text of the double says the same number. */
function isSameDecimal(decimal: Decimal, double: number): boolean {
  if (!Number.isFinite(double)) return false;
  const shortest = toDecimal(String(double));
  return stripZeros(decimal) === stripZeros(shortest);
}

function stripZeros({ unscaled, scale }: Decimal): string {
  if (unscaled === 0n) return '0';
  const digits = unscaled.toString();
  const bare = digits.replace(/(?<!0)0+$/, '');
  return `${bare}e${scale - (digits.length - bare.length)}`;
}
