import type { JsonValue } from '../base/index.ts';

/** Where in a value something else was found than was expected. Paths are made on a fault only: checks cost nothing else. */
export interface ShapeFault {
  readonly path: readonly (string | number)[];
  readonly expected: string;
  readonly found: JsonValue | undefined;
}

/** Undefined when the value is as it should be. Never throws, whatever the value. */
export type Shape = (value: JsonValue | undefined) => ShapeFault | undefined;

export const text: Shape = (value) =>
  typeof value === 'string' ? undefined : { path: [], expected: 'a string', found: value };

export const finite: Shape = (value) =>
  Number.isFinite(value) ? undefined : { path: [], expected: 'a number', found: value };

export const flag: Shape = (value) =>
  typeof value === 'boolean' ? undefined : { path: [], expected: 'true or false', found: value };

export const anyObject: Shape = (value) =>
  isObject(value) ? undefined : { path: [], expected: 'an object', found: value };

export function integer(min: number, max = Number.MAX_SAFE_INTEGER): Shape {
  const expected =
    max === Number.MAX_SAFE_INTEGER ? `an integer from ${min} on` : `an integer from ${min} to ${max}`;
  return (value) =>
    Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max
      ? undefined
      : { path: [], expected, found: value };
}

export function oneOf(...allowed: readonly string[]): Shape {
  return (value) =>
    typeof value === 'string' && allowed.includes(value)
      ? undefined
      : { path: [], expected: `one of ${allowed.join(', ')}`, found: value };
}

export function exactly(wanted: string): Shape {
  return (value) => (value === wanted ? undefined : { path: [], expected: shownText(wanted), found: value });
}

/** The member may be absent. JSON's null is a value. */
export function optional(shape: Shape): Shape {
  return (value) => (value === undefined ? undefined : shape(value));
}

export function listOf(shape: Shape): Shape {
  return (value) => {
    if (!Array.isArray(value)) return { path: [], expected: 'a list', found: value };
    const list = value as readonly JsonValue[];
    for (let at = 0; at < list.length; at += 1) {
      const fault = shape(list[at]);
      if (fault !== undefined) return below(at, fault);
    }
    return undefined;
  };
}

/** An object whose keys are names that somebody chose. */
export function mapOf(shape: Shape): Shape {
  return (value) => {
    if (!isObject(value)) return { path: [], expected: 'an object', found: value };
    for (const key of Object.keys(value)) {
      const fault = shape(value[key]);
      if (fault !== undefined) return below(key, fault);
    }
    return undefined;
  };
}

/** An object with these members. Others are allowed, for a later version may add some. */
export function object(members: Readonly<Record<string, Shape>>): Shape {
  const entries = Object.entries(members);
  return (value) => {
    if (!isObject(value)) return { path: [], expected: 'an object', found: value };
    for (const [key, shape] of entries) {
      const fault = shape(Object.hasOwn(value, key) ? value[key] : undefined);
      if (fault !== undefined) return below(key, fault);
    }
    return undefined;
  };
}

/** An object whose other members depend on what one of them says. */
export function taggedBy(tag: string, shapes: Readonly<Record<string, Shape>>): Shape {
  const kind = object({ [tag]: oneOf(...Object.keys(shapes)) });
  return (value) => kind(value) ?? shapes[(value as Record<string, string>)[tag]!]!(value);
}

/** One line. What was found is cut short: it may be of any size. */
export function describeFault({ path, expected, found }: ShapeFault): string {
  const where = path.length === 0 ? 'it' : shortened(path.join('.'));
  return `${where} is ${shown(found)}, expected ${expected}`;
}

function below(key: string | number, fault: ShapeFault): ShapeFault {
  return { ...fault, path: [key, ...fault.path] };
}

function isObject(value: JsonValue | undefined): value is { readonly [key: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shown(value: JsonValue | undefined): string {
  if (value === undefined) return 'missing';
  if (typeof value === 'string') return shownText(value);
  if (typeof value !== 'object' || value === null) return String(value);
  return Array.isArray(value) ? 'a list' : 'an object';
}

function shownText(value: string): string {
  return JSON.stringify(shortened(value));
}

function shortened(value: string): string {
  return value.length <= 60 ? value : `${value.slice(0, 60)}...`;
}
