import { GatewayError } from '../base/index.ts';
import { SerializedBytes } from './serialized-bytes.ts';
import {
  type ClassDescription,
  classFlags,
  DescribedClass,
  isClassDescription,
  type OwnDescription,
} from './serialized-class.ts';
import type {
  SerializedArray,
  SerializedEnum,
  SerializedObject,
  SerializedValue,
} from './serialized-value.ts';

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

/** Marks data that a class wrote itself and that only the class can read. */
const blockData = Symbol('block data');
/** Holds the handle of a class or an enum constant until all of it is read. */
const unfinished = Symbol('unfinished');

/**
 * Reads the first object of a Java Object Serialization Stream (version 5) into descriptions: no class is
 * loaded, nothing runs. Enough to find the class of a serialised object and the values of its plain fields.
 * Takes time and memory proportional to the number of bytes, whatever they are. Throws `WIRE_CORRUPT` with
 * the offset when the bytes are not such a stream.
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
  readonly #bytes: SerializedBytes;
  readonly #handles: (SerializedValue | ClassDescription | typeof unfinished)[] = [];
  #depth = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = new SerializedBytes(bytes);
  }

  readStream(): SerializedValue {
    if (this.#bytes.uint16() !== streamMagic || this.#bytes.uint16() !== streamVersion) {
      throw this.#bytes.corrupt('not a Java serialisation stream');
    }
    const content = this.#content();
    if (content === blockData) throw this.#bytes.corrupt('raw data where an object is expected');
    return content;
  }

  #content(): SerializedValue | typeof blockData {
    this.#bytes.step();
    if (++this.#depth > nestingMax)
      throw this.#bytes.corrupt(`objects are nested deeper than ${nestingMax} levels`);
    try {
      return this.#contentOf(this.#bytes.byte());
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
        return this.#newString(this.#bytes.uint16());
      case typeCodes.longString:
        return this.#newString(Number(this.#bytes.int64()));
      case typeCodes.array:
        return this.#array();
      case typeCodes.enum:
        return this.#enum();
      case typeCodes.class: {
        const described = this.#classDescription();
        return this.#newHandle({ kind: 'class', className: described?.className ?? 'null' });
      }
      case typeCodes.blockData:
        this.#bytes.skip(this.#bytes.byte());
        return blockData;
      case typeCodes.longBlockData:
        this.#bytes.skip(this.#bytes.int32());
        return blockData;
      case typeCodes.classDescription:
      case typeCodes.proxyClassDescription:
        this.#bytes.putBack();
        return this.#classDescription();
      default:
        throw this.#bytes.corrupt(`unknown type code 0x${code.toString(16)}`);
    }
  }

  /**
   * A class with its superclasses. A handle leads to a class only once its whole line is read, so no class
   * can be in its own line. The line is read in a loop, so that its length costs no stack.
   */
  #classDescription(): ClassDescription | null {
    const unlinked: { readonly slot: number; readonly own: OwnDescription }[] = [];
    for (;;) {
      this.#bytes.step();
      const code = this.#bytes.byte();
      if (code === typeCodes.null) return this.#link(unlinked, null);
      if (code === typeCodes.reference) return this.#link(unlinked, this.#referencedClass());
      if (code !== typeCodes.classDescription && code !== typeCodes.proxyClassDescription)
        throw this.#bytes.corrupt(`type code 0x${code.toString(16)} where a class is expected`);
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
    throw this.#bytes.corrupt(
      'a reference to something that is not a class stands where a class is expected',
    );
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
    const className = this.#bytes.utf(this.#bytes.uint16());
    this.#bytes.skip(8);
    const flags = this.#bytes.byte();
    const fieldTypes = Array.from({ length: this.#bytes.uint16() }, () => {
      const typeCode = String.fromCharCode(this.#bytes.byte());
      const name = this.#bytes.utf(this.#bytes.uint16());
      if (typeCode === '[' || typeCode === 'L') this.#content();
      return { name, typeCode };
    });
    return { className, flags, fieldTypes };
  }

  #proxyDescription(): OwnDescription {
    const interfaceCount = this.#bytes.int32();
    if (interfaceCount < 0 || interfaceCount > proxyInterfacesMax)
      throw this.#bytes.corrupt(
        `a proxy class has ${interfaceCount} interfaces, expected 0 to ${proxyInterfacesMax}`,
      );
    for (let i = 0; i < interfaceCount; i++) this.#bytes.utf(this.#bytes.uint16());
    return { className: 'java.lang.reflect.Proxy', flags: classFlags.serializable, fieldTypes: [] };
  }

  #object(): SerializedObject {
    const described = this.#classDescription();
    if (described === null) throw this.#bytes.corrupt('an object has no class');
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
      this.#bytes.step();
      withData.push(next);
      next = next.superClass?.nextWithData ?? null;
    }
    // The topmost class writes first.
    for (let i = withData.length - 1; i >= 0; i--) this.#classData(withData[i]!, object);
    return object;
  }

  #classData(description: ClassDescription, object: SerializedObject): void {
    if ((description.flags & classFlags.externalizable) !== 0) {
      if ((description.flags & classFlags.blockData) === 0) {
        throw this.#bytes.corrupt(`${description.className} wrote itself in a form that only it can read`);
      }
      this.#annotations(object.written);
      return;
    }
    for (const { name, typeCode } of description.fieldTypes) object.fields.set(name, this.#field(typeCode));
    if ((description.flags & classFlags.writeMethod) !== 0) this.#annotations(object.written);
  }

  #array(): SerializedArray {
    const className = this.#classDescription()?.className ?? '';
    const array: SerializedArray = { kind: 'array', className, items: [] };
    this.#newHandle(array);
    const length = this.#bytes.int32();
    const { left: bytesLeft } = this.#bytes;
    // An item has at least one byte.
    if (length < 0 || length > bytesLeft)
      throw this.#bytes.corrupt(
        `the stream is cut off: an array of ${length} items, and ${bytesLeft} bytes are left`,
      );
    for (let i = 0; i < length; i++) array.items.push(this.#field(className.charAt(1)));
    return array;
  }

  #enum(): SerializedEnum {
    const className = this.#classDescription()?.className ?? '';
    const slot = this.#handles.push(unfinished) - 1;
    const constant = this.#content();
    if (typeof constant !== 'string')
      throw this.#bytes.corrupt(`a constant of enum ${className} has no name`);
    const value: SerializedEnum = { kind: 'enum', className, constant };
    this.#handles[slot] = value;
    return value;
  }

  #field(typeCode: string): SerializedValue {
    this.#bytes.step();
    switch (typeCode) {
      case 'B':
        return (this.#bytes.byte() << 24) >> 24;
      case 'C':
        return String.fromCharCode(this.#bytes.uint16());
      case 'D':
        return this.#bytes.double();
      case 'F':
        return this.#bytes.float();
      case 'I':
        return this.#bytes.int32();
      case 'J':
        return this.#bytes.int64();
      case 'S':
        return (this.#bytes.uint16() << 16) >> 16;
      case 'Z':
        return this.#bytes.byte() !== 0;
      case 'L':
      case '[': {
        const value = this.#content();
        if (value === blockData) throw this.#bytes.corrupt('raw data where a field is expected');
        return value;
      }
      default:
        throw this.#bytes.corrupt(`unknown field type ${typeCode}`);
    }
  }

  /** Adds everything up to the end marker to `into`, without raw data. */
  #annotations(into: SerializedValue[]): void {
    while (this.#bytes.peek() !== typeCodes.endBlockData) {
      const value = this.#content();
      if (value !== blockData) into.push(value);
    }
    this.#bytes.skip(1);
  }

  #newString(length: number): string {
    const text = this.#bytes.utf(length);
    this.#handles.push(text);
    return text;
  }

  #reference(): SerializedValue {
    const index = this.#bytes.int32() - firstHandle;
    const value = this.#handles[index];
    if (value === undefined) throw this.#bytes.corrupt(`reference to unknown object ${index}`);
    if (value === unfinished)
      throw this.#bytes.corrupt(
        `reference to object ${index}, a class or an enum constant that is not read to its end yet`,
      );
    return value;
  }

  #newHandle<T extends SerializedValue>(value: T): T {
    this.#handles.push(value);
    return value;
  }

  #lineTooLong(): GatewayError {
    return this.#bytes.corrupt(
      `a class has more than ${classLineMax} superclasses, itself included, which no real class has`,
    );
  }
}
