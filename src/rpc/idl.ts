/**
 * Reads the part of Thrift's interface language that thrift/storm.thrift and thrift/dlog.thrift use. Only the
 * generator (scripts/gen-thrift.ts) and tests import it. Syntax errors are `FILE_UNFIT` and name the line.
 *
 * Not supported, and refused by name: include, const, typedef, service inheritance, oneway methods,
 * annotations.
 */
import { GatewayError } from '../base/index.ts';

export type Requiredness = 'required' | 'optional' | 'default';

export type IdlType =
  | { readonly kind: 'base'; readonly name: BaseTypeName }
  | { readonly kind: 'named'; readonly name: string }
  | { readonly kind: 'list' | 'set'; readonly element: IdlType }
  | { readonly kind: 'map'; readonly key: IdlType; readonly value: IdlType };

export const baseTypeNames = ['bool', 'byte', 'i16', 'i32', 'i64', 'double', 'string', 'binary'] as const;
export type BaseTypeName = (typeof baseTypeNames)[number];

export interface IdlField {
  readonly id: number;
  readonly name: string;
  readonly type: IdlType;
  readonly requiredness: Requiredness;
  readonly preset?: { readonly kind: 'literal' | 'empty'; readonly text: string };
}

export interface IdlStruct {
  readonly kind: 'struct' | 'union' | 'exception';
  readonly name: string;
  readonly doc: string;
  readonly fields: readonly IdlField[];
}

export interface IdlEnum {
  readonly name: string;
  readonly doc: string;
  readonly values: readonly { readonly name: string; readonly value: number }[];
}

export interface IdlMethod {
  readonly name: string;
  /** Undefined: void. */
  readonly result: IdlType | undefined;
  readonly parameters: readonly IdlField[];
  readonly exceptions: readonly IdlField[];
}

export interface IdlService {
  readonly name: string;
  readonly doc: string;
  readonly methods: readonly IdlMethod[];
}

export interface IdlDocument {
  readonly structs: readonly IdlStruct[];
  readonly enums: readonly IdlEnum[];
  readonly services: readonly IdlService[];
}

/**
 * Throws an Error with line number on anything it does not know, on ids or names used twice and on unknown
 * types.
 */
export function parseIdl(source: string): IdlDocument {
  const document = new Parser(tokensOf(source)).document();
  checkNames(document);
  return document;
}

/** A type as the IDL spells it, without blanks. */
export function typeText(type: IdlType): string {
  switch (type.kind) {
    case 'base':
    case 'named':
      return type.name;
    case 'list':
    case 'set':
      return `${type.kind}<${typeText(type.element)}>`;
    case 'map':
      return `map<${typeText(type.key)},${typeText(type.value)}>`;
  }
}

interface Token {
  readonly kind: 'word' | 'number' | 'string' | 'sign' | 'doc' | 'end';
  readonly text: string;
  readonly line: number;
}

