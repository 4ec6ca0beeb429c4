import { GatewayError, type JsonObject } from '../../base/index.ts';

/**
 * A number of conf.json, or the fallback when the key is absent or null. Throws `CONFIG_INVALID` on anything
 * else.
 */
export function confNumber(conf: JsonObject, key: string, fallback: number, min = 0): number {
  const value = conf[key] ?? fallback;
  if (typeof value === 'number' && Number.isFinite(value) && value >= min) return value;
  throw new GatewayError(
    'CONFIG_INVALID',
    `${key} is ${JSON.stringify(value)}, expected a number of at least ${min}`,
    { facts: { key, value } },
  );
}

/**
 * A text of conf.json, or the fallback when the key is absent or null. Throws `CONFIG_INVALID` on anything
 * else.
 */
export function confText(conf: JsonObject, key: string, fallback: string): string {
  const value = conf[key] ?? fallback;
  if (typeof value === 'string' && value !== '') return value;
  throw new GatewayError('CONFIG_INVALID', `${key} is ${JSON.stringify(value)}, expected a text`, {
    facts: { key, value },
  });
}

/** A limit in seconds as milliseconds; 0 means no limit. */
export function limitMs(secs: number): number {
  return secs === 0 ? Number.POSITIVE_INFINITY : secs * 1000;
}
