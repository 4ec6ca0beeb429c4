import { GatewayError, type JsonObject, type JsonValue } from '../base/index.ts';
import { containerKeys } from './container-keys.ts';
import { formerNameOf } from './deprecated-keys.ts';
import type { KeySchema } from './key-schema.ts';

type ContainerKeys = typeof containerKeys;
type KeyWithDefault = {
  [K in keyof ContainerKeys]: ContainerKeys[K] extends { readonly default: unknown } ? K : never;
}[keyof ContainerKeys];
/** The keys of containers that have a number for a default. */
export type ContainerNumberKey = {
  [K in keyof ContainerKeys]: ContainerKeys[K] extends { readonly default: number } ? K : never;
}[keyof ContainerKeys];
/** The keys of containers whose default is a number that depends on another key. */
export type DerivedNumberKey = {
  [K in keyof ContainerKeys]: ContainerKeys[K] extends {
    readonly whenUnset: string;
    readonly minimum: number;
  }
    ? K
    : never;
}[keyof ContainerKeys];

/** What the schema says applies when the key is not set. */
export function containerDefault<K extends KeyWithDefault>(key: K): ContainerKeys[K]['default'] {
  return containerKeys[key].default;
}

/**
 * The number that `conf` has for a key, under its present or its former name, else the schema's default.
 * Throws `CONFIG_INVALID` for a value that is no number or is below the schema's minimum.
 */
export function containerNumber(conf: JsonObject, key: ContainerNumberKey): number {
  return checked(conf, key, containerKeys[key].default);
}

/** As {@link containerNumber}, with the default that the schema describes in words. */
export function derivedNumber(conf: JsonObject, key: DerivedNumberKey, whenUnset: number): number {
  return checked(conf, key, whenUnset);
}

function checked(conf: JsonObject, key: ContainerNumberKey | DerivedNumberKey, whenUnset: number): number {
  const former = formerNameOf(key);
  const value = conf[key] ?? (former === undefined ? undefined : conf[former]) ?? whenUnset;
  const { minimum = Number.NEGATIVE_INFINITY } = containerKeys[key] as KeySchema;
  if (typeof value === 'number' && Number.isFinite(value) && value >= minimum) return value;
  throw invalid(key, value, minimum);
}

function invalid(key: string, value: JsonValue, minimum: number): GatewayError {
  return new GatewayError(
    'CONFIG_INVALID',
    `${key} is ${JSON.stringify(value)}, expected a number of at least ${minimum}`,
    { facts: { key, value } },
  );
}
