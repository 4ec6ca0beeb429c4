import { GatewayError } from '../base/index.ts';

const positionBytes = 25;
const maxPart = BigInt(Number.MAX_SAFE_INTEGER);

/** A position as the service gives it (thrift/dlog.thrift), for people: `3:17:0`. */
export function positionText(dlsn: string): string {
  const bytes = Buffer.from(dlsn, 'base64');
  if (bytes.length !== positionBytes)
    throw new GatewayError('PROTOCOL_VIOLATION', `${JSON.stringify(dlsn)} is no position in a stream`);
  return [1, 9, 17].map((at) => bytes.readBigInt64BE(at)).join(':');
}

/** The inverse of {@link positionText}, or undefined for other text. */
export function positionOf(text: string): string | undefined {
  const parts = /^(\d{1,16}):(\d{1,16}):(\d{1,16})$/.exec(text)?.slice(1).map(BigInt);
  if (parts === undefined || parts.some((part) => part > maxPart)) return undefined;
  const bytes = Buffer.alloc(positionBytes);
  bytes[0] = 1;
  for (const [index, part] of parts.entries()) bytes.writeBigInt64BE(part, 1 + index * 8);
  return bytes.toString('base64');
}
