import { GatewayError } from '../base/index.ts';
import { type ByteWriter, putInt32 } from './bytes.ts';
import {
  type JavaObject,
  type JavaValue,
  listFlavours,
  mapFlavours,
  nestingError,
  nestingMax,
  objectCodecs,
  setFlavours,
  type TypedJavaValue,
  tags,
} from './values.ts';

const asciiStringBytesMax = 0xffff;
const classNameBytesMax = 0xffff;
/** Up to here a loop over the characters beats a call into Node's native encoders. */
const loopedStringLengthMax = 48;

/**
 * Writes tagged values (docs/wire.md, "Values") into a ByteWriter. `begin` writes the count; as many values
 * follow. `write` takes any value; `writeLong` and the like need no object at all.
 */
export class ValueWriter {
  readonly out: ByteWriter;

  constructor(out: ByteWriter) {
    this.out = out;
  }

  /** How many values the tuple has. Throws `VALUE_UNSUPPORTED` above 65535. */
  begin(count: number): void {
    if (count > 0xffff) {
      throw new GatewayError('VALUE_UNSUPPORTED', `a tuple has ${count} values, at most 65535 can be sent`);
    }
    this.out.uint16(count);
  }

  /** Count and values. */
  writeAll(values: readonly JavaValue[]): void {
    this.begin(values.length);
    for (const value of values) this.write(value);
  }

  writeNull(): void {
    this.out.byte(tags.null);
  }

  writeBoolean(value: boolean): void {
    this.out.byte(value ? tags.true : tags.false);
  }

  writeInt(value: number): void {
    const at = this.out.reserve(5);
    this.out.buffer[at] = tags.int;
    putInt32(this.out.buffer, at + 1, value);
  }

  /** A Long as two 32-bit halves. */
  writeLong(hi: number, lo: number): void {
    this.out.byte(tags.long);
    this.out.int64(hi, lo);
  }

  writeLongBigint(value: bigint): void {
    this.out.byte(tags.long);
    this.#int64(value);
  }

  writeDouble(value: number): void {
    const at = this.out.reserve(9);
    this.out.buffer[at] = tags.double;
    this.out.buffer.writeDoubleLE(value, at + 1);
  }

  writeBytes(value: Uint8Array): void {
    this.out.byte(tags.bytes);
    this.#lengthAndBytes(value);
  }

  writeString(value: string): void {
    if (value.length <= loopedStringLengthMax && this.#writeShortAscii(value)) return;
    const utf8Bytes = Buffer.byteLength(value);
    if (utf8Bytes === value.length && utf8Bytes <= asciiStringBytesMax) {
      this.out.byte(tags.asciiString);
      this.out.uint16(utf8Bytes);
      const at = this.out.reserve(utf8Bytes);
      this.out.buffer.write(value, at, 'latin1');
    } else if (hasUnpairedSurrogate(value)) {
      this.out.byte(tags.utf16String);
      this.out.int32(value.length * 2);
      const at = this.out.reserve(value.length * 2);
      this.out.buffer.write(value, at, 'utf16le');
    } else {
      this.out.byte(tags.utf8String);
      this.out.int32(utf8Bytes);
      const at = this.out.reserve(utf8Bytes);
      this.out.buffer.write(value, at, 'utf8');
    }
  }

  /** Throws `VALUE_UNSUPPORTED` when nested deeper than 64 levels or out of its type's range. */
  write(value: JavaValue): void {
    this.#write(value, 0);
  }

  #write(value: JavaValue, depth: number): void {
    if (value === null) this.writeNull();
    else if (typeof value === 'string') this.writeString(value);
    else if (typeof value === 'boolean') this.writeBoolean(value);
    else if (value instanceof Uint8Array) this.writeBytes(value);
    else this.#writeTyped(value, depth);
  }

