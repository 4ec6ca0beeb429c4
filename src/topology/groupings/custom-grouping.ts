import { GatewayError } from '../../base/index.ts';
import { readSerializedObject } from '../java-serialization.ts';
import type { Grouping } from '../model.ts';
import type { SerializedObject, SerializedValue } from '../serialized-value.ts';

/** What can be known of a custom grouping without Java. */
export type CustomGrouping =
  /** Without `fields` the first value is the key. */
  | { readonly kind: 'partial_key'; readonly fields: readonly string[] | undefined }
  /** Its choices are made by a class that only a JVM can run. */
  | { readonly kind: 'java'; readonly className: string };

const partialKeyClass = 'org.apache.storm.grouping.PartialKeyGrouping';
const partialKeyParts = {
  assignmentCreator: `${partialKeyClass}$RandomTwoTaskAssignmentCreator`,
  targetSelector: `${partialKeyClass}$BalancedTargetSelector`,
} as const;

/**
 * Looks into a custom grouping; undefined for any other. Bytes that cannot be read are a Java class of
 * unknown name.
 */
export function describeCustomGrouping(grouping: Grouping): CustomGrouping | undefined {
  if (grouping.kind === 'custom_object') return { kind: 'java', className: grouping.className };
  if (grouping.kind !== 'custom_serialized') return undefined;
  try {
    return describeSerialized(readSerializedObject(Buffer.from(grouping.bytesBase64, 'base64')));
  } catch (error) {
    if (error instanceof GatewayError) return { kind: 'java', className: 'unknown' };
    throw error;
  }
}

/** True when a stream with this subscriber can be emitted only from a JVM. */
export function needsJava(grouping: Grouping): boolean {
  return describeCustomGrouping(grouping)?.kind === 'java';
}

function describeSerialized(value: SerializedValue): CustomGrouping {
  if (!isObject(value)) return { kind: 'java', className: 'unknown' };
  if (value.className !== partialKeyClass || !hasStockParts(value)) {
    return { kind: 'java', className: value.className };
  }
  const fields = value.fields.get('fields') ?? null;
  if (fields === null) return { kind: 'partial_key', fields: undefined };
  const names = isObject(fields) ? fields.fields.get('fields') : undefined;
  const written = isObject(names) ? names.written : [];
  const texts = written.filter((name) => typeof name === 'string');
  return texts.length > 0 && texts.length === written.length
    ? { kind: 'partial_key', fields: texts }
    : { kind: 'java', className: value.className };
}

/** A user may give the grouping an assignment creator or a target selector of his own. */
function hasStockParts(grouping: SerializedObject): boolean {
  return Object.entries(partialKeyParts).every(([field, className]) => {
    const part = grouping.fields.get(field);
    return isObject(part) && part.className === className;
  });
}

function isObject(value: SerializedValue | undefined): value is SerializedObject {
  return typeof value === 'object' && value !== null && value.kind === 'object';
}
