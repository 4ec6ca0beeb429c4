import { GatewayError } from '../base/index.ts';
import type { Codec } from './codec.ts';
import { type ThriftReader, type ThriftWriter, wireTypes } from './wire.ts';

export interface Field<T> {
  readonly id: number;
  readonly name: keyof T & string;
  readonly requiredness: 'required' | 'optional' | 'default';
  readonly codec: Codec<unknown>;
  /** The value of a new Java instance: read when the field is missing, written when it is undefined. */
  readonly preset?: unknown;
}

export interface StructCodec<T> extends Codec<T> {
  readonly name: string;
  readonly fields: readonly Field<T>[];
}

/**
 * Reads and writes a struct as a plain object with the field names of the IDL. Unknown fields, and fields of
 * another type than declared, are skipped. A missing required field is a `PROTOCOL_VIOLATION` that names
 * struct and field, both ways.
 */
export function struct<T extends object>(name: string, fields: readonly Field<T>[]): StructCodec<T> {
  const byId = new Map(fields.map((field) => [field.id, field]));
  return {
    name,
    fields,
    wireType: wireTypes.struct,
    bytesMin: 1 + fields.reduce((sum, field) => sum + fieldBytesMin(field), 0),
    read: (reader) => readStruct(reader, name, { fields, byId }),
    write(writer, value) {
      for (const field of fields)
        writeField(writer, name, { field, value: value[field.name] ?? field.preset });
      writer.fieldStop();
    },
  };
}

type UnionValue = { readonly kind: string; readonly value: unknown };

/**
 * Reads and writes a union as `{kind: field name, value}`. A union with no member that this IDL knows is
 * refused: Java cannot write such a one either.
 */
export function union<T extends UnionValue>(
  name: string,
  members: readonly (Omit<Field<never>, 'name' | 'requiredness'> & { readonly name: T['kind'] })[],
): Codec<T> & { readonly name: string; readonly members: typeof members } {
  const byId = new Map(members.map((member) => [member.id, member]));
  const byName = new Map<string, (typeof members)[number]>(members.map((member) => [member.name, member]));
  return {
    name,
    members,
    wireType: wireTypes.struct,
    bytesMin: 1 + 3 + Math.min(...members.map((member) => member.codec.bytesMin)),
    read(reader) {
      let found: UnionValue | undefined;
      const unknown: number[] = [];
      for (;;) {
        const { ftype, fid } = reader.fieldBegin();
        if (ftype === wireTypes.stop) break;
        const member = byId.get(fid);
        if (member?.codec.wireType === ftype && found === undefined) {
          found = { kind: member.name, value: member.codec.read(reader) };
        } else {
          unknown.push(fid);
          reader.skip(ftype);
        }
      }
      if (found !== undefined) return found as T;
      const seen = unknown.length === 0 ? 'nothing' : `field ${unknown.join(', ')}`;
      throw new GatewayError('PROTOCOL_VIOLATION', `union ${name}: no known member is set, found ${seen}`);
    },
    write(writer, value) {
      const member = byName.get(value.kind);
      if (member === undefined) throw new RangeError(`union ${name} has no member ${value.kind}`);
      writer.fieldBegin(member.codec.wireType, member.id);
      member.codec.write(writer, value.value);
      writer.fieldStop();
    },
  };
}

function fieldBytesMin(field: Field<never>): number {
  return field.requiredness === 'required' ? 3 + field.codec.bytesMin : 0;
}

function readStruct<T>(
  reader: ThriftReader,
  name: string,
  known: { readonly fields: readonly Field<T>[]; readonly byId: ReadonlyMap<number, Field<T>> },
): T {
  const found: Partial<Record<string, unknown>> = {};
  for (;;) {
    const { ftype, fid } = reader.fieldBegin();
    if (ftype === wireTypes.stop) break;
    const field = known.byId.get(fid);
    if (field?.codec.wireType === ftype) found[field.name] = field.codec.read(reader);
    else reader.skip(ftype);
  }
  for (const field of known.fields) {
    if (found[field.name] !== undefined) continue;
    if (field.preset !== undefined) found[field.name] = field.preset;
    else if (field.requiredness === 'required') throw missing(name, field.name);
  }
  return found as T;
}

function writeField<T>(
  writer: ThriftWriter,
  structName: string,
  { field, value }: { readonly field: Field<T>; readonly value: unknown },
): void {
  if (value === undefined || value === null) {
    if (field.requiredness === 'required') throw missing(structName, field.name);
    return;
  }
  writer.fieldBegin(field.codec.wireType, field.id);
  try {
    field.codec.write(writer, value);
  } catch (error) {
    if (error instanceof GatewayError) throw error;
    throw new GatewayError('PROTOCOL_VIOLATION', `${structName}.${field.name} cannot be written`, {
      cause: error,
    });
  }
}

function missing(structName: string, fieldName: string): GatewayError {
  return new GatewayError(
    'PROTOCOL_VIOLATION',
    `struct ${structName}: required field ${fieldName} is missing`,
    {
      facts: { struct: structName, field: fieldName },
    },
  );
}
