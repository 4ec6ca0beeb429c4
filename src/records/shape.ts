import { isJsonObject, type JsonObject, type JsonValue } from '../base/index.ts';

/**
 * What was found in place of what was expected, and where. The path is built only on a fault, so a check that
 * passes costs nothing.
 */
export interface ShapeFault {
  readonly path: readonly (string | number)[];
  readonly expected: string;
  readonly found: JsonValue | undefined;
}

/** Checks that a value is a `T`: undefined when it is. Never throws, whatever the value. */
export interface Shape<T> {
  (value: JsonValue | undefined): ShapeFault | undefined;
  /** Never set: it lets the compiler tell the shapes of two types apart. */
  readonly of?: T;
}

export const text: Shape<string> = (value) =>
  typeof value === 'string' ? undefined : { path: [], expected: 'a string', found: value };

export const finite: Shape<number> = (value) =>
  Number.isFinite(value) ? undefined : { path: [], expected: 'a number', found: value };

export const flag: Shape<boolean> = (value) =>
  typeof value === 'boolean' ? undefined : { path: [], expected: 'true or false', found: value };

export const anyObject: Shape<JsonObject> = (value) =>
  isJsonObject(value) ? undefined : { path: [], expected: 'an object', found: value };

/** For a member that its readers check themselves. */
export const unchecked: Shape<never> = () => undefined;

export function integer(min: number, max = Number.MAX_SAFE_INTEGER): Shape<number> {
  const expected =
    max === Number.MAX_SAFE_INTEGER ? `an integer from ${min} on` : `an integer from ${min} to ${max}`;
  return (value) =>
    Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max
      ? undefined
      : { path: [], expected, found: value };
}

export function oneOf<T extends string>(...allowed: readonly T[]): Shape<T> {
  const texts: readonly string[] = allowed;
  return (value) =>
    typeof value === 'string' && texts.includes(value)
      ? undefined
      : { path: [], expected: `one of ${texts.join(', ')}`, found: value };
}

export function exactly(wanted: string): Shape<string> {
  return (value) => (value === wanted ? undefined : { path: [], expected: shownText(wanted), found: value });
}

/** The member may be absent. JSON's null is a value. */
export function optional<T>(shape: Shape<T>): Shape<T> {
  return (value) => (value === undefined ? undefined : shape(value));
}

export function listOf<T>(shape: Shape<T>): Shape<readonly T[]> {
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

/** An object whose keys are names that a user or a client chose. */
export function mapOf<T>(shape: Shape<T>): Shape<Readonly<Record<string, T>>> {
  return (value) => {
    if (!isJsonObject(value)) return { path: [], expected: 'an object', found: value };
    for (const key of Object.keys(value)) {
      const fault = shape(value[key]);
      if (fault !== undefined) return below(key, fault);
    }
    return undefined;
  };
}

/**
 * An object with these members, one check for each member of its type. Others are allowed: a later version
 * may add some.
 */
export function object<T>(
  members: {
    readonly [K in keyof T]-?: Shape<Exclude<T[K], undefined>>;
  },
): Shape<T> {
  const entries = Object.entries<Shape<unknown>>(members);
  return (value) => {
    if (!isJsonObject(value)) return { path: [], expected: 'an object', found: value };
    for (const [key, shape] of entries) {
      const fault = shape(Object.hasOwn(value, key) ? value[key] : undefined);
      if (fault !== undefined) return below(key, fault);
    }
    return undefined;
  };
}

/** The other members of those in a union whose `Tag` may be `Kind`. */
export type PartOf<T, Kind extends string, Tag extends string = 'kind'> =
  T extends Readonly<Record<Tag, string>> ? (Kind extends T[Tag] ? Omit<T, Tag> : never) : never;

/** An object whose other members depend on the text of one of them, `tag`. */
export function taggedBy<Tag extends string, T extends Readonly<Record<Tag, string>>>(
  tag: Tag,
  shapes: { readonly [Kind in T[Tag]]: Shape<PartOf<T, Kind, Tag>> },
): Shape<T> {
  const byKind: Readonly<Record<string, Shape<unknown>>> = shapes;
  const kindOf = oneOf(...Object.keys(byKind));
  return (value) => {
    if (!isJsonObject(value)) return { path: [], expected: 'an object', found: value };
    const kind = Object.hasOwn(value, tag) ? value[tag] : undefined;
    const fault = kindOf(kind);
    return fault === undefined ? byKind[kind as string]!(value) : below(tag, fault);
  };
}

/** One line. What was found is cut short, because it may be of any size. */
export function describeFault({ path, expected, found }: ShapeFault): string {
  const where = path.length === 0 ? 'it' : shortened(path.join('.'));
  return `${where} is ${shown(found)}, expected ${expected}`;
}

function below(key: string | number, fault: ShapeFault): ShapeFault {
  return { ...fault, path: [key, ...fault.path] };
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
