import { GatewayError, isJsonObject, type JsonValue } from '../base/index.ts';
import type { Compression } from './format/codec.ts';
import { type Durability, durabilities } from './format/segment-header.ts';
import type { RetentionPolicy } from './retention.ts';

/**
 * The settings of a stream (stream.json). The writer's defaults apply to missing ones; other keys belong to
 * the application.
 */
export interface StreamSettings {
  /** What an acknowledgement means. */
  readonly durability?: Durability;
  readonly compression?: Compression;
  /**
   * A segment of that size or age is followed by a new one. Only whole segments can be deleted, so retention
   * is no finer than they are.
   */
  readonly segmentBytes?: number;
  readonly segmentAgeMs?: number;
  /** Segments that were sealed longer ago are deleted. */
  readonly retentionMs?: number;
  /** The oldest segments are deleted while the sealed ones exceed this size. */
  readonly retentionBytes?: number;
}

const choices = { durability: durabilities, compression: ['none', 'snappy'] } as const;
/**
 * The minimum of each setting. Below it a stream would consist of tiny segments, or would lose what it has
 * just received.
 */
const numbers = { segmentBytes: 4096, segmentAgeMs: 1000, retentionMs: 1000, retentionBytes: 4096 } as const;

/** Throws `STREAM_INVALID`, which names the setting, its value and the allowed values. */
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
 * If records must expire after a time, segments must end by then: otherwise the open segment would keep them.
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

/** Undefined if the stream has no retention. */
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
