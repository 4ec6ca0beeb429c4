import { stringify as stringifyLossless } from 'lossless-json';
import {
  type JavaObject,
  type JavaValue,
  type JsonRules,
  valuesToJson as valuesToText,
} from '../../../tuple/index.ts';
import type { ChildJson } from './json-reading.ts';

/** An object that only Java can read, and that says nothing of itself in portable values. */
export class OpaqueObjectFault extends Error {
  readonly className: string;

  constructor(object: JavaObject) {
    super(`a value of class ${object.className}, which only Java can read`);
    this.name = 'OpaqueObjectFault';
    this.className = object.className;
  }
}

/**
 * JSON of what {@link parseChildJson} read, number for number: for the message ids that go back to the child.
 */
export function childJsonText(json: ChildJson): string {
  return stringifyLossless(json) ?? 'null';
}

/** NaN is the word NaN, which Python reads, an infinity is null; a byte[] is base64. */
const multilangRules: JsonRules = {
  bytes: (value) => `"${Buffer.from(value).toString('base64')}"`,
  notFinite: (value) => (Number.isNaN(value) ? 'NaN' : 'null'),
  opaque: (object) => {
    throw new OpaqueObjectFault(object);
  },
};

/** `[...]` of a tuple's values, for a child. Throws {@link OpaqueObjectFault}. */
export function valuesToJson(values: readonly JavaValue[]): string {
  return valuesToText(values, multilangRules);
}

/** How a refused value is named to the user, with what can be done about it. */
export function opaqueObjectRemedy(fault: OpaqueObjectFault, componentId: string): string {
  return (
    `component ${componentId} is a shell component and was sent ${fault.message}: ` +
    `emit a plain value (string, number, list, map) in its place, or read it by a Java component`
  );
}
