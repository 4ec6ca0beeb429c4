import { GatewayError, isJsonObject, type JsonValue } from '../base/index.ts';
import type { Compression } from './format/codec.ts';
import { type Durability, durabilities } from './format/segment-header.ts';
import type { RetentionPolicy } from './retention.ts';

/**
 * What a stream says about itself (stream.json). What is not there is as the writer's defaults have it; other
 * keys are the application's.
 */
export interface StreamSettings {
  /** What an acknowledgement means. */
  readonly durability?: Durability;
  readonly compression?: Compression;
  /**
   * A segment of that size or age is followed by a new one; only whole segments can go, so retention is no
   * finer than they are.
   */
  readonly segmentBytes?: number;
  readonly segmentAgeMs?: number;
  /** Segments that were sealed longer ago go. */
  readonly retentionMs?: number;
  /** The oldest segments go while the sealed ones have more. */
  readonly retentionBytes?: number;
}

const choices = { durability: durabilities, compression: ['none', 'snappy'] } as const;
/**
 * The least that each may be: below, a stream would be all segments, or would lose what it was just given.
 */
const numbers = { segmentBytes: 4096, segmentAgeMs: 1000, retentionMs: 1000, retentionBytes: 4096 } as const;

/** Throws `STREAM_INVALID` naming the setting, what it is and what it may be. */
export function parseSettings(stream: string, value: JsonValue): StreamSettings {
  if (!isJsonObject(value)) return {};
  const settings: Record<string, JsonValue> = {};
  for (const [key, allowed] of Object.entries(choices)) {
    const found = value[key];
    if (found === undefined) continue;
    if (!(allowed as readonly JsonValue[]).includes(found)) throw bad(stream, key, found, allowed.join(', '));
    settings[key] = found;
  }
  for (const [key, least] of Object.entries(numbers)) {
    const found = value[key];
    if (found === undefined) continue;
    if (!Number.isSafeInteger(found) || (found as number) < least)
      throw bad(stream, key, found, `a whole number from ${least}`);
    settings[key] = found;
  }
  return settings;
}

/**
 * Where records are to go after a time, segments must end by then: else the one being written would keep
 * them.
 */
export function writerOptionsOf(
  settings: StreamSettings,
  defaults: { readonly rollAfterMs: number },
): {
  readonly durability?: Durability;
  readonly compression?: Compression;
  readonly rollBytes?: number;
  readonly rollAfterMs?: number;
} {
  const { durability, compression, segmentBytes, segmentAgeMs, retentionMs } = settings;
  const rollAfterMs =
    segmentAgeMs ?? (retentionMs === undefined ? undefined : Math.min(retentionMs, defaults.rollAfterMs));
  return {
    ...(durability === undefined ? {} : { durability }),
    ...(compression === undefined ? {} : { compression }),
    ...(segmentBytes === undefined ? {} : { rollBytes: segmentBytes }),
    ...(rollAfterMs === undefined ? {} : { rollAfterMs }),
  };
}

/** Undefined where nothing is to go by itself. */
export function retentionOf({ retentionMs, retentionBytes }: StreamSettings): RetentionPolicy | undefined {
  if (retentionMs === undefined && retentionBytes === undefined) return undefined;
  return {
    ...(retentionMs === undefined ? {} : { ageMs: retentionMs }),
    ...(retentionBytes === undefined ? {} : { bytesMax: retentionBytes }),
  };
}

function bad(stream: string, key: string, found: JsonValue, expected: string): GatewayError {
  return new GatewayError(
    'STREAM_INVALID',
    `${stream}: setting ${key} is ${JSON.stringify(found)}, it must be ${expected}`,
    { facts: { stream, key, found } },
  );
}
