import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

interface Definition {
  readonly examples?: readonly unknown[];
}

interface WrongMessage {
  readonly definition: string;
  readonly because: string;
  readonly message: unknown;
}

const directory = new URL('../schema/', import.meta.url);
const schema = JSON.parse(readFileSync(new URL('multilang.schema.json', directory), 'utf8')) as {
  readonly $id: string;
  readonly $defs: Readonly<Record<string, Definition>>;
};
const ajv = new Ajv2020({ allowUnionTypes: true, strictTypes: false });
ajv.addSchema(schema);
const validators = new Map<string, ValidateFunction>();

/** Why `message` is not one by this definition of the schema; undefined when it is. */
export function faultIn(definition: string, message: unknown): string | undefined {
  let validate = validators.get(definition);
  if (validate === undefined) {
    validate = ajv.compile({ $ref: `${schema.$id}#/$defs/${definition}` });
    validators.set(definition, validate);
  }
  return validate(message) ? undefined : ajv.errorsText(validate.errors);
}

/**
 * The schema's own examples of a definition. Throws when there are none, so that no test runs over nothing.
 */
export function examplesOf(definition: string): readonly unknown[] {
  const examples = schema.$defs[definition]?.examples ?? [];
  if (examples.length === 0) throw new Error(`the schema has no example of ${definition}`);
  return examples;
}

export const definitionNames: readonly string[] = Object.keys(schema.$defs);

/** Messages that no side may write, by the definition that each breaks. */
export const wrongMessages = JSON.parse(readFileSync(new URL('wrong-messages.json', directory), 'utf8')) as {
  readonly toChild: readonly WrongMessage[];
  readonly fromChild: readonly WrongMessage[];
};
