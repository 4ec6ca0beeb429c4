import { isUtf8 } from 'node:buffer';
import { GatewayError } from '../base/index.ts';
import { readInt32, readUint16, readUint32 } from './bytes.ts';
import {
  type JavaObject,
  type JavaValue,
  listFlavours,
  mapFlavours,
  nestingMax,
  objectCodecs,
  setFlavours,
  tags,
} from './values.ts';

const loopedStringBytesMax = 24;

/**
 * Reads tagged values (docs/wire.md, "Values") from a range of bytes, checking every length against what is
 * left before anything is allocated. Faults are `WIRE_CORRUPT` with the place relative to the range's start.
 *
 *   reader.open(buffer, start, end); reader.readAll()          all values, and nothing behind them
 *   reader.open(...); reader.begin(); reader.readLong(); ...   known types, without an object per value
 */
export class ValueReader {
  #buffer: Uint8Array = new Uint8Array(0);
  #start = 0;
  #end = 0;
  #position = 0;
  /** The halves of what `readLong` read last. */
  longHi = 0;
  longLo = 0;

  open(buffer: Uint8Array, start: number, end: number): void {
    this.#buffer = buffer;
    this.#start = start;
    this.#end = end;
    this.#position = start;
  }

  /** Reads how many values there are. */
  begin(): number {
    return readUint16(this.#buffer, this.#take(2));
  }

  readAll(): JavaValue[] {
    const count = this.begin();
    const values = new Array<JavaValue>(count);
    for (let i = 0; i < count; i++) values[i] = this.#read(0);
    this.finish();
    return values;
  }

  /** Throws unless everything has been read. */
  finish(): void {
    if (this.#position !== this.#end)
      throw this.#corrupt(`${this.#end - this.#position} bytes follow the last value`);
  }

  /** Any value. */
  read(): JavaValue {
    return this.#read(0);
  }

  /** A Long, into `longHi` and `longLo`. */
  readLong(): void {
    const at = this.#position;
    const buffer = this.#buffer;
    if (at + 9 > this.#end || buffer[at] !== tags.long) this.#refuse(tags.long, 'Long', 8);
    this.longLo = readInt32(buffer, at + 1);
    this.longHi = readInt32(buffer, at + 5);
    this.#position = at + 9;
  }

  readInt(): number {
    const at = this.#position;
    const buffer = this.#buffer;
    if (at + 5 > this.#end || buffer[at] !== tags.int) this.#refuse(tags.int, 'Integer', 4);
    this.#position = at + 5;
    return readInt32(buffer, at + 1);
  }

  #refuse(expected: number, name: string, bytes: number): never {
    const tag = this.#buffer[this.#take(1)]!;
    if (tag !== expected) throw this.#corrupt(`value tag ${tag}, expected ${expected} (${name})`);
    throw this.#corrupt(`${bytes} bytes are needed, ${this.#end - this.#position} are left`);
  }

  #read(depth: number): JavaValue {
    const tag = this.#buffer[this.#take(1)]!;
    switch (tag) {
      case tags.null:
        return null;
      case tags.false:
        return false;
      case tags.true:
        return true;
      case tags.int:
        return { type: 'int', value: readInt32(this.#buffer, this.#take(4)) };
      case tags.long:
        return { type: 'long', value: this.#int64() };
      case tags.double:
        return { type: 'double', value: this.#view(8).getFloat64(0, true) };
      case tags.asciiString:
        return this.#asciiString();
      case tags.utf8String:
        return this.#utf8String();
      case tags.list:
        return { type: 'list', flavour: this.#oneOf(listFlavours, 'list'), items: this.#items(depth + 1) };
      case tags.set:
        return { type: 'set', flavour: this.#oneOf(setFlavours, 'set'), items: this.#items(depth + 1) };
      case tags.map:
        return { type: 'map', flavour: this.#oneOf(mapFlavours, 'map'), entries: this.#entries(depth + 1) };
      case tags.object:
        return this.#object(depth + 1);
      default:
        return this.#readRare(tag);
    }
  }

  #readRare(tag: number): JavaValue {
    switch (tag) {
      case tags.byte:
        return { type: 'byte', value: (this.#buffer[this.#take(1)]! << 24) >> 24 };
      case tags.short:
        return { type: 'short', value: (readUint16(this.#buffer, this.#take(2)) << 16) >> 16 };
      case tags.char:
        return { type: 'char', code: readUint16(this.#buffer, this.#take(2)) };
      case tags.float:
        return { type: 'float', value: this.#view(4).getFloat32(0, true) };
      case tags.utf16String:
        return this.#utf16String();
      case tags.bytes:
        return this.#bytes();
      case tags.bigInteger:
        return { type: 'bigInteger', value: this.#bigInteger() };
      case tags.bigDecimal: {
        const scale = readInt32(this.#buffer, this.#take(4));
        return { type: 'bigDecimal', scale, unscaled: this.#bigInteger() };
      }
      case tags.date:
        return { type: 'date', epochMs: this.#int64() };
      case tags.uuid:
        return { type: 'uuid', mostSignificant: this.#int64(), leastSignificant: this.#int64() };
      default:
        throw this.#corrupt(`unknown value tag ${tag}`);
    }
  }

  #items(depth: number): JavaValue[] {
    const count = this.#count(depth, 1);
    const items = new Array<JavaValue>(count);
    for (let i = 0; i < count; i++) items[i] = this.#read(depth);
    return items;
  }

  #entries(depth: number): [JavaValue, JavaValue][] {
    const count = this.#count(depth, 2);
    const entries = new Array<[JavaValue, JavaValue]>(count);
    for (let i = 0; i < count; i++) entries[i] = [this.#read(depth), this.#read(depth)];
    return entries;
  }

  #object(depth: number): JavaObject {
    this.#checkDepth(depth);
    const codec = this.#oneOf(objectCodecs, 'object codec');
    const classNameBytes = readUint16(this.#buffer, this.#take(2));
    const className = this.#utf8(classNameBytes, 'class name');
    const bytes = this.#bytes();
    const hasView = this.#buffer[this.#take(1)]!;
    if (hasView > 1)
      throw this.#corrupt(`${hasView} where 0 or 1 says whether object ${className} has a view`);
    return { type: 'object', codec, className, bytes, view: hasView === 1 ? this.#read(depth) : undefined };
  }

  #count(depth: number, bytesEach: number): number {
    this.#checkDepth(depth);
    const count = readUint32(this.#buffer, this.#take(4));
    if (count * bytesEach > this.#end - this.#position) {
      throw this.#corrupt(`${count} elements cannot be in the ${this.#end - this.#position} bytes left`);
    }
    return count;
  }

  #checkDepth(depth: number): void {
    if (depth > nestingMax) throw this.#corrupt(`values are nested deeper than ${nestingMax} levels`);
  }

  #oneOf<T>(names: readonly T[], what: string): T {
    const number = this.#buffer[this.#take(1)]!;
    const name = names[number];
    if (name === undefined) throw this.#corrupt(`unknown ${what} flavour ${number}`);
    return name;
  }

  #asciiString(): string {
    const length = readUint16(this.#buffer, this.#take(2));
    const start = this.#take(length);
    let seen = 0;
    for (let i = start; i < start + length; i++) seen |= this.#buffer[i]!;
    if (seen >= 0x80) throw this.#corrupt('an ASCII string has a byte above 0x7f');
    if (length > loopedStringBytesMax) return this.#slice(start, length).toString('latin1');
    let text = '';
    for (let i = start; i < start + length; i++) text += String.fromCharCode(this.#buffer[i]!);
    return text;
  }

  #utf8String(): string {
    return this.#utf8(readUint32(this.#buffer, this.#take(4)), 'string');
  }

  #utf8(length: number, what: string): string {
    const bytes = this.#slice(this.#take(length), length);
    if (!isUtf8(bytes)) throw this.#corrupt(`a ${what} is not UTF-8`);
    return bytes.toString('utf8');
  }

  #utf16String(): string {
    const length = readUint32(this.#buffer, this.#take(4));
    if (length % 2 !== 0) throw this.#corrupt(`a UTF-16 string has an odd number of bytes (${length})`);
    return this.#slice(this.#take(length), length).toString('utf16le');
  }

  /** A copy: the bytes below belong to the caller. */
  #bytes(): Buffer {
    const length = readUint32(this.#buffer, this.#take(4));
    return Buffer.from(this.#slice(this.#take(length), length));
  }

  #bigInteger(): bigint {
    const length = readUint32(this.#buffer, this.#take(4));
    if (length === 0) throw this.#corrupt('a BigInteger has no bytes');
    const bytes = this.#slice(this.#take(length), length);
    return BigInt.asIntN(length * 8, BigInt(`0x${bytes.toString('hex')}`));
  }

  #int64(): bigint {
    return this.#view(8).getBigInt64(0, true);
  }

  #view(length: number): DataView {
    return new DataView(this.#buffer.buffer, this.#buffer.byteOffset + this.#take(length), length);
  }

  #slice(start: number, length: number): Buffer {
    return Buffer.from(this.#buffer.buffer, this.#buffer.byteOffset + start, length);
  }

  /** Moves past `bytes` and returns where they begin. */
  #take(bytes: number): number {
    const at = this.#position;
    if (bytes > this.#end - at) throw this.#corrupt(`${bytes} bytes are needed, ${this.#end - at} are left`);
    this.#position = at + bytes;
    return at;
  }

  #corrupt(what: string): GatewayError {
    const offset = this.#position - this.#start;
    return new GatewayError('WIRE_CORRUPT', `values, byte ${offset}: ${what}`, { facts: { offset } });
  }
}

/** All values of a tuple, `buffer[start, end)` being count and values. Throws `WIRE_CORRUPT`. */
export function decodeValues(buffer: Uint8Array, start = 0, end = buffer.length): JavaValue[] {
  const reader = new ValueReader();
  reader.open(buffer, start, end);
  return reader.readAll();
}
