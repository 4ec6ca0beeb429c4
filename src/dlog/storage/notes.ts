import { GatewayError } from '../../base/index.ts';

/**
 * What file systems take as a name. Storages without files keep to it as well: then a stream can move between
 * them.
 */
const fileNameBytesMax = 255;

/**
 * The name of the file that keeps a note. Throws `STREAM_INVALID` where it would be longer than a file name
 * may be, or has a character that cannot be encoded. `what` names the subject of the message: `subscriber
 * "x"`.
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
  // No character takes less than a byte.
  if (name.length > fileNameBytesMax) return undefined;
  try {
    const encoded = encodeURIComponent(name).replaceAll('.', '%2e');
    return encoded.length > fileNameBytesMax ? undefined : encoded;
  } catch {
    return undefined;
  }
}
