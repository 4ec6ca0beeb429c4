import { compressSync, uncompressSync } from 'snappy';

/**
 * How the records of an entry are compressed. Snappy is fast enough for a writer's thread, and every language
 * can read it.
 */
export type Compression = 'none' | 'snappy';

const codes = { none: 0, snappy: 1 } as const;

/** Below this many bytes, compression costs more than it saves. */
const packedFromBytes = 256;

export interface Packed {
  readonly code: number;
  readonly bytes: Buffer;
}

/** Compresses the bytes, unless the result would not be smaller. */
export function pack(plain: Buffer, compression: Compression): Packed {
  if (compression === 'none' || plain.length < packedFromBytes) return { code: codes.none, bytes: plain };
  const packed = compressSync(plain);
  return packed.length < plain.length
    ? { code: codes.snappy, bytes: packed }
    : { code: codes.none, bytes: plain };
}

/**
 * Returns the plain bytes, or undefined when they are not `plainBytes` long or the compression is unknown.
 */
export function unpack({ code, bytes }: Packed, plainBytes: number): Buffer | undefined {
  if (code === codes.none) return bytes.length === plainBytes ? bytes : undefined;
  if (code !== codes.snappy) return undefined;
  const plain = uncompressSync(bytes, { asBuffer: true }) as Buffer;
  return plain.length === plainBytes ? plain : undefined;
}
