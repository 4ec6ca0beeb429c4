import { GatewayError, isJsonObject, type JsonObject, type JsonValue } from '../base/index.ts';

/**
 * A configuration, key by key, each value as the text it was written in. JSON numbers of JavaScript lose what Java
 * keeps (integers beyond 2^53, and that `10.0` is a double), so what the gateway only passes on is passed on as text.
 * What the gateway itself reads it parses with {@link readConfValue}, as ordinary doubles.
 */
export type ConfText = ReadonlyMap<string, string>;

/**
 * Reads a JSON object of topology or cluster configuration: JSON with the bare `NaN` and infinities of Java's json-smart;
 * else what json-smart reads beyond that (comments, single quotes, trailing commas), by way of JSON5, which keeps
 * only the digits that a double has.
 * Throws `CONFIG_INVALID` naming `what` when it is no object at all.
 */
export async function readConfText(text: string, what: string): Promise<ConfText> {
  const strict = parseStrict(toStrict(text));
  if (strict.ok) {
    if (isJsonObject(strict.value)) return splitMembers(text);
    throw new GatewayError('CONFIG_INVALID', `${what} must be a JSON object, got ${typeName(strict.value)}`);
  }
  const { default: json5 } = await import('json5');
  let value: JsonValue;
  try {
    value = json5.parse<JsonValue>(text);
  } catch (error) {
    throw new GatewayError('CONFIG_INVALID', `${what} is not JSON`, { cause: error });
  }
  if (!isJsonObject(value)) {
    throw new GatewayError('CONFIG_INVALID', `${what} must be a JSON object, got ${typeName(value)}`);
  }
  return new Map(Object.entries(value).map(([key, member]) => [key, writeLenient(member)]));
}

/** The value of a key as JavaScript sees it. `NaN` and infinities, which JSON cannot say, come as null. */
export function readConfValue(conf: ConfText, key: string): JsonValue | undefined {
  const text = conf.get(key);
  return text === undefined ? undefined : (JSON.parse(toStrict(text)) as JsonValue);
}

export function readConfValues(conf: ConfText): JsonObject {
  return JSON.parse(writeConfText(conf, 'strict')) as JsonObject;
}

/** Later layers win, key by key, as Storm merges: values are replaced whole. */
export function mergeConf(...layers: readonly ConfText[]): ConfText {
  return new Map(layers.flatMap((layer) => [...layer]));
}

/** A copy with some keys set to values of ours, and those set to undefined removed. */
export function withConfValues(
  conf: ConfText,
  changes: Readonly<Record<string, JsonValue | undefined>>,
): ConfText {
  const copy = new Map(conf);
  for (const [key, value] of Object.entries(changes)) {
    if (value === undefined) copy.delete(key);
    else copy.set(key, JSON.stringify(value));
  }
  return copy;
}

/**
 * The JSON object. `strict`: for JSON.parse, `NaN` and infinities as null. `java`: for json-smart, which reads them bare.
 */
export function writeConfText(conf: ConfText, dialect: 'strict' | 'java'): string {
  const members = [...conf].map(
    ([key, text]) => `${JSON.stringify(key)}:${dialect === 'strict' ? toStrict(text) : text}`,
  );
  return `{${members.join(',')}}`;
}

/** JSON of values that may hold bigints, `NaN` and infinities (as YAML makes them), with every digit. */
export function writeLenient(value: unknown): string {
  if (typeof value === 'bigint' || typeof value === 'number') return String(value);
  if (Array.isArray(value)) return `[${value.map(writeLenient).join(',')}]`;
  if (value instanceof Date) return JSON.stringify(value);
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(
      ([key, member]) => `${JSON.stringify(key)}:${writeLenient(member)}`,
    );
    return `{${members.join(',')}}`;
  }
  return value === undefined ? 'null' : JSON.stringify(value);
}

export function typeName(value: JsonValue | undefined): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function parseStrict(text: string): { ok: true; value: JsonValue } | { ok: false } {
  try {
    return { ok: true, value: JSON.parse(text) as JsonValue };
  } catch {
    return { ok: false };
  }
}

/** Strings are matched to be left alone. */
const stringOrNonNumber = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\b(?:NaN|Infinity)\b/g;

function toStrict(text: string): string {
  if (!text.includes('NaN') && !text.includes('Infinity')) return text;
  return text.replaceAll(stringOrNonNumber, (match) => (match.startsWith('"') ? match : 'null'));
}

/** Cuts the text of a JSON object, known to be valid but for bare `NaN`, into its members. The last of two equal keys wins. */
function splitMembers(text: string): ConfText {
  const members = new Map<string, string>();
  let at = text.indexOf('{') + 1;
  for (;;) {
    while (/[\s,]/.test(text[at]!)) at++;
    if (text[at] === '}') return members;
    const keyEnd = endOfString(text, at);
    const key = JSON.parse(text.slice(at, keyEnd)) as string;
    at = text.indexOf(':', keyEnd) + 1;
    const end = endOfValue(text, at);
    members.set(key, text.slice(at, end).trim());
    at = end;
  }
}

/** `at` is the opening quote; the answer is the index after the closing one. */
function endOfString(text: string, at: number): number {
  for (let i = at + 1; ; i++) {
    if (text[i] === '"') return i + 1;
    if (text[i] === '\\') i++;
  }
}

/** The index of the `,` or `}` that ends the value beginning at `at`. */
function endOfValue(text: string, at: number): number {
  let depth = 0;
  for (let i = at; ; ) {
    const char = text[i];
    if (char === '"') {
      i = endOfString(text, i);
      continue;
    }
    if (depth === 0 && (char === ',' || char === '}')) return i;
    if (char === '{' || char === '[') depth++;
    if (char === '}' || char === ']') depth--;
    i++;
  }
}
