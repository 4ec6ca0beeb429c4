import { GatewayError } from '../../base/index.ts';

/**
 * The limit that file systems set for a name. Storages without files keep to it too, so that a stream can
 * move between storages.
 */
const fileNameBytesMax = 255;

/**
 * The name of the file of a note. Throws `STREAM_INVALID` when it would be longer than a file name may be, or
 * has a character that cannot be encoded. `what` names the subject of the message: `subscriber "x"`.
 */
export function noteFileName(name: string, what = 'a note'): string {
  const encoded = encoded255(name);
  if (encoded !== undefined) return encoded;
  const shown = name.length > 60 ? `${name.slice(0, 60)}…` : name;
  throw new GatewayError(
    'STREAM_INVALID',
    `the name of ${what} is too long or has half a character: ${JSON.stringify(shown)}. Encoded as part of a URL it may take ${fileNameBytesMax} bytes. Choose a shorter one.`,
    { facts: { bytesMax: fileNameBytesMax } },
  );
}

function encoded255(name: string): string | undefined {
  // Every character takes at least one byte.
  if (name.length > fileNameBytesMax) return undefined;
  try {
    const encoded = encodeURIComponent(name).replaceAll('.', '%2e');
    return encoded.length > fileNameBytesMax ? undefined : encoded;
  } catch {
    return undefined;
  }
}
