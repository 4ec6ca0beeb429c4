import { GatewayError } from '../base/index.ts';

/**
 * A reader of the Java Object Serialization Stream Protocol (version 5) that builds descriptions and never an
 * object: no class is loaded, nothing runs. Enough to find the class of a serialised object and the values of
 * its plain fields.
 */
export type SerializedValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | SerializedObject
  | SerializedArray
  | SerializedEnum
  | SerializedClass;

export interface SerializedObject {
  readonly kind: 'object';
  readonly className: string;
  /** Fields of the class and of its superclasses by name; a subclass's field hides one of the same name. */
  readonly fields: Map<string, SerializedValue>;
  /**
   * Objects that the classes' own writeObject methods wrote, in order: the elements of an ArrayList, for
   * example.
   */
  readonly written: SerializedValue[];
}

export interface SerializedArray {
  readonly kind: 'array';
  readonly className: string;
  readonly items: SerializedValue[];
}

export interface SerializedEnum {
  readonly kind: 'enum';
  readonly className: string;
  readonly constant: string;
}

/** A Class object, or the description of a class where an object's is. */
export interface SerializedClass {
  readonly kind: 'class';
  readonly className: string;
}

/** What a stream holds about a class itself, before its superclass is known. */
interface OwnDescription {
  readonly className: string;
  readonly flags: number;
  readonly fieldTypes: readonly { readonly name: string; readonly typeCode: string }[];
}

interface ClassDescription extends SerializedClass, OwnDescription {
  readonly superClass: ClassDescription | null;
  /** The number of classes from this one to the topmost, both included. */
  readonly lineLength: number;
  /**
   * The first class of the line that writes at least one byte for each object. The others are skipped: an
   * object then costs no more steps than it has bytes, however long the line of its class is.
   */
  readonly nextWithData: ClassDescription | null;
}

const streamMagic = 0xaced;
const streamVersion = 5;
const firstHandle = 0x7e_0000;
const nestingMax = 200;
/**
 * Superclasses of a class, itself included. The deepest lines of the JDK and of large frameworks have about a
 * dozen.
 */
const classLineMax = 100;
/** As in Java, which refuses a proxy class of more. */
const proxyInterfacesMax = 65_535;
/**
 * A reader that works needs fewer than 4 steps a byte. The bound makes an error, rather than a hang, of a
 * mistake in this file that some stream can use to take many steps without consuming bytes.
 */
const stepsPerByteMax = 16;

const typeCodes = {
  null: 0x70,
  reference: 0x71,
  classDescription: 0x72,
  object: 0x73,
  string: 0x74,
  array: 0x75,
  class: 0x76,
  blockData: 0x77,
  endBlockData: 0x78,
  reset: 0x79,
  longBlockData: 0x7a,
  exception: 0x7b,
  longString: 0x7c,
  proxyClassDescription: 0x7d,
  enum: 0x7e,
} as const;

const flagWriteMethod = 0x01;
const flagSerializable = 0x02;
const flagExternalizable = 0x04;
const flagBlockData = 0x08;

/** Marks data that a class wrote itself and that only the class can read. */
const blockData = Symbol('block data');
/** Holds the handle of a class or an enum constant until all of it is read. */
const unfinished = Symbol('unfinished');

/**
 * Reads the first object of a stream, in time and memory proportional to the number of bytes, whatever the
 * bytes are. Throws `WIRE_CORRUPT` with the offset when the bytes are not such a stream.
 */
export function readSerializedObject(bytes: Uint8Array): SerializedValue {
  return new SerializationReader(bytes).readStream();
}

/** The class of a serialised object, or undefined when the bytes are not a serialised object. */
export function serializedClassName(bytes: Uint8Array): string | undefined {
  try {
    const value = readSerializedObject(bytes);
    return typeof value === 'object' && value !== null ? value.className : undefined;
  } catch (error) {
    if (error instanceof GatewayError) return undefined;
    throw error;
  }
}

