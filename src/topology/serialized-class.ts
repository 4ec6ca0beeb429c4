import type { SerializedClass, SerializedValue } from './serialized-value.ts';

export const classFlags = {
  writeMethod: 0x01,
  serializable: 0x02,
  externalizable: 0x04,
  blockData: 0x08,
} as const;

/** What a stream holds about a class itself, before its superclass is known. */
export interface OwnDescription {
  readonly className: string;
  readonly flags: number;
  readonly fieldTypes: readonly { readonly name: string; readonly typeCode: string }[];
}

export interface ClassDescription extends SerializedClass, OwnDescription {
  readonly superClass: ClassDescription | null;
  /** The number of classes from this one to the topmost, both included. */
  readonly lineLength: number;
  /**
   * The first class of the line that writes at least one byte for each object. The others are skipped: an
   * object then costs no more steps than it has bytes, however long the line of its class is.
   */
  readonly nextWithData: ClassDescription | null;
}

export class DescribedClass implements ClassDescription {
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
    const hasData =
      own.fieldTypes.length > 0 || (own.flags & (classFlags.writeMethod | classFlags.externalizable)) !== 0;
    this.nextWithData = hasData ? this : (superClass?.nextWithData ?? null);
  }
}

export function isClassDescription(value: SerializedValue): value is ClassDescription {
  return value instanceof DescribedClass;
}
