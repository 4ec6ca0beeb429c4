import { shortened, withoutPasswords } from './text.ts';

/** Limits for a text in a log line, and for the stack of an error. */
const textCharactersMax = 300;
const stackCharactersMax = 4000;
const entriesMax = 50;
const depthMax = 5;

/**
 * Prepares fields for a log line: cuts texts, lists and depth, hides passwords of URLs, and turns errors into
 * objects.
 */
export function loggable(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, fitted(value, 0)]));
}

function fitted(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return shortened(withoutPasswords(value), textCharactersMax);
  if (typeof value === 'bigint') return shortened(String(value), textCharactersMax);
  if (typeof value !== 'object' || value === null) return value;
  if (depth > depthMax) return '...';
  if (value instanceof Error) return errorFields(value, depth);
  if (Array.isArray(value)) {
    const kept = value.slice(0, entriesMax).map((each: unknown) => fitted(each, depth + 1));
    return value.length > entriesMax ? [...kept, `${value.length - entriesMax} more`] : kept;
  }
  if (hasJson(value)) return fitted(value.toJSON(), depth + 1);
  return objectFields(Object.entries(value), depth);
}

function hasJson(value: object): value is { toJSON(): unknown } {
  return 'toJSON' in value && typeof value.toJSON === 'function';
}

function objectFields(entries: readonly (readonly [string, unknown])[], depth: number): object {
  const kept = entries
    .slice(0, entriesMax)
    .map(([key, value]) => [shortened(key, textCharactersMax), fitted(value, depth + 1)]);
  if (entries.length > entriesMax) kept.push(['more', entries.length - entriesMax]);
  return Object.fromEntries(kept) as object;
}

/** The stack begins after the message, which would otherwise fill the space of both. */
function errorFields(error: Error, depth: number): object {
  const { name, message, stack = '', cause, ...rest } = error;
  const from = stack.indexOf(message);
  const calls = from === -1 ? stack : stack.slice(from + message.length).trimStart();
  return {
    type: name,
    message: fitted(message, depth),
    stack: shortened(withoutPasswords(calls), stackCharactersMax),
    ...objectFields(Object.entries(rest), depth),
    ...(cause === undefined ? {} : { cause: fitted(cause, depth + 1) }),
  };
}
