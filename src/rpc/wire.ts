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

/** Elements of all containers of a message: so many in any, and one more for every so many bytes. */
const elementsFree = 65_536;
const bytesPerElement = 16;

/**
 * Reads values of the binary protocol from bytes that are all there, through npm thrift's TBinaryProtocol.
 * Adds what that one leaves open: sizes of containers are checked against the bytes left before anything is
 * allocated, a message has a bound on the elements of all its containers, because an element of no bytes
 * costs a hundred in memory, and i64 is a bigint.
 */
export class ThriftReader {
  readonly #transport: TFramedTransport;
  readonly #protocol: TBinaryProtocol;
  readonly #elementsMax: number;
  #elements = 0;

  constructor(bytes: Buffer) {
    this.#transport = new TFramedTransport(bytes);
    this.#protocol = new TBinaryProtocol(this.#transport, false, true);
    this.#elementsMax = elementsFree + bytes.length / bytesPerElement;
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
    if (size < 0 || size * bytesMin > this.bytesLeft) {
      throw new GatewayError(
        'PROTOCOL_VIOLATION',
        `a container claims ${size} elements of at least ${bytesMin} bytes, with ${this.bytesLeft} bytes left`,
      );
    }
    this.#elements += size;
    if (this.#elements <= this.#elementsMax) return;
    throw new GatewayError(
      'PROTOCOL_VIOLATION',
      `a message has more than ${Math.floor(this.#elementsMax)} elements in its lists, sets and maps: send them in several calls`,
    );
  }
}

/** Writes values of the binary protocol. Numbers that do not fit their type are refused, never cut. */
export class ThriftWriter {
  readonly #frame = new FrameBuffer();
  readonly #protocol = new BufferedProtocol(this.#frame);

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
    const at = this.#frame.reserve(8);
    this.#frame.bytes.writeBigInt64BE(value, at);
  }

  double(value: number): void {
    const at = this.#frame.reserve(8);
    this.#frame.bytes.writeDoubleBE(value, at);
  }

  string(value: string): void {
    this.#protocol.writeString(value);
  }

  binary(value: Buffer): void {
    this.#protocol.writeBinary(value);
  }

  /** All that was written, with its length (i32, big-endian) in front. */
  toFrame(): Buffer {
    return this.#frame.toFrame();
  }

  /** All that was written. */
  toBytes(): Buffer {
    return this.toFrame().subarray(4);
  }
}

const frameHeadBytes = 4;

/**
 * A frame under construction in one buffer that doubles when it is full. The transport of a {@link
 * BufferedProtocol}.
 */
class FrameBuffer {
  bytes = Buffer.allocUnsafe(256);
  #length = frameHeadBytes;

  /**
   * Room for so many bytes at the end; answers where it begins in `bytes`, which may be another buffer
   * afterwards.
   */
  reserve(count: number): number {
    const at = this.#length;
    this.#length += count;
    if (this.#length > this.bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(this.#length, 2 * this.bytes.length));
      this.bytes.copy(grown, 0, 0, at);
      this.bytes = grown;
    }
    return at;
  }

  write(bytes: Buffer): void {
    const at = this.reserve(bytes.length);
    bytes.copy(this.bytes, at);
  }

  /** Asked for by the protocol at the beginning of a message. */
  setCurrSeqId(): void {}

  toFrame(): Buffer {
    this.bytes.writeInt32BE(this.#length - frameHeadBytes, 0);
    return this.bytes.subarray(0, this.#length);
  }
}

/**
 * npm thrift's protocol, whose own primitives make a Buffer of each byte and integer: a large topology took
 * 10 times as long.
 */
class BufferedProtocol extends TBinaryProtocol {
  readonly #frame: FrameBuffer;

  constructor(frame: FrameBuffer) {
    super(frame, false, true);
    this.#frame = frame;
  }

  override writeByte(value: number): void {
    const at = this.#frame.reserve(1);
    this.#frame.bytes[at] = value;
  }

  override writeI16(value: number): void {
    const at = this.#frame.reserve(2);
    this.#frame.bytes.writeInt16BE(value, at);
  }

  override writeI32(value: number): void {
    const at = this.#frame.reserve(4);
    // Versions of messages are written unsigned.
    this.#frame.bytes.writeInt32BE(value | 0, at);
  }

  override writeString(value: string): void {
    const length = Buffer.byteLength(value);
    this.writeI32(length);
    const at = this.#frame.reserve(length);
    this.#frame.bytes.write(value, at);
  }
}

function checkInteger(value: number, bits: 8 | 16 | 32): number {
  const limit = 2 ** (bits - 1);
  if (Number.isInteger(value) && value >= -limit && value < limit) return value;
  throw new RangeError(`${value} is not a whole number of ${bits} bits`);
}