  #writeTyped(value: TypedJavaValue, depth: number): void {
    switch (value.type) {
      case 'int':
        this.writeInt(inRange(value.value, -0x8000_0000, 0x7fff_ffff, 'Integer'));
        break;
      case 'long':
        this.writeLongBigint(value.value);
        break;
      case 'double':
        this.writeDouble(value.value);
        break;
      case 'list':
        this.#writeItems(tags.list, listFlavours.indexOf(value.flavour), value.items, depth + 1);
        break;
      case 'set':
        this.#writeItems(tags.set, setFlavours.indexOf(value.flavour), value.items, depth + 1);
        break;
      case 'map':
        this.#writeMap(value, depth + 1);
        break;
      case 'object':
        this.#writeObject(value, depth + 1);
        break;
      default:
        this.#writeRare(value);
        break;
    }
  }

  #writeRare(value: RareValue): void {
    switch (value.type) {
      case 'byte':
        this.out.byte(tags.byte);
        this.out.byte(inRange(value.value, -128, 127, 'Byte'));
        break;
      case 'short':
        this.out.byte(tags.short);
        this.out.uint16(inRange(value.value, -32768, 32767, 'Short'));
        break;
      case 'char':
        this.out.byte(tags.char);
        this.out.uint16(inRange(value.code, 0, 0xffff, 'Character'));
        break;
      case 'float': {
        const at = this.out.reserve(5);
        this.out.buffer[at] = tags.float;
        this.out.buffer.writeFloatLE(value.value, at + 1);
        break;
      }
      case 'bigInteger':
        this.out.byte(tags.bigInteger);
        this.#lengthAndBytes(toTwosComplement(value.value));
        break;
      case 'bigDecimal':
        this.out.byte(tags.bigDecimal);
        this.out.int32(inRange(value.scale, -0x8000_0000, 0x7fff_ffff, 'scale of a BigDecimal'));
        this.#lengthAndBytes(toTwosComplement(value.unscaled));
        break;
      case 'date':
        this.out.byte(tags.date);
        this.#int64(value.epochMs);
        break;
      case 'uuid':
        this.out.byte(tags.uuid);
        this.#int64(value.mostSignificant);
        this.#int64(value.leastSignificant);
        break;
    }
  }

  #writeItems(tag: number, flavour: number, items: readonly JavaValue[], depth: number): void {
    if (depth > nestingMax) throw nestingError();
    this.out.byte(tag);
    this.out.byte(flavour);
    this.out.int32(items.length);
    for (const item of items) this.#write(item, depth);
  }

  #writeMap(map: Extract<JavaValue, { type: 'map' }>, depth: number): void {
    if (depth > nestingMax) throw nestingError();
    this.out.byte(tags.map);
    this.out.byte(mapFlavours.indexOf(map.flavour));
    this.out.int32(map.entries.length);
    for (const [key, value] of map.entries) {
      this.#write(key, depth);
      this.#write(value, depth);
    }
  }

  #writeObject(object: JavaObject, depth: number): void {
    if (depth > nestingMax) throw nestingError();
    const className = Buffer.from(object.className);
    this.out.byte(tags.object);
    this.out.byte(objectCodecs.indexOf(object.codec));
    this.out.uint16(inRange(className.length, 0, classNameBytesMax, 'length of a class name'));
    this.out.bytes(className, 0, className.length);
    this.#lengthAndBytes(object.bytes);
    this.out.byte(object.view === undefined ? 0 : 1);
    if (object.view !== undefined) this.#write(object.view, depth);
  }

  #lengthAndBytes(bytes: Uint8Array): void {
    this.out.int32(bytes.length);
    this.out.bytes(bytes, 0, bytes.length);
  }

  #int64(value: bigint): void {
    const at = this.out.reserve(8);
    try {
      this.out.buffer.writeBigInt64LE(value, at);
    } catch (cause) {
      throw new GatewayError('VALUE_UNSUPPORTED', `${value} does not fit into a Long`, { cause });
    }
  }

  /** False, with nothing written, when a character is not ASCII. */
  #writeShortAscii(value: string): boolean {
    const { out } = this;
    const { length } = value;
    const at = out.reserve(3 + length);
    const { buffer } = out;
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i);
      if (code >= 0x80) {
        out.position = at;
        return false;
      }
      buffer[at + 3 + i] = code;
    }
    buffer[at] = tags.asciiString;
    buffer[at + 1] = length;
    buffer[at + 2] = 0;
    return true;
  }
}

type RareValue = Exclude<
  TypedJavaValue,
  { readonly type: 'list' | 'set' | 'map' | 'object' | 'long' } | { readonly type: 'int' | 'double' }
>;

/** Big-endian two's complement in as few bytes as possible, as java.math.BigInteger.toByteArray. */
export function toTwosComplement(value: bigint): Buffer {
  const magnitudeBits = (value < 0n ? -value - 1n : value).toString(16).length * 4;
  let bytes = (magnitudeBits >> 3) + 1;
  const hex = BigInt.asUintN(bytes * 8, value)
    .toString(16)
    .padStart(bytes * 2, '0');
  let encoded = Buffer.from(hex, 'hex');
  while (bytes > 1 && isSignOnly(encoded[0]!, encoded[1]!)) {
    encoded = encoded.subarray(1);
    bytes--;
  }
  return encoded;
}

function isSignOnly(first: number, second: number): boolean {
  return (first === 0 && second < 0x80) || (first === 0xff && second >= 0x80);
}

function inRange(value: number, min: number, max: number, what: string): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new GatewayError('VALUE_UNSUPPORTED', `${what} ${value}: expected an integer from ${min} to ${max}`);
}

/** True when a surrogate stands alone, so that UTF-8 cannot say the string. */
function hasUnpairedSurrogate(value: string): boolean {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code < 0xd800 || code > 0xdfff) continue;
    const next = i + 1 < value.length ? value.charCodeAt(i + 1) : 0;
    if (code >= 0xdc00 || next < 0xdc00 || next > 0xdfff) return true;
    i++;
  }
  return false;
}
