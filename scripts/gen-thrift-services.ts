import type { IdlDocument, IdlField, IdlMethod, IdlService } from '../src/rpc/idl.ts';
import { codecExpression, generatedHead, typescriptType } from './gen-thrift-types.ts';

/**
 * For each service the types of its methods, its codecs, and the types of those who answer and those who ask.
 */
export function emitServices(document: IdlDocument, name: string): string {
  const parts = [
    generatedHead(name),
    "import * as c from '../codec.ts';",
    "import { type Caller, type Handler, method, type ServiceSpec } from '../service.ts';",
    `import * as t from './${name}.ts';`,
    '',
    ...document.services.flatMap((service) => [shapes(service, document), spec(service, document)]),
  ];
  return parts.join('\n');
}

function shapes(service: IdlService, document: IdlDocument): string {
  const methods = service.methods.map((each) => {
    const result =
      each.result === undefined ? 'void' : qualified(typescriptType(each.result, document), document);
    const args = argumentsType(each, document);
    return `  ${each.name}: {\n    readonly arguments: ${args};\n    readonly result: ${result};\n  };\n`;
  });
  return `export interface ${service.name}Methods {\n${methods.join('')}}\n`;
}

function argumentsType({ parameters }: IdlMethod, document: IdlDocument): string {
  if (parameters.length === 0) return 'object';
  const members = parameters.map((field) => {
    const type = qualified(typescriptType(field.type, document), document);
    return isNullable(field)
      ? `      readonly ${field.name}?: ${type} | undefined;\n`
      : `      readonly ${field.name}: ${type};\n`;
  });
  return `{\n${members.join('')}    }`;
}

function spec(service: IdlService, document: IdlDocument): string {
  const methods = service.methods.map((each) => `    ${each.name}: ${methodSpec(each, document)},\n`);
  const { name, doc } = service;
  return (
    `${doc === '' ? '' : `${doc}\n`}export const ${name}: ServiceSpec<${name}Methods> = {\n` +
    `  name: '${name}',\n  methods: {\n${methods.join('')}  },\n};\n` +
    `export type ${name}Handler = Handler<${name}Methods>;\n` +
    `export type ${name}Caller = Caller<${name}Methods>;\n`
  );
}

function methodSpec(each: IdlMethod, document: IdlDocument): string {
  const fields = each.parameters.map((field) => {
    const requiredness = isNullable(field) ? 'optional' : 'required';
    const codec = codecExpression(field.type, document, 't.');
    return `\n      { id: ${field.id}, name: '${field.name}', requiredness: '${requiredness}', codec: ${codec} },`;
  });
  const result = each.result === undefined ? '' : ` result: ${codecExpression(each.result, document, 't.')},`;
  const exceptions = each.exceptions.map(
    (field) => `{ id: ${field.id}, codec: ${codecExpression(field.type, document, 't.')} }`,
  );
  const thrown = exceptions.length === 0 ? '' : ` exceptions: [${exceptions.join(', ')}],`;
  const list = fields.length === 0 ? '[]' : `[${fields.join('')}\n    ]`;
  return `method('${each.name}', ${list}, {${result}${thrown} })`.replace('{ }', '{}');
}

/** See the head of thrift/storm.thrift. */
function isNullable(field: IdlField): boolean {
  return field.requiredness === 'optional';
}

function qualified(type: string, document: IdlDocument): string {
  const names = new Set([...document.structs, ...document.enums].map((known) => known.name));
  return type.replace(/\b[A-Za-z]\w*\b/g, (word) => (names.has(word) ? `t.${word}` : word));
}
