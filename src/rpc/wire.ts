import TBinaryProtocol from 'thrift/lib/nodejs/lib/thrift/binary_protocol.js';
import TFramedTransport from 'thrift/lib/nodejs/lib/thrift/framed_transport.js';
import { GatewayError } from '../base/index.ts';

/** Type codes of the binary protocol. */
export const wireTypes = {
  stop: 0,
  bool: 2,
  byte: 3,
  double: 4,
  i16: 6,
  i32: 8,
  i64: 10,
  string: 11,
  struct: 12,
  map: 13,
  set: 14,
  list: 15,
} as const;

export const messageTypes = { call: 1, reply: 2, exception: 3, oneway: 4 } as const;

export interface MessageHeader {
  readonly name: string;
  readonly type: number;
  readonly sequenceId: number;
}

const methodNameBytesMax = 100;

/** The method that a message calls, from its first bytes; empty when they do not say so. */
export function methodNameOf(message: Buffer): string {
  if (message.length < 8) return '';
  const first = message.readInt32BE(0);
  // A strict header begins with a version, which is negative; an old one with the length of the name.
  const [nameBytes, from] = first < 0 ? [message.readInt32BE(4), 8] : [first, 4];
  if (nameBytes < 0 || nameBytes > methodNameBytesMax) return '';
  return message.toString('latin1', from, from + nameBytes);
}

/**
 * Reads values of the binary protocol from bytes that are all there, through npm thrift's TBinaryProtocol. Adds what that
 * one leaves open: sizes of containers are checked against the bytes left before anything is allocated, and i64 is a bigint.
 */
export class ThriftReader {
  readonly #transport: TFramedTransport;
  readonly #protocol: TBinaryProtocol;

  constructor(bytes: Buffer) {
    this.#transport = new TFramedTransport(bytes);
    this.#protocol = new TBinaryProtocol(this.#transport, false, true);
  }

  /** Accepts strict headers and old ones without a version, as Storm's servers do. */
  messageBegin(): MessageHeader {
    const { fname, mtype, rseqid } = this.#protocol.readMessageBegin();
    return { name: fname.toString('utf8'), type: mtype, sequenceId: rseqid };
  }

  fieldBegin(): { readonly ftype: number; readonly fid: number } {
    return this.#protocol.readFieldBegin();
  }

  mapBegin(entryBytesMin: number): {
    readonly keyType: number;
    readonly valueType: number;
    readonly size: number;
  } {
    const { ktype, vtype, size } = this.#protocol.readMapBegin();
    this.#checkSize(size, entryBytesMin);
    return { keyType: ktype, valueType: vtype, size };
  }

  /** Lists and sets look alike. */
  listBegin(elementBytesMin: number): { readonly elementType: number; readonly size: number } {
    const { etype, size } = this.#protocol.readListBegin();
    this.#checkSize(size, elementBytesMin);
    return { elementType: etype, size };
  }

  bool(): boolean {
    return this.#protocol.readBool();
  }

  byte(): number {
    return this.#protocol.readByte();
  }

  i16(): number {
    return this.#protocol.readI16();
  }

  i32(): number {
    return this.#protocol.readI32();
  }

  i64(): bigint {
    const { buffer, offset } = this.#protocol.readI64();
    return buffer.readBigInt64BE(offset);
  }

  /** By its eight bytes: readDouble of npm thrift loses the sign of zero. */
  double(): number {
    const { buffer, offset } = this.#protocol.readI64();
    return buffer.readDoubleBE(offset);
  }

  string(): string {
    return this.#protocol.readString();
  }

  /** A view into the bytes given to the constructor. */
  binary(): Buffer {
    return this.#protocol.readBinary();
  }

  /** Skips a value of any type, at most 64 levels deep. */
  skip(type: number): void {
    this.#protocol.skip(type);
  }

  get bytesLeft(): number {
    const { readIndex, writeIndex } = this.#transport.borrow();
    return writeIndex - readIndex;
  }

  #checkSize(size: number, bytesMin: number): void {
    if (size >= 0 && size * bytesMin <= this.bytesLeft) return;
    throw new GatewayError(
      'PROTOCOL_VIOLATION',
      `a container claims ${size} elements of at least ${bytesMin} bytes, with ${this.bytesLeft} bytes left`,
    );
  }
}

/** Writes values of the binary protocol. Numbers that do not fit their type are refused, never cut. */
export class ThriftWriter {
  readonly #transport: TFramedTransport;
  readonly #protocol: TBinaryProtocol;
  #frame: Buffer = Buffer.alloc(0);

  constructor() {
    this.#transport = new TFramedTransport(undefined, (frame) => {
      this.#frame = frame;
    });
    this.#protocol = new TBinaryProtocol(this.#transport, false, true);
  }

  messageBegin(header: MessageHeader): void {
    this.#protocol.writeMessageBegin(header.name, header.type, header.sequenceId);
  }

  fieldBegin(type: number, id: number): void {
    this.#protocol.writeFieldBegin('', type, id);
  }

  fieldStop(): void {
    this.#protocol.writeFieldStop();
  }

  mapBegin(keyType: number, valueType: number, size: number): void {
    this.#protocol.writeMapBegin(keyType, valueType, size);
  }

  listBegin(elementType: number, size: number): void {
    this.#protocol.writeListBegin(elementType, size);
  }

  bool(value: boolean): void {
    this.#protocol.writeBool(value);
  }

  byte(value: number): void {
    this.#protocol.writeByte(checkInteger(value, 8) & 0xff);
  }

  i16(value: number): void {
    this.#protocol.writeI16(checkInteger(value, 16));
  }

  i32(value: number): void {
    this.#protocol.writeI32(checkInteger(value, 32));
  }

  i64(value: bigint): void {
    const buffer = Buffer.allocUnsafe(8);
    buffer.writeBigInt64BE(value);
    this.#protocol.writeI64({ buffer });
  }

  double(value: number): void {
    const buffer = Buffer.allocUnsafe(8);
    buffer.writeDoubleBE(value);
    this.#protocol.writeI64({ buffer });
  }

  string(value: string): void {
    this.#protocol.writeString(value);
  }

  binary(value: Buffer): void {
    this.#protocol.writeBinary(value);
  }

  /** All that was written, with its length (i32, big-endian) in front. */
  toFrame(): Buffer {
    this.#transport.flush();
    return this.#frame;
  }

  /** All that was written. */
  toBytes(): Buffer {
    return this.toFrame().subarray(4);
  }
}

function checkInteger(value: number, bits: 8 | 16 | 32): number {
  const limit = 2 ** (bits - 1);
  if (Number.isInteger(value) && value >= -limit && value < limit) return value;
  throw new RangeError(`${value} is not a whole number of ${bits} bits`);
}
