import { GatewayError } from '../base/index.ts';

/** The name of a record in its stream. Positions compare field by field, in the order of the stream. */
export interface Position {
  readonly segment: number;
  readonly entry: number;
  readonly slot: number;
}

const bytesOnTheWire = 25;

/** `3:17:0`, for people. */
export function formatPosition({ segment, entry, slot }: Position): string {
  return `${segment}:${entry}:${slot}`;
}

/** The inverse of {@link formatPosition}, or undefined for other text. */
export function parsePosition(text: string): Position | undefined {
  const [segment, entry, slot] = /^(\d{1,16}):(\d{1,16}):(\d{1,16})$/.exec(text)?.slice(1).map(Number) ?? [];
  const position = { segment: segment!, entry: entry!, slot: slot! };
  return Object.values(position).every((part) => Number.isSafeInteger(part)) ? position : undefined;
}

/**
 * The format of the service (thrift/dlog.thrift): a version byte and three big-endian 64-bit integers in
 * base64.
 */
export function toWire({ segment, entry, slot }: Position): string {
  const bytes = Buffer.alloc(bytesOnTheWire);
  bytes[0] = 1;
  for (const [index, part] of [segment, entry, slot].entries())
    bytes.writeBigInt64BE(BigInt(part), 1 + index * 8);
  return bytes.toString('base64');
}

/** Throws `PROTOCOL_VIOLATION`. */
export function fromWire(dlsn: string): Position {
  const bytes = Buffer.from(dlsn, 'base64');
  if (bytes.length !== bytesOnTheWire)
    throw new GatewayError('PROTOCOL_VIOLATION', `${JSON.stringify(dlsn)} is no position in a stream`);
  const [segment, entry, slot] = [1, 9, 17].map((at) => Number(bytes.readBigInt64BE(at)));
  return { segment: segment!, entry: entry!, slot: slot! };
}
