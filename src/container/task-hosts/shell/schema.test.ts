import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

const schemaDir = new URL('../../../../multilang/schema/', import.meta.url);
const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, schemaDir), 'utf8'));

interface Definition {
  readonly examples?: readonly unknown[];
}
interface WrongMessage {
  readonly definition: string;
  readonly because: string;
  readonly message: unknown;
}

const schema = read('multilang.schema.json') as { $id: string; $defs: Record<string, Definition> };
const wrong = read('wrong-messages.json') as { toChild: WrongMessage[]; fromChild: WrongMessage[] };
const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
ajv.addSchema(schema);

function validatorOf(definition: string): ValidateFunction {
  const validator = ajv.getSchema(`${schema.$id}#/$defs/${definition}`);
  assert.ok(validator, `no definition ${definition}`);
  return validator;
}

describe('multilang schema', () => {
  for (const [name, definition] of Object.entries(schema.$defs)) {
    for (const [index, example] of (definition.examples ?? []).entries()) {
      it(`accepts example ${index + 1} of ${name}`, () => {
        const validate = validatorOf(name);
        assert.ok(validate(example), ajv.errorsText(validate.errors));
      });
    }
  }

  for (const { definition, because, message } of [...wrong.toChild, ...wrong.fromChild]) {
    it(`refuses a ${definition} of which ${because}`, () => {
      assert.equal(validatorOf(definition)(message), false);
    });
  }
});
