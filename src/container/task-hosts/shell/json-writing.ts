import { stringify as stringifyLossless } from 'lossless-json';
import type { JavaObject, JavaValue, TypedJavaValue } from '../../../tuple/index.ts';
import type { ChildJson } from './json-reading.ts';

/** An object that only Java can read, and that says nothing of itself in portable values. */
export class OpaqueObjectFault extends Error {
  readonly className: string;

  constructor(object: JavaObject) {
    super(`a value of class ${object.className}, which only Java can read`);
    this.name = 'OpaqueObjectFault';
    this.className = object.className;
  }
}

/** JSON of what {@link parseChildJson} read, number for number: for the message ids that go back to the child. */
export function childJsonText(json: ChildJson): string {
  return stringifyLossless(json) ?? 'null';
}

/** `[...]` of a tuple's values. Throws {@link OpaqueObjectFault}. */
export function valuesToJson(values: readonly JavaValue[]): string {
  let text = '[';
  for (let i = 0; i < values.length; i++) {
    if (i > 0) text += ',';
    text += valueToJson(values[i]!);
  }
  return `${text}]`;
}

/**
 * JSON of a value, as Storm's multilang writes it (JsonSerializer of storm-client 2.8, json-smart): NaN is the word NaN,
 * which Python reads, an infinity is null. Where Storm fails or writes something of no use: byte[] is base64, a Date is
 * ISO 8601 in UTC, Character and UUID are strings.
 */
export function valueToJson(value: JavaValue): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (value instanceof Uint8Array) return `"${Buffer.from(value).toString('base64')}"`;
  return typedToJson(value);
}

function typedToJson(value: TypedJavaValue): string {
  switch (value.type) {
    case 'byte':
    case 'short':
    case 'int':
    case 'long':
    case 'bigInteger':
      return value.value.toString();
    case 'double':
      return fractionText(value.value, String(value.value));
    case 'float':
      return fractionText(value.value, shortestFloatText(value.value));
    case 'char':
      return JSON.stringify(String.fromCharCode(value.code));
    case 'list':
    case 'set':
      return valuesToJson(value.items);
    case 'map':
      return `{${value.entries.map(([key, item]) => `${keyToJson(key)}:${valueToJson(item)}`).join(',')}}`;
    case 'bigDecimal':
      return decimalText(value.unscaled, value.scale);
    case 'date':
      return JSON.stringify(dateText(value.epochMs));
    case 'uuid':
      return JSON.stringify(uuidText(value.mostSignificant, value.leastSignificant));
    case 'object':
      if (value.view === undefined) throw new OpaqueObjectFault(value);
      return valueToJson(value.view);
  }
}

/** A key as Java's toString says it, where JSON has a text for it. */
function keyToJson(key: JavaValue): string {
  if (typeof key === 'string') return JSON.stringify(key);
  const text = valueToJson(key);
  return text.startsWith('"') ? text : JSON.stringify(text);
}

/** 1.0 keeps its point, so that the child reads a fraction and not a whole number. */
function fractionText(value: number, shortest: string): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return 'null';
  if (Object.is(value, -0)) return '-0.0';
  return /[.e]/.test(shortest) ? shortest : `${shortest}.0`;
}

/** The fewest digits that name this float among the floats: 0.1, not 0.10000000149011612. */
function shortestFloatText(value: number): string {
  for (let digits = 1; digits <= 9; digits++) {
    const candidate = Number(value.toPrecision(digits));
    if (Math.fround(candidate) === value) return String(candidate);
  }
  return String(value);
}

/** BigDecimal.toString (JDK): plain while the exponent is small, else scientific. */
export function decimalText(unscaled: bigint, scale: number): string {
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString();
  const sign = unscaled < 0n ? '-' : '';
  if (scale === 0) return sign + digits;
  const exponent = digits.length - 1 - scale;
  if (scale > 0 && exponent >= -6) {
    const padded = digits.padStart(scale + 1, '0');
    return `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
  }
  const mantissa = digits.length === 1 ? digits : `${digits[0]!}.${digits.slice(1)}`;
  return `${sign}${mantissa}E${exponent < 0 ? '' : '+'}${exponent}`;
}

const dateMsMax = 8_640_000_000_000_000n;

/** ISO 8601 in UTC; outside the years that JavaScript's dates reach, the milliseconds. */
function dateText(epochMs: bigint): string {
  if (epochMs > dateMsMax || epochMs < -dateMsMax) return epochMs.toString();
  return new Date(Number(epochMs)).toISOString();
}

function uuidText(mostSignificant: bigint, leastSignificant: bigint): string {
  const hex = [mostSignificant, leastSignificant]
    .map((half) => BigInt.asUintN(64, half).toString(16).padStart(16, '0'))
    .join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** How a refused value is named to the user, with what can be done about it. */
export function opaqueObjectRemedy(fault: OpaqueObjectFault, componentId: string): string {
  return (
    `component ${componentId} is a shell component and was sent ${fault.message}: ` +
    `emit a plain value (string, number, list, map) in its place, or read it by a Java component`
  );
}
