import { describeError, GatewayError, isJsonObject, type JsonObject, type JsonValue } from '../base/index.ts';

/**
 * A configuration, key by key, each value as the text it was written in. JSON numbers of JavaScript lose what Java
 * keeps (integers beyond 2^53, and that `10.0` is a double), so what the gateway only passes on is passed on as text.
 * What the gateway itself reads it parses with {@link readConfValue}, as ordinary doubles.
 */
export type ConfText = ReadonlyMap<string, string>;

/**
 * Objects and lists inside of each other, the configuration itself being the first. json-smart in Storm's workers refuses
 * more than 400; what walks a value recursively, JSON.stringify included, needs some bound to stay within its stack.
 */
export const confLevelsMax = 1000;
/** Loaded when first needed, and then kept: a topology may have thousands of texts for it. */
let json5: typeof import('json5') | undefined;

/** JSON5 is read many times slower than JSON. A longer text is hardly written by hand. */
const lenientCharactersMax = 256 * 1024;

/**
 * Reads a JSON object of topology or cluster configuration: JSON with the bare `NaN` and infinities of Java's json-smart;
 * else what json-smart reads beyond that (comments, single quotes, trailing commas), by way of JSON5, which keeps
 * only the digits that a double has. The time it takes is proportional to the length of the text, whatever the text is.
 * Throws `CONFIG_INVALID` naming `what` when it is not an object, is nested deeper than {@link confLevelsMax} levels, or
 * is longer than 262,144 characters and not JSON.
 */
export async function readConfText(text: string, what: string): Promise<ConfText> {
  const strict = parseStrict(toStrict(text));
  if (strict.ok) {
    if (!isJsonObject(strict.value)) throw notAnObject(what, strict.value);
    return splitMembers(text, what);
  }
  if (text.length > lenientCharactersMax) {
    throw new GatewayError(
      'CONFIG_INVALID',
      `${what} is not JSON (${strict.reason}). It has ${text.length} characters, and comments, single quotes and the like are read in at most ${lenientCharactersMax}: write it as JSON`,
    );
  }
  json5 ??= (await import('json5')).default;
  let value: JsonValue;
  try {
    value = json5.parse<JsonValue>(text);
  } catch (error) {
    throw new GatewayError('CONFIG_INVALID', `${what} is not JSON (${describeError(error)})`, {
      cause: error,
    });
  }
  if (!isJsonObject(value)) throw notAnObject(what, value);
  return new Map(Object.entries(value).map(([key, member]) => [key, writeLenient(member, what)]));
}

function notAnObject(what: string, value: JsonValue): GatewayError {
  return new GatewayError('CONFIG_INVALID', `${what} must be a JSON object, got ${typeName(value)}`);
}

function tooDeep(what: string): GatewayError {
  return new GatewayError(
    'CONFIG_INVALID',
    `${what} is nested deeper than ${confLevelsMax} levels: put fewer objects and lists inside of each other`,
  );
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

/**
 * JSON of values that may hold bigints, `NaN` and infinities (as YAML makes them), with every digit. Throws `CONFIG_INVALID`
 * naming `what`, the configuration that the value is a member of, when that is nested deeper than {@link confLevelsMax} levels.
 */
export function writeLenient(value: unknown, what: string, level = 2): string {
  if (typeof value === 'bigint' || typeof value === 'number') return String(value);
  if (value instanceof Date) return JSON.stringify(value);
  if (typeof value !== 'object' || value === null)
    return value === undefined ? 'null' : JSON.stringify(value);
  if (level > confLevelsMax) throw tooDeep(what);
  if (Array.isArray(value)) return `[${value.map((item) => writeLenient(item, what, level + 1)).join(',')}]`;
  const members = Object.entries(value).map(
    ([key, member]) => `${JSON.stringify(key)}:${writeLenient(member, what, level + 1)}`,
  );
  return `{${members.join(',')}}`;
}

export function typeName(value: JsonValue | undefined): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function parseStrict(text: string): { ok: true; value: JsonValue } | { ok: false; reason: string } {
  try {
    return { ok: true, value: JSON.parse(text) as JsonValue };
  } catch (error) {
    // V8 quotes the text when it is short.
    return { ok: false, reason: describeError(error).slice(0, 100) };
  }
}

const nonNumbers = ['NaN', 'Infinity', '-Infinity', '-NaN'] as const;

/** The text with bare `NaN` and infinities as null, in one pass. It need not be JSON: a string may be without an end. */
function toStrict(text: string): string {
  if (!text.includes('NaN') && !text.includes('Infinity')) return text;
  const parts: string[] = [];
  let copiedTo = 0;
  for (let at = 0; at < text.length; ) {
    const char = text[at]!;
    if (char === '"') {
      at = endOfString(text, at);
      continue;
    }
    const word = nonNumbers.find((each) => each[0] === char && text.startsWith(each, at));
    if (word === undefined || isWordCharacter(text[at - 1]) || isWordCharacter(text[at + word.length])) {
      at++;
      continue;
    }
    parts.push(text.slice(copiedTo, at), 'null');
    at += word.length;
    copiedTo = at;
  }
  return parts.join('') + text.slice(copiedTo);
}

function isWordCharacter(char: string | undefined): boolean {
  return char !== undefined && /\w/.test(char);
}

/** Cuts the text of a JSON object, known to be valid but for bare `NaN`, into its members. The last of two equal keys wins. */
function splitMembers(text: string, what: string): ConfText {
  const members = new Map<string, string>();
  let at = text.indexOf('{') + 1;
  for (;;) {
    while (/[\s,]/.test(text[at]!)) at++;
    if (text[at] === '}') return members;
    const keyEnd = endOfString(text, at);
    const key = JSON.parse(text.slice(at, keyEnd)) as string;
    at = text.indexOf(':', keyEnd) + 1;
    const end = endOfValue(text, at, what);
    members.set(key, text.slice(at, end).trim());
    at = end;
  }
}

/** `at` is the opening quote; the answer is the index after the closing one, the text's length when there is none. */
function endOfString(text: string, at: number): number {
  for (let i = at + 1; i < text.length; i++) {
    if (text[i] === '"') return i + 1;
    if (text[i] === '\\') i++;
  }
  return text.length;
}

/** The index of the `,` or `}` that ends the value beginning at `at`. */
function endOfValue(text: string, at: number, what: string): number {
  let depth = 0;
  for (let i = at; ; ) {
    const char = text[i];
    if (char === '"') {
      i = endOfString(text, i);
      continue;
    }
    if (depth === 0 && (char === ',' || char === '}')) return i;
    // The object around the value is the first level.
    if ((char === '{' || char === '[') && ++depth >= confLevelsMax) throw tooDeep(what);
    if (char === '}' || char === ']') depth--;
    i++;
  }
}
