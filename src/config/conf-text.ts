import { describeError, GatewayError, isJsonObject, type JsonObject, type JsonValue } from '../base/index.ts';

/**
 * A configuration by key, each value as the text in which it was written. JavaScript's JSON numbers lose what
 * Java keeps (integers beyond 2^53, and that `10.0` is a double), so the gateway passes values on as text.
 * Values that the gateway itself uses are parsed with {@link readConfValue}, as doubles.
 */
export type ConfText = ReadonlyMap<string, string>;

/**
 * Maximum nesting of objects and lists, including the configuration itself. json-smart in Storm's workers
 * refuses more than 400. Recursive functions, such as JSON.stringify, need a bound to stay within the stack.
 */
export const confLevelsMax = 1000;
/** Loaded when first needed and then kept, because a topology may have thousands of texts that need it. */
let json5: typeof import('json5') | undefined;

/** JSON5 parses many times slower than JSON. A longer text is unlikely to be written by hand. */
const lenientCharactersMax = 256 * 1024;

/**
 * Reads a JSON object of topology or cluster configuration: JSON with the bare `NaN` and infinities of Java's
 * json-smart; else the extensions of json-smart (comments, single quotes, trailing commas), parsed as JSON5,
 * which keeps only the digits of a double. Takes time proportional to the length of the text. Throws
 * `CONFIG_INVALID` naming `what` when it is not an object, is nested deeper than {@link confLevelsMax}
 * levels, or is longer than 262,144 characters and not JSON.
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

/** The value of a key as JavaScript sees it. `NaN` and infinities, which JSON lacks, become null. */
export function readConfValue(conf: ConfText, key: string): JsonValue | undefined {
  const text = conf.get(key);
  return text === undefined ? undefined : (JSON.parse(toStrict(text)) as JsonValue);
}

export function readConfValues(conf: ConfText): JsonObject {
  return JSON.parse(writeConfText(conf, 'strict')) as JsonObject;
}

/** Merges as Storm does: a later layer replaces whole values, key by key. */
export function mergeConf(...layers: readonly ConfText[]): ConfText {
  return new Map(layers.flatMap((layer) => [...layer]));
}

/** A copy with `changes` applied. A key set to undefined is removed. */
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
 * The JSON object. `strict`: for JSON.parse, `NaN` and infinities as null. `java`: for json-smart, which
 * reads them bare.
 */
export function writeConfText(conf: ConfText, dialect: 'strict' | 'java'): string {
  const members = [...conf].map(
    ([key, text]) => `${JSON.stringify(key)}:${dialect === 'strict' ? toStrict(text) : text}`,
  );
  return `{${members.join(',')}}`;
}

/**
 * JSON of values that may hold bigints, `NaN` and infinities (as YAML makes them), with every digit. Throws
 * `CONFIG_INVALID` naming `what`, the configuration that the value is a member of, when that is nested deeper
 * than {@link confLevelsMax} levels.
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

/**
 * Replaces bare `NaN` and infinities by null, in one pass. The text may be invalid, such as an unterminated
 * string.
 */
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

/**
 * Splits the text of a JSON object, valid except for bare `NaN`, into its members. The last of two equal keys
 * wins.
 */
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

/**
 * `at` is the opening quote. Returns the index after the closing one, or the length of the text if there is
 * none.
 */
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
