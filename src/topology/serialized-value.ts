/** What the reader of Java's serialisation makes of a value: a description, never an object. */
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
