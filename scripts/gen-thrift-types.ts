import type { IdlDocument, IdlEnum, IdlField, IdlStruct, IdlType } from '../src/rpc/idl.ts';

export function generatedHead(name: string): string {
  return `// Generated from thrift/${name}.thrift by \`npm run gen\`. Do not edit.\n`;
}

/** Every enum, struct, union and exception: a type and a codec of the same name. */
export function emitTypes(document: IdlDocument, name: string): string {
  checkOrder(document);
  const parts = [
    generatedHead(name),
    "import * as c from '../codec.ts';",
    "import { type StructCodec, struct, union } from '../struct-codec.ts';",
    '',
    ...document.enums.map(emitEnum),
    ...document.structs.map((struct) => emitStruct(struct, document)),
  ];
  return parts.join('\n');
}

export function typescriptType(type: IdlType, document: IdlDocument): string {
  switch (type.kind) {
    case 'base':
      return (
        { string: 'string', bool: 'boolean', i64: 'bigint', binary: 'Buffer' as const }[
          type.name as string
        ] ?? 'number'
      );
    case 'named':
      return type.name;
    case 'list':
      return `readonly ${elementType(type.element, document)}[]`;
    case 'set':
      return `ReadonlySet<${typescriptType(type.element, document)}>`;
    case 'map': {
      const key = typescriptType(type.key, document);
      const value = typescriptType(type.value, document);
      return hasIdentity(type.key, document)
        ? `ReadonlyMap<${key}, ${value}>`
        : `readonly (readonly [${key}, ${value}])[]`;
    }
  }
}

export function codecExpression(type: IdlType, document: IdlDocument, prefix = ''): string {
  const inner = (part: IdlType): string => codecExpression(part, document, prefix);
  switch (type.kind) {
    case 'base':
      return `c.${type.name}`;
    case 'named':
      return prefix + type.name;
    case 'list':
      return `c.list(${inner(type.element)})`;
    case 'set':
      if (!hasIdentity(type.element, document))
        throw new Error('sets of structs, containers or binary are not supported');
      return `c.set(${inner(type.element)})`;
    case 'map':
      return `c.${hasIdentity(type.key, document) ? 'map' : 'mapAsPairs'}(${inner(type.key)}, ${inner(type.value)})`;
  }
}

/** True for values that JavaScript compares by value, so that a Map or Set can hold them as Java's would. */
function hasIdentity(type: IdlType, document: IdlDocument): boolean {
  if (type.kind === 'base') return type.name !== 'binary';
  return type.kind === 'named' && document.enums.some((known) => known.name === type.name);
}

function elementType(type: IdlType, document: IdlDocument): string {
  const text = typescriptType(type, document);
  return text.startsWith('readonly ') ? `(${text})` : text;
}

function emitEnum({ name, doc, values }: IdlEnum): string {
  const numbers = values.map((each) => `  ${each.name}: ${each.value},\n`).join('');
  const names = values.map((each) => `  | '${each.name}'`).join('\n');
  return (
    `${docText(doc)}export type ${name} =\n${names};\n` +
    `export const ${name}: c.EnumCodec<${name}> = c.enumeration<${name}>('${name}', {\n${numbers}});\n`
  );
}

function emitStruct(struct: IdlStruct, document: IdlDocument): string {
  if (struct.kind === 'union') return emitUnion(struct, document);
  const { name, doc, fields } = struct;
  if (fields.length === 0) {
    return (
      `${docText(doc)}export type ${name} = Readonly<Record<never, never>>;\n` +
      `export const ${name}: StructCodec<${name}> = struct<${name}>('${name}', []);\n`
    );
  }
  const members = fields.map((field) => memberText(field, document)).join('');
  const specs = fields.map((field) => `  ${fieldSpec(field, document)},\n`).join('');
  return (
    `${docText(doc)}export interface ${name} {\n${members}}\n` +
    `export const ${name}: StructCodec<${name}> = struct<${name}>('${name}', [\n${specs}]);\n`
  );
}

function emitUnion({ name, doc, fields }: IdlStruct, document: IdlDocument): string {
  const kinds = fields
    .map(
      (field) =>
        `  | { readonly kind: '${field.name}'; readonly value: ${typescriptType(field.type, document)} }`,
    )
    .join('\n');
  const members = fields
    .map(
      (field) =>
        `  { id: ${field.id}, name: '${field.name}', codec: ${codecExpression(field.type, document)} },\n`,
    )
    .join('');
  return (
    `${docText(doc)}export type ${name} =\n${kinds};\n` +
    `export const ${name} = union<${name}>('${name}', [\n${members}]);\n`
  );
}

function memberText(field: IdlField, document: IdlDocument): string {
  const type = typescriptType(field.type, document);
  return field.requiredness === 'required'
    ? `  readonly ${field.name}: ${type};\n`
    : `  readonly ${field.name}?: ${type} | undefined;\n`;
}

function fieldSpec(field: IdlField, document: IdlDocument): string {
  const preset = field.preset === undefined ? '' : `, preset: ${presetText(field, document)}`;
  const codec = codecExpression(field.type, document);
  return `{ id: ${field.id}, name: '${field.name}', requiredness: '${field.requiredness}', codec: ${codec}${preset} }`;
}

function presetText(field: IdlField, document: IdlDocument): string {
  if (field.preset?.kind === 'literal') return field.preset.text;
  const type = typescriptType(field.type, document);
  if (type.startsWith('ReadonlyMap')) return 'new Map()';
  return type.startsWith('ReadonlySet') ? 'new Set()' : '[]';
}

function docText(doc: string): string {
  return doc === '' ? '' : `${doc}\n`;
}

/** Generated constants refer to one another, and some Thrift libraries read top down: declare before use. */
function checkOrder(document: IdlDocument): void {
  const seen = new Set(document.enums.map((known) => known.name));
  const check = (owner: string, type: IdlType): void => {
    if (type.kind === 'named' && !seen.has(type.name))
      throw new Error(`${owner} uses ${type.name} before its declaration`);
    if (type.kind === 'list' || type.kind === 'set') check(owner, type.element);
    if (type.kind === 'map') {
      check(owner, type.key);
      check(owner, type.value);
    }
  };
  for (const struct of document.structs) {
    for (const field of struct.fields) check(struct.name, field.type);
    seen.add(struct.name);
  }
}
