import { decimalText, uuidText } from './java-text.ts';
import type { JavaObject, JavaValue, TypedJavaValue } from './values.ts';

/** How values that JSON cannot express are written as JSON. */
export interface JsonRules {
  readonly bytes: (value: Uint8Array) => string;
  /** NaN or an infinity. */
  readonly notFinite: (value: number) => string;
  /** An object that only Java can read, and that says nothing of itself in portable values. */
  readonly opaque: (object: JavaObject) => string;
}

/** `[...]` of a tuple's values. */
export function valuesToJson(values: readonly JavaValue[], rules: JsonRules): string {
  let text = '[';
  for (let i = 0; i < values.length; i++) {
    if (i > 0) text += ',';
    text += valueToJson(values[i]!, rules);
  }
  return `${text}]`;
}

/**
 * JSON of a value, as Storm's multilang writes it (JsonSerializer of storm-client 2.8, json-smart). Where
 * Storm fails or writes something of no use: a Date is ISO 8601 in UTC, Character and UUID are strings. Whole
 * numbers have all their digits.
 */
export function valueToJson(value: JavaValue, rules: JsonRules): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (value instanceof Uint8Array) return rules.bytes(value);
  return typedToJson(value, rules);
}

function typedToJson(value: TypedJavaValue, rules: JsonRules): string {
  switch (value.type) {
    case 'byte':
    case 'short':
    case 'int':
    case 'long':
    case 'bigInteger':
      return value.value.toString();
    case 'double':
      return Number.isFinite(value.value)
        ? fractionText(value.value, String(value.value))
        : rules.notFinite(value.value);
    case 'float':
      return Number.isFinite(value.value)
        ? fractionText(value.value, shortestFloatText(value.value))
        : rules.notFinite(value.value);
    case 'char':
      return JSON.stringify(String.fromCharCode(value.code));
    case 'list':
    case 'set':
      return valuesToJson(value.items, rules);
    case 'map':
      return `{${value.entries.map(([key, item]) => `${keyToJson(key, rules)}:${valueToJson(item, rules)}`).join(',')}}`;
    case 'bigDecimal':
      return decimalText(value.unscaled, value.scale);
    case 'date':
      return JSON.stringify(dateText(value.epochMs));
    case 'uuid':
      return JSON.stringify(uuidText(value.mostSignificant, value.leastSignificant));
    case 'object':
      return value.view === undefined ? rules.opaque(value) : valueToJson(value.view, rules);
  }
}

/** A key as Java's toString says it, where JSON has a text for it. */
function keyToJson(key: JavaValue, rules: JsonRules): string {
  if (typeof key === 'string') return JSON.stringify(key);
  const text = valueToJson(key, rules);
  return text.startsWith('"') ? text : JSON.stringify(text);
}

/** 1.0 keeps its point, so that a reader takes it for a fraction and not for a whole number. */
function fractionText(value: number, shortest: string): string {
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

const dateMsMax = 8_640_000_000_000_000n;

/** ISO 8601 in UTC; outside the years that JavaScript's dates reach, the milliseconds. */
function dateText(epochMs: bigint): string {
  if (epochMs > dateMsMax || epochMs < -dateMsMax) return epochMs.toString();
  return new Date(Number(epochMs)).toISOString();
}
