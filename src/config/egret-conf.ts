import { isJsonObject, type JsonValue } from '../base/index.ts';
import { type ConfText, readConfValue } from './conf-text.ts';
import type { KeySchema } from './key-schema.ts';
import { gatewayKeys } from './schema.ts';
import { shorten } from './topology-conf.ts';

/** Linux refuses to start a process with a longer `name=value`, including the final NUL (MAX_ARG_STRLEN). */
const environmentEntryBytesMax = 131_071;
/** Keys whose values become arguments of a process. */
const argumentKeys = [
  'topology.worker.childopts',
  'topology.worker.gc.childopts',
  'topology.classpath',
  'topology.classpath.beginning',
  'java.library.path',
] as const;

/**
 * Checks the keys of a topology's or a component's configuration that Egret defines, or that decide how its
 * processes are started. Returns a description of the first value that a container could not use, or
 * undefined. Unknown keys pass, as they do in Storm.
 */
export function findEgretConfFault(conf: ConfText): string | undefined {
  for (const key of conf.keys()) {
    const isEgrets = /^(?:topology\.)?egret\./.test(key) && Object.hasOwn(gatewayKeys, key);
    if (!isEgrets) continue;
    const schema = gatewayKeys[key]!;
    const value = readConfValue(conf, key)!;
    if (!fits(schema, value)) return `${key} must be ${describe(schema)}, got ${shorten(conf.get(key)!)}`;
  }
  return findEnvironmentFault(conf) ?? findArgumentFault(conf);
}

/** Validates by JSON Schema, for the keywords of {@link KeySchema}. */
function fits(schema: KeySchema, value: JsonValue): boolean {
  if (!typesOf(schema).some((type) => isOfType(type, value))) return false;
  if (typeof value === 'number') {
    const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = schema;
    return value >= minimum && value <= maximum;
  }
  if (typeof value === 'string') {
    const { minLength = 0, pattern, enum: accepted } = schema;
    if (accepted !== undefined && !accepted.includes(value)) return false;
    return value.length >= minLength && (pattern === undefined || new RegExp(pattern, 'u').test(value));
  }
  const { items } = schema;
  if (!Array.isArray(value) || items === undefined) return true;
  return (value as readonly JsonValue[]).every((item) => fits({ ...items, description: '' }, item));
}

function typesOf({ type }: Pick<KeySchema, 'type'>): readonly string[] {
  return typeof type === 'string' ? [type] : type;
}

function isOfType(type: string, value: JsonValue): boolean {
  if (type === 'null') return value === null;
  if (type === 'array') return Array.isArray(value);
  return type === 'integer' ? Number.isInteger(value) : typeof value === type;
}

/** For example "a number from 0.1 to 2147483". The unit is in the key's name. */
function describe(schema: KeySchema): string {
  if (schema.enum !== undefined) return `one of ${schema.enum.map(String).join(', ')}`;
  const type = typesOf(schema).find((each) => each !== 'null')!;
  switch (type) {
    case 'number':
    case 'integer':
      return `${type === 'integer' ? 'an integer' : 'a number'}${rangeOf(schema)}`;
    case 'array':
      return 'a list of texts that are not empty';
    case 'boolean':
      return 'true or false';
    default:
      return `a text${schema.pattern === undefined ? ' that is not empty' : ` like ${schema.pattern}`}`;
  }
}

function rangeOf({ minimum, maximum }: KeySchema): string {
  if (minimum === undefined) return '';
  return maximum === undefined ? ` of at least ${minimum}` : ` from ${minimum} to ${maximum}`;
}

/**
 * Checks for names and values that the operating system refuses, so that no process could be started with
 * them.
 */
function findEnvironmentFault(conf: ConfText): string | undefined {
  const key = 'topology.environment';
  const environment = conf.has(key) ? readConfValue(conf, key) : null;
  if (!isJsonObject(environment)) return undefined;
  for (const [name, value] of Object.entries(environment)) {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    const shown = shorten(JSON.stringify(name));
    if (name === '') return `${key} must have names that are not empty, got ""`;
    if (/[=\0]/.test(name)) return `${key} must have names without "=" and NUL characters, got ${shown}`;
    if (text.includes('\0'))
      return `${key} must have values without NUL characters, which that of ${shown} has`;
    const bytes = Buffer.byteLength(name) + 1 + Buffer.byteLength(text);
    if (bytes >= environmentEntryBytesMax)
      return `${key} must have entries of less than ${environmentEntryBytesMax} bytes, which is what Linux takes, and ${shown} has ${bytes}`;
  }
  return undefined;
}

function findArgumentFault(conf: ConfText): string | undefined {
  const hasNul = (value: JsonValue | undefined): boolean =>
    Array.isArray(value) ? value.some(hasNul) : typeof value === 'string' && value.includes('\0');
  const key = argumentKeys.find((each) => hasNul(readConfValue(conf, each)));
  return key === undefined
    ? undefined
    : `${key} must be without NUL characters, got ${shorten(conf.get(key)!)}`;
}
