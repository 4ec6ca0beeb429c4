import { GatewayError } from '../base/index.ts';
import { ThriftReader, ThriftWriter, wireTypes } from './wire.ts';

/** Reads and writes values of one Thrift type. */
export interface Codec<T> {
  readonly wireType: number;
  /** The least number of bytes a value takes: bounds what a claimed container size can make us allocate. */
  readonly bytesMin: number;
  read(reader: ThriftReader): T;
  write(writer: ThriftWriter, value: T): void;
}

const wire = wireTypes;

export const bool: Codec<boolean> = {
  wireType: wire.bool,
  bytesMin: 1,
  read: (reader) => reader.bool(),
  write: (writer, value) => writer.bool(value),
};
export const byte: Codec<number> = {
  wireType: wire.byte,
  bytesMin: 1,
  read: (reader) => reader.byte(),
  write: (writer, value) => writer.byte(value),
};
export const i16: Codec<number> = {
  wireType: wire.i16,
  bytesMin: 2,
  read: (reader) => reader.i16(),
  write: (writer, value) => writer.i16(value),
};
export const i32: Codec<number> = {
  wireType: wire.i32,
  bytesMin: 4,
  read: (reader) => reader.i32(),
  write: (writer, value) => writer.i32(value),
};
export const i64: Codec<bigint> = {
  wireType: wire.i64,
  bytesMin: 8,
  read: (reader) => reader.i64(),
  write: (writer, value) => writer.i64(value),
};
export const double: Codec<number> = {
  wireType: wire.double,
  bytesMin: 8,
  read: (reader) => reader.double(),
  write: (writer, value) => writer.double(value),
};
export const string: Codec<string> = {
  wireType: wire.string,
  bytesMin: 4,
  read: (reader) => reader.string(),
  write: (writer, value) => writer.string(value),
};
/** What is read is a view into the frame it came in. */
export const binary: Codec<Buffer> = {
  wireType: wire.string,
  bytesMin: 4,
  read: (reader) => reader.binary(),
  write: (writer, value) => writer.binary(value),
};

export function list<T>(element: Codec<T>): Codec<readonly T[]> {
  return {
    wireType: wire.list,
    bytesMin: 5,
    read: (reader) => readElements(reader, element),
    write: (writer, value) => writeElements(writer, element, value),
  };
}

/** A set of scalars. */
export function set<T>(element: Codec<T>): Codec<ReadonlySet<T>> {
  return {
    wireType: wire.set,
    bytesMin: 5,
    read: (reader) => new Set(readElements(reader, element)),
    write: (writer, value) => writeElements(writer, element, [...value]),
  };
}

/** A map with scalar keys, in the order of the wire. */
export function map<K, V>(key: Codec<K>, value: Codec<V>): Codec<ReadonlyMap<K, V>> {
  const pairs = mapAsPairs(key, value);
  return {
    wireType: wire.map,
    bytesMin: 6,
    read: (reader) => new Map(pairs.read(reader)),
    write: (writer, entries) => pairs.write(writer, [...entries]),
  };
}

/**
 * A map whose keys have no identity in JavaScript (structs, containers, binary): pairs, in the order of the
 * wire.
 */
export function mapAsPairs<K, V>(key: Codec<K>, value: Codec<V>): Codec<readonly (readonly [K, V])[]> {
  return {
    wireType: wire.map,
    bytesMin: 6,
    read(reader) {
      const { keyType, valueType, size } = reader.mapBegin(key.bytesMin + value.bytesMin);
      const pairs: [K, V][] = [];
      if (size > 0) {
        checkType('keys of a map', key, keyType);
        checkType('values of a map', value, valueType);
      }
      for (let index = 0; index < size; index += 1) pairs.push([key.read(reader), value.read(reader)]);
      return pairs;
    },
    write(writer, pairs) {
      writer.mapBegin(key.wireType, value.wireType, pairs.length);
      for (const [k, v] of pairs) {
        key.write(writer, k);
        value.write(writer, v);
      }
    },
  };
}

/** An enum: its names in TypeScript, its numbers on the wire. */
export interface EnumCodec<T extends string> extends Codec<T | undefined> {
  readonly name: string;
  readonly numbers: Readonly<Record<T, number>>;
}

/** Reading a number that has no name gives undefined, which counts as not set, as in Java. */
export function enumeration<T extends string>(
  name: string,
  numbers: Readonly<Record<T, number>>,
): EnumCodec<T> {
  const names = new Map(Object.entries<number>(numbers).map(([known, number]) => [number, known as T]));
  return {
    name,
    numbers,
    wireType: wire.i32,
    bytesMin: 4,
    read: (reader) => names.get(reader.i32()),
    write(writer, value) {
      if (value === undefined) throw new RangeError(`no value of ${name}`);
      writer.i32(numbers[value]);
    },
  };
}

/**
 * A value as bare bytes of the binary protocol, without frame or message header (as in stormcode.ser before
 * gzip).
 */
export function encode<T>(codec: Codec<T>, value: T): Buffer {
  const writer = new ThriftWriter();
  codec.write(writer, value);
  return writer.toBytes();
}

/** Reads a value from bare bytes. Throws `PROTOCOL_VIOLATION` when they are no such value or end too soon. */
export function decode<T>(codec: Codec<T>, bytes: Buffer): T {
  return reading(() => codec.read(new ThriftReader(bytes)));
}

/** Runs `read`, turning what the thrift package throws into `PROTOCOL_VIOLATION`. */
export function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof GatewayError) throw error;
    const isShort = error instanceof Error && error.name === 'InputBufferUnderrunError';
    throw new GatewayError(
      'PROTOCOL_VIOLATION',
      isShort ? 'the message ends too soon' : 'the message is garbled',
      {
        cause: error,
      },
    );
  }
}

function readElements<T>(reader: ThriftReader, element: Codec<T>): T[] {
  const { elementType, size } = reader.listBegin(element.bytesMin);
  if (size > 0) checkType('elements of a list', element, elementType);
  const elements: T[] = [];
  for (let index = 0; index < size; index += 1) elements.push(element.read(reader));
  return elements;
}

function writeElements<T>(writer: ThriftWriter, element: Codec<T>, values: readonly T[]): void {
  writer.listBegin(element.wireType, values.length);
  for (const value of values) element.write(writer, value);
}

function checkType(what: string, codec: Codec<unknown>, found: number): void {
  if (codec.wireType === found) return;
  throw new GatewayError('PROTOCOL_VIOLATION', `${what} have type ${found}, expected ${codec.wireType}`);
}
