import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { open } from 'node:fs/promises';
import { GatewayError } from './errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from './json.ts';

/** Opening a FIFO for reading waits for a writer, possibly forever, unless the open is non-blocking. */
const openFlags = constants.O_RDONLY | constants.O_NONBLOCK;

/**
 * Reads a whole file without blocking on what is not one. Rejects with `FILE_UNFIT`, naming the file, for
 * anything but a regular file of at most `bytesMax` bytes, and with Node's error (`ENOENT`) where the file
 * cannot be opened or read.
 */
export async function readRegularFile(file: string, bytesMax: number): Promise<Buffer> {
  const handle = await open(file, openFlags);
  try {
    const bytes = Buffer.allocUnsafe(checkedSize(file, await handle.stat(), bytesMax));
    let length = 0;
    while (length < bytes.length) {
      const { bytesRead } = await handle.read(bytes, length, bytes.length - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return bytes.subarray(0, length);
  } finally {
    await handle.close();
  }
}

/** As {@link readRegularFile}, for callers that cannot wait. */
export function readRegularFileSync(file: string, bytesMax: number): Buffer {
  const descriptor = openSync(file, openFlags);
  try {
    const bytes = Buffer.allocUnsafe(checkedSize(file, fstatSync(descriptor), bytesMax));
    let length = 0;
    while (length < bytes.length) {
      const bytesRead = readSync(descriptor, bytes, length, bytes.length - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return bytes.subarray(0, length);
  } finally {
    closeSync(descriptor);
  }
}

/** Parses the content of a file. Throws `CONFIG_UNREADABLE` naming the file when it is not a JSON object. */
export function parseJsonObject(file: string, bytes: Uint8Array): JsonObject {
  let value: JsonValue;
  try {
    value = JSON.parse(
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'),
    ) as JsonValue;
  } catch (cause) {
    throw new GatewayError('CONFIG_UNREADABLE', `cannot read ${file}`, { cause, facts: { file } });
  }
  if (isJsonObject(value)) return value;
  throw new GatewayError('CONFIG_UNREADABLE', `${file} does not hold a JSON object`, { facts: { file } });
}

function checkedSize(file: string, stats: Stats, bytesMax: number): number {
  if (!stats.isFile()) {
    throw new GatewayError('FILE_UNFIT', `${file} is not a regular file`, { facts: { file } });
  }
  if (stats.size > bytesMax) {
    throw new GatewayError(
      'FILE_UNFIT',
      `${file} has ${stats.size} bytes, more than the ${bytesMax} allowed`,
      {
        facts: { file, bytes: stats.size, bytesMax },
      },
    );
  }
  return stats.size;
}