class SerializationReader {
  readonly #bytes: Buffer;
  readonly #handles: (SerializedValue | ClassDescription | typeof unfinished)[] = [];
  #position = 0;
  #depth = 0;
  #stepsLeft: number;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#stepsLeft = stepsPerByteMax * bytes.length;
  }

  readStream(): SerializedValue {
    if (this.#uint16() !== streamMagic || this.#uint16() !== streamVersion) {
      throw this.#corrupt('not a Java serialisation stream');
    }
    const content = this.#content();
    if (content === blockData) throw this.#corrupt('raw data where an object is expected');
    return content;
  }

  #content(): SerializedValue | typeof blockData {
    this.#step();
    if (++this.#depth > nestingMax)
      throw this.#corrupt(`objects are nested deeper than ${nestingMax} levels`);
    try {
      return this.#contentOf(this.#byte());
    } finally {
      this.#depth--;
    }
  }

  #contentOf(code: number): SerializedValue | typeof blockData {
    switch (code) {
      case typeCodes.null:
        return null;
      case typeCodes.reference:
        return this.#reference();
      case typeCodes.object:
        return this.#object();
      case typeCodes.string:
        return this.#newString(this.#uint16());
      case typeCodes.longString:
        return this.#newString(Number(this.#int64()));
      case typeCodes.array:
        return this.#array();
      case typeCodes.enum:
        return this.#enum();
      case typeCodes.class: {
        const described = this.#classDescription();
        return this.#newHandle({ kind: 'class', className: described?.className ?? 'null' });
      }
      case typeCodes.blockData:
        this.#take(this.#byte());
        return blockData;
      case typeCodes.longBlockData:
        this.#take(this.#int32());
        return blockData;
      case typeCodes.classDescription:
      case typeCodes.proxyClassDescription:
        this.#position--;
        return this.#classDescription();
      default:
        throw this.#corrupt(`unknown type code 0x${code.toString(16)}`);
    }
  }

  /**
   * A class with its superclasses. A handle leads to a class only once its whole line is read, so no class
   * can be in its own line. The line is read in a loop, so that its length costs no stack.
   */
  #classDescription(): ClassDescription | null {
    const unlinked: { readonly slot: number; readonly own: OwnDescription }[] = [];
    for (;;) {
      this.#step();
      const code = this.#byte();
      if (code === typeCodes.null) return this.#link(unlinked, null);
      if (code === typeCodes.reference) return this.#link(unlinked, this.#referencedClass());
      if (code !== typeCodes.classDescription && code !== typeCodes.proxyClassDescription)
        throw this.#corrupt(`type code 0x${code.toString(16)} where a class is expected`);
      if (unlinked.length === classLineMax) throw this.#lineTooLong();
      const isProxy = code === typeCodes.proxyClassDescription;
      const slot = this.#handles.push(unfinished) - 1;
      unlinked.push({ slot, own: isProxy ? this.#proxyDescription() : this.#ownDescription() });
      this.#annotations([]);
    }
  }

  #referencedClass(): ClassDescription {
    const value = this.#reference();
    if (isClassDescription(value)) return value;
    throw this.#corrupt('a reference to something that is not a class stands where a class is expected');
  }

  /** Gives each class of a line, the topmost first, the one above it. Answers the last. */
  #link(
    unlinked: readonly { readonly slot: number; readonly own: OwnDescription }[],
    top: ClassDescription | null,
  ): ClassDescription | null {
    let superClass = top;
    for (let i = unlinked.length - 1; i >= 0; i--) {
      const { slot, own } = unlinked[i]!;
      const lineLength: number = 1 + (superClass?.lineLength ?? 0);
      if (lineLength > classLineMax) throw this.#lineTooLong();
      superClass = new DescribedClass(own, superClass, lineLength);
      this.#handles[slot] = superClass;
    }
    return superClass;
  }

  #ownDescription(): OwnDescription {
    const className = this.#utf(this.#uint16());
    this.#take(8);
    const flags = this.#byte();
    const fieldTypes = Array.from({ length: this.#uint16() }, () => {
      const typeCode = String.fromCharCode(this.#byte());
      const name = this.#utf(this.#uint16());
      if (typeCode === '[' || typeCode === 'L') this.#content();
      return { name, typeCode };
    });
    return { className, flags, fieldTypes };
  }

  #proxyDescription(): OwnDescription {
    const interfaceCount = this.#int32();
    if (interfaceCount < 0 || interfaceCount > proxyInterfacesMax)
      throw this.#corrupt(
        `a proxy class has ${interfaceCount} interfaces, expected 0 to ${proxyInterfacesMax}`,
      );
    for (let i = 0; i < interfaceCount; i++) this.#utf(this.#uint16());
    return { className: 'java.lang.reflect.Proxy', flags: flagSerializable, fieldTypes: [] };
  }

  #object(): SerializedObject {
    const described = this.#classDescription();
    if (described === null) throw this.#corrupt('an object has no class');
    const object: SerializedObject = {
      kind: 'object',
      className: described.className,
      fields: new Map(),
      written: [],
    };
    this.#newHandle(object);
    const withData: ClassDescription[] = [];
    let next = described.nextWithData;
    while (next !== null) {
      this.#step();
      withData.push(next);
      next = next.superClass?.nextWithData ?? null;
    }
    // The topmost class writes first.
    for (let i = withData.length - 1; i >= 0; i--) this.#classData(withData[i]!, object);
    return object;
  }

  #classData(description: ClassDescription, object: SerializedObject): void {
    if ((description.flags & flagExternalizable) !== 0) {
      if ((description.flags & flagBlockData) === 0) {
        throw this.#corrupt(`${description.className} wrote itself in a form that only it can read`);
      }
      this.#annotations(object.written);
      return;
    }
    for (const { name, typeCode } of description.fieldTypes) object.fields.set(name, this.#field(typeCode));
    if ((description.flags & flagWriteMethod) !== 0) this.#annotations(object.written);
  }

  #array(): SerializedArray {
    const className = this.#classDescription()?.className ?? '';
    const array: SerializedArray = { kind: 'array', className, items: [] };
    this.#newHandle(array);
    const length = this.#int32();
    const bytesLeft = this.#bytes.length - this.#position;
    // An item has at least one byte.
    if (length < 0 || length > bytesLeft)
      throw this.#corrupt(
        `the stream is cut off: an array of ${length} items, and ${bytesLeft} bytes are left`,
      );
    for (let i = 0; i < length; i++) array.items.push(this.#field(className.charAt(1)));
    return array;
  }

  #enum(): SerializedEnum {
    const className = this.#classDescription()?.className ?? '';
    const slot = this.#handles.push(unfinished) - 1;
    const constant = this.#content();
    if (typeof constant !== 'string') throw this.#corrupt(`a constant of enum ${className} has no name`);
    const value: SerializedEnum = { kind: 'enum', className, constant };
    this.#handles[slot] = value;
    return value;
  }

  #field(typeCode: string): SerializedValue {
    this.#step();
    switch (typeCode) {
      case 'B':
        return (this.#byte() << 24) >> 24;
      case 'C':
        return String.fromCharCode(this.#uint16());
      case 'D':
        return this.#bytes.readDoubleBE(this.#take(8));
      case 'F':
        return this.#bytes.readFloatBE(this.#take(4));
      case 'I':
        return this.#int32();
      case 'J':
        return this.#int64();
      case 'S':
        return (this.#uint16() << 16) >> 16;
      case 'Z':
        return this.#byte() !== 0;
      case 'L':
      case '[': {
        const value = this.#content();
        if (value === blockData) throw this.#corrupt('raw data where a field is expected');
        return value;
      }
      default:
        throw this.#corrupt(`unknown field type ${typeCode}`);
    }
  }

  /** Adds everything up to the end marker to `into`, without raw data. */
  #annotations(into: SerializedValue[]): void {
    while (this.#peek() !== typeCodes.endBlockData) {
      const value = this.#content();
      if (value !== blockData) into.push(value);
    }
    this.#position++;
  }

  #newString(length: number): string {
    const text = this.#utf(length);
    this.#handles.push(text);
    return text;
  }

  /**
   * Java's modified UTF-8: NUL in two bytes, characters beyond the first plane as surrogates of three bytes
   * each.
   */
  #utf(length: number): string {
    const start = this.#take(length);
    const end = start + length;
    // One unit of 16 bits a character: at most as many as there are bytes.
    const units = Buffer.allocUnsafe(2 * length);
    let written = 0;
    for (let i = start; i < end; ) {
      const first = this.#bytes[i]!;
      const width = first < 0x80 ? 1 : first < 0xe0 ? 2 : 3;
      if (i + width > end) throw this.#corrupt('a string ends in the middle of a character');
      const second = width > 1 ? this.#bytes[i + 1]! & 0x3f : 0;
      const third = width > 2 ? this.#bytes[i + 2]! & 0x3f : 0;
      const unit =
        width === 1
          ? first
          : width === 2
            ? ((first & 0x1f) << 6) | second
            : ((first & 0x0f) << 12) | (second << 6) | third;
      written = units.writeUInt16LE(unit, written);
      i += width;
    }
    return units.toString('utf16le', 0, written);
  }

  #reference(): SerializedValue {
    const index = this.#int32() - firstHandle;
    const value = this.#handles[index];
    if (value === undefined) throw this.#corrupt(`reference to unknown object ${index}`);
    if (value === unfinished)
      throw this.#corrupt(
        `reference to object ${index}, a class or an enum constant that is not read to its end yet`,
      );
    return value;
  }

  #newHandle<T extends SerializedValue>(value: T): T {
    this.#handles.push(value);
    return value;
  }

  #peek(): number {
    if (this.#position >= this.#bytes.length) throw this.#corrupt('the stream is cut off');
    return this.#bytes[this.#position]!;
  }

  #byte(): number {
    return this.#bytes[this.#take(1)]!;
  }

  #uint16(): number {
    return this.#bytes.readUInt16BE(this.#take(2));
  }

  #int32(): number {
    return this.#bytes.readInt32BE(this.#take(4));
  }

  #int64(): bigint {
    return this.#bytes.readBigInt64BE(this.#take(8));
  }

  #take(length: number): number {
    const at = this.#position;
    if (length < 0 || length > this.#bytes.length - at) throw this.#corrupt('the stream is cut off');
    this.#position = at + length;
    return at;
  }

  #step(): void {
    if (--this.#stepsLeft < 0)
      throw this.#corrupt(
        `reading takes more than ${stepsPerByteMax} steps a byte, which is a fault of this reader`,
      );
  }

  #lineTooLong(): GatewayError {
    return this.#corrupt(
      `a class has more than ${classLineMax} superclasses, itself included, which no real class has`,
    );
  }

  #corrupt(what: string): GatewayError {
    return new GatewayError('WIRE_CORRUPT', `Java serialisation, byte ${this.#position}: ${what}`, {
      facts: { offset: this.#position },
    });
  }
}

class DescribedClass implements ClassDescription {
  readonly kind = 'class';
  readonly className: string;
  readonly flags: number;
  readonly fieldTypes: OwnDescription['fieldTypes'];
  readonly superClass: ClassDescription | null;
  readonly lineLength: number;
  readonly nextWithData: ClassDescription | null;

  constructor(own: OwnDescription, superClass: ClassDescription | null, lineLength: number) {
    this.className = own.className;
    this.flags = own.flags;
    this.fieldTypes = own.fieldTypes;
    this.superClass = superClass;
    this.lineLength = lineLength;
    const hasData = own.fieldTypes.length > 0 || (own.flags & (flagWriteMethod | flagExternalizable)) !== 0;
    this.nextWithData = hasData ? this : (superClass?.nextWithData ?? null);
  }
}

function isClassDescription(value: SerializedValue): value is ClassDescription {
  return value instanceof DescribedClass;
}
