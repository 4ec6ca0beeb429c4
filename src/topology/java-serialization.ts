import { GatewayError } from '../base/index.ts';

/**
 * A reader of the Java Object Serialization Stream Protocol (version 5) that builds descriptions and never an object:
 * no class is loaded, nothing runs. Enough to say of what class a serialised object is and what its plain fields hold.
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
  /** Objects that the classes' own writeObject methods wrote, in order: the elements of an ArrayList, for example. */
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

interface ClassDescription extends SerializedClass {
  readonly flags: number;
  readonly fieldTypes: readonly { readonly name: string; readonly typeCode: string }[];
  superClass: ClassDescription | null;
}

const streamMagic = 0xaced;
const streamVersion = 5;
const firstHandle = 0x7e_0000;
const nestingMax = 200;

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

/** The first object of a stream. Throws `WIRE_CORRUPT` with the place when the bytes are not such a stream. */
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
  readonly #handles: (SerializedValue | ClassDescription)[] = [];
  #position = 0;
  #depth = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
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

  #classDescription(): ClassDescription | null {
    const code = this.#byte();
    switch (code) {
      case typeCodes.null:
        return null;
      case typeCodes.reference: {
        const value = this.#reference();
        if (isClassDescription(value)) return value;
        throw this.#corrupt('a reference leads to no class');
      }
      case typeCodes.classDescription:
        return this.#newClassDescription();
      case typeCodes.proxyClassDescription:
        return this.#newProxyDescription();
      default:
        throw this.#corrupt(`type code 0x${code.toString(16)} where a class is expected`);
    }
  }

  #newClassDescription(): ClassDescription {
    const className = this.#utf(this.#uint16());
    this.#take(8);
    const slot = this.#handles.push(null) - 1;
    const flags = this.#byte();
    const fieldTypes = Array.from({ length: this.#uint16() }, () => {
      const typeCode = String.fromCharCode(this.#byte());
      const name = this.#utf(this.#uint16());
      if (typeCode === '[' || typeCode === 'L') this.#content();
      return { name, typeCode };
    });
    const description: ClassDescription = { kind: 'class', className, flags, fieldTypes, superClass: null };
    this.#handles[slot] = description;
    this.#annotations();
    description.superClass = this.#classDescription();
    return description;
  }

  #newProxyDescription(): ClassDescription {
    const interfaceCount = this.#int32();
    const description: ClassDescription = {
      kind: 'class',
      className: 'java.lang.reflect.Proxy',
      flags: flagSerializable,
      fieldTypes: [],
      superClass: null,
    };
    this.#newHandle(description);
    for (let i = 0; i < interfaceCount; i++) this.#utf(this.#uint16());
    this.#annotations();
    description.superClass = this.#classDescription();
    return description;
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
    const lineage: ClassDescription[] = [];
    for (let each: ClassDescription | null = described; each !== null; each = each.superClass)
      lineage.unshift(each);
    for (const each of lineage) this.#classData(each, object);
    return object;
  }

  #classData(description: ClassDescription, object: SerializedObject): void {
    if ((description.flags & flagExternalizable) !== 0) {
      if ((description.flags & flagBlockData) === 0) {
        throw this.#corrupt(`${description.className} wrote itself in a form that only it can read`);
      }
      object.written.push(...this.#annotations());
      return;
    }
    for (const { name, typeCode } of description.fieldTypes) object.fields.set(name, this.#field(typeCode));
    if ((description.flags & flagWriteMethod) !== 0) object.written.push(...this.#annotations());
  }

  #array(): SerializedArray {
    const className = this.#classDescription()?.className ?? '';
    const array: SerializedArray = { kind: 'array', className, items: [] };
    this.#newHandle(array);
    const length = this.#int32();
    for (let i = 0; i < length; i++) array.items.push(this.#field(className.charAt(1)));
    return array;
  }

  #enum(): SerializedEnum {
    const className = this.#classDescription()?.className ?? '';
    const slot = this.#handles.push(null) - 1;
    const constant = this.#content();
    if (typeof constant !== 'string') throw this.#corrupt(`a constant of enum ${className} has no name`);
    const value: SerializedEnum = { kind: 'enum', className, constant };
    this.#handles[slot] = value;
    return value;
  }

  #field(typeCode: string): SerializedValue {
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

  /** Everything up to the end marker; raw data is left out. */
  #annotations(): SerializedValue[] {
    const values: SerializedValue[] = [];
    while (this.#peek() !== typeCodes.endBlockData) {
      const value = this.#content();
      if (value !== blockData) values.push(value);
    }
    this.#position++;
    return values;
  }

  #newString(length: number): string {
    const text = this.#utf(length);
    this.#handles.push(text);
    return text;
  }

  /** Java's modified UTF-8: NUL in two bytes, characters beyond the first plane as surrogates of three bytes each. */
  #utf(length: number): string {
    const start = this.#take(length);
    const end = start + length;
    const units: string[] = [];
    for (let i = start; i < end; ) {
      const first = this.#bytes[i]!;
      const width = first < 0x80 ? 1 : first < 0xe0 ? 2 : 3;
      if (i + width > end) throw this.#corrupt('a string is cut off');
      const second = width > 1 ? this.#bytes[i + 1]! & 0x3f : 0;
      const third = width > 2 ? this.#bytes[i + 2]! & 0x3f : 0;
      const lead = [first, first & 0x1f, first & 0x0f][width - 1]!;
      units.push(
        String.fromCharCode(
          width === 1 ? lead : width === 2 ? (lead << 6) | second : (lead << 12) | (second << 6) | third,
        ),
      );
      i += width;
    }
    return units.join('');
  }

  #reference(): SerializedValue {
    const index = this.#int32() - firstHandle;
    const value = this.#handles[index];
    if (value === undefined) throw this.#corrupt(`reference to unknown object ${index}`);
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

  #corrupt(what: string): GatewayError {
    return new GatewayError('WIRE_CORRUPT', `Java serialisation, byte ${this.#position}: ${what}`, {
      facts: { offset: this.#position },
    });
  }
}

function isClassDescription(value: SerializedValue | ClassDescription): value is ClassDescription {
  return typeof value === 'object' && value !== null && value.kind === 'class' && 'fieldTypes' in value;
}