const tokenPattern =
  /(?<blank>\s+|\/\/[^\n]*|#[^\n]*|\/\*(?!\*)[\s\S]*?\*\/)|(?<doc>\/\*\*[\s\S]*?\*\/)|(?<word>[A-Za-z_][\w.]*)|(?<number>[+-]?\d+(?:\.\d+)?)|(?<string>"[^"\n]*"|'[^'\n]*')|(?<sign>[{}()<>[\]:;,=*])/y;

function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  let line = 1;
  tokenPattern.lastIndex = 0;
  while (tokenPattern.lastIndex < source.length) {
    const from = tokenPattern.lastIndex;
    const match = tokenPattern.exec(source);
    if (match === null)
      throw invalid(`line ${line}: cannot read ${JSON.stringify(source.slice(from, from + 20))}`);
    const kind = (['doc', 'word', 'number', 'string', 'sign'] as const).find(
      (name) => match.groups?.[name] !== undefined,
    );
    if (kind !== undefined) tokens.push({ kind, text: match[0], line });
    line += match[0].split('\n').length - 1;
  }
  tokens.push({ kind: 'end', text: 'end of file', line });
  return tokens;
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  document(): IdlDocument {
    const structs: IdlStruct[] = [];
    const enums: IdlEnum[] = [];
    const services: IdlService[] = [];
    for (;;) {
      const doc = this.#doc();
      const token = this.#next();
      if (token.kind === 'end') return { structs, enums, services };
      if (token.text === 'namespace') {
        this.#word();
        this.#word();
      } else if (token.text === 'struct' || token.text === 'union' || token.text === 'exception') {
        structs.push(this.#struct(token.text, doc));
      } else if (token.text === 'enum') enums.push(this.#enum(doc));
      else if (token.text === 'service') services.push(this.#service(doc));
      else throw this.#unexpected(token, 'struct, union, exception, enum, service or namespace');
    }
  }

  #struct(kind: IdlStruct['kind'], doc: string): IdlStruct {
    const name = this.#word();
    this.#expect('{');
    return { kind, name, doc, fields: this.#fields('}', name) };
  }

  #enum(doc: string): IdlEnum {
    const name = this.#word();
    const values: { name: string; value: number }[] = [];
    this.#expect('{');
    while (!this.#take('}')) {
      this.#doc();
      const valueName = this.#word();
      this.#expect('=');
      values.push({ name: valueName, value: this.#integer() });
      this.#separator();
    }
    return { name, doc, values };
  }

  #service(doc: string): IdlService {
    const name = this.#word();
    const methods: IdlMethod[] = [];
    this.#expect('{');
    while (!this.#take('}')) {
      this.#doc();
      const result = this.#take('void') ? undefined : this.#type();
      const methodName = this.#word();
      this.#expect('(');
      const parameters = this.#fields(')', methodName);
      let exceptions: readonly IdlField[] = [];
      if (this.#take('throws')) {
        this.#expect('(');
        exceptions = this.#fields(')', methodName);
      }
      this.#separator();
      methods.push({ name: methodName, result, parameters, exceptions });
    }
    return { name, doc, methods };
  }

  #fields(closing: string, owner: string): IdlField[] {
    const fields: IdlField[] = [];
    while (!this.#take(closing)) {
      this.#doc();
      const field = this.#field();
      const twin = fields.find((other) => other.id === field.id || other.name === field.name);
      if (twin !== undefined)
        throw invalid(`${owner}: ${field.id}: ${field.name} collides with ${twin.id}: ${twin.name}`);
      fields.push(field);
      this.#separator();
    }
    return fields;
  }

  #field(): IdlField {
    const id = this.#integer();
    this.#expect(':');
    const requiredness = this.#take('required')
      ? 'required'
      : this.#take('optional')
        ? 'optional'
        : 'default';
    const field = { id, requiredness, type: this.#type(), name: this.#word() } as const;
    return this.#take('=') ? { ...field, preset: this.#preset() } : field;
  }

  #preset(): NonNullable<IdlField['preset']> {
    const token = this.#next();
    if (token.text === '{' || token.text === '[') {
      this.#expect(token.text === '{' ? '}' : ']');
      return { kind: 'empty', text: '' };
    }
    if (token.kind === 'string') return { kind: 'literal', text: JSON.stringify(token.text.slice(1, -1)) };
    if (token.kind === 'number' || token.text === 'true' || token.text === 'false')
      return { kind: 'literal', text: token.text };
    throw this.#unexpected(token, 'a default value');
  }

  #type(): IdlType {
    const name = this.#word();
    if (name === 'list' || name === 'set') {
      this.#expect('<');
      const element = this.#type();
      this.#expect('>');
      return { kind: name, element };
    }
    if (name === 'map') {
      this.#expect('<');
      const key = this.#type();
      this.#expect(',');
      const value = this.#type();
      this.#expect('>');
      return { kind: 'map', key, value };
    }
    const base = baseTypeNames.find((known) => known === name);
    return base === undefined ? { kind: 'named', name } : { kind: 'base', name: base };
  }

  #doc(): string {
    let text = '';
    while (this.#peek().kind === 'doc') text = this.#next().text;
    return text;
  }

  #separator(): void {
    if (!this.#take(',')) this.#take(';');
  }

  #integer(): number {
    const token = this.#next();
    if (token.kind !== 'number' || !Number.isInteger(Number(token.text)))
      throw this.#unexpected(token, 'a whole number');
    return Number(token.text);
  }

  #word(): string {
    const token = this.#next();
    if (token.kind !== 'word') throw this.#unexpected(token, 'a name');
    return token.text;
  }

  #expect(text: string): void {
    const token = this.#next();
    if (token.text !== text) throw this.#unexpected(token, text);
  }

  #take(text: string): boolean {
    if (this.#peek().text !== text) return false;
    this.#at += 1;
    return true;
  }

  #peek(): Token {
    return this.#tokens[this.#at]!;
  }

  #next(): Token {
    const token = this.#peek();
    if (token.kind !== 'end') this.#at += 1;
    return token;
  }

  #unexpected(token: Token, expected: string): GatewayError {
    return invalid(`line ${token.line}: expected ${expected}, found ${token.text}`);
  }
}

function invalid(message: string): GatewayError {
  return new GatewayError('FILE_UNFIT', message);
}

function checkNames(document: IdlDocument): void {
  const known = new Set<string>();
  for (const { name } of [...document.structs, ...document.enums, ...document.services]) {
    if (known.has(name)) throw invalid(`${name} is declared twice`);
    known.add(name);
  }
  for (const service of document.services) known.delete(service.name);
  const check = (owner: string, type: IdlType): void => {
    if (type.kind === 'named' && !known.has(type.name)) throw invalid(`${owner}: unknown type ${type.name}`);
    if (type.kind === 'list' || type.kind === 'set') check(owner, type.element);
    if (type.kind === 'map') {
      check(owner, type.key);
      check(owner, type.value);
    }
  };
  for (const struct of document.structs) for (const field of struct.fields) check(struct.name, field.type);
  for (const service of document.services) {
    for (const method of service.methods) {
      for (const field of [...method.parameters, ...method.exceptions]) check(method.name, field.type);
      if (method.result !== undefined) check(method.name, method.result);
    }
  }
}
