import assert from 'node:assert/strict';
import fc from 'fast-check';
import { GatewayError } from '../base/index.ts';
import { askOracle } from '../testing/oracle.ts';
import { readSerializedObject, type SerializedObject, serializedClassName } from './java-serialization.ts';

describe('readSerializedObject', () => {
  let bytes: Buffer;

  before(() => {
    const answer = askOracle('GroupingOracle', { serialized: [{ which: 'own class' }] }) as unknown as {
      serialized: string[];
    };
    bytes = Buffer.from(answer.serialized[0]!, 'base64');
  });

  it('reads fields of every type', () => {
    const object = readSerializedObject(bytes) as SerializedObject;
    const plain = Object.fromEntries(
      [...object.fields].filter(([, value]) => typeof value !== 'object' || value === null),
    );
    assert.deepEqual(plain, {
      small: -3,
      letter: 'ß',
      half: 0.5,
      quarter: 0.25,
      large: -(2n ** 63n),
      brief: -300,
      odd: true,
      text: 'nul\0, é, \u{1F600}',
    });
  });

  it('reads arrays, enums, classes, collections and references', () => {
    const object = readSerializedObject(bytes) as SerializedObject;
    const { fields } = object;
    assert.equal(fields.get('self'), object);
    assert.deepEqual(fields.get('state'), {
      kind: 'enum',
      className: 'java.lang.Thread$State',
      constant: 'BLOCKED',
    });
    assert.equal((fields.get('type') as { className: string }).className, object.className);
    const rows = (fields.get('table') as { items: { items: number[] }[] }).items;
    assert.deepEqual(
      rows.map((row) => row.items),
      [[1, -2], []],
    );
    const [key, set] = (fields.get('map') as SerializedObject).written as [string, SerializedObject];
    assert.equal(key, 'set');
    const numbers = set.written.filter((each) => each !== null) as SerializedObject[];
    assert.deepEqual(
      numbers.map((each) => each.fields.get('value')),
      [1, 2],
    );
  });

  it('fails only with WIRE_CORRUPT on streams that are cut off or changed', () => {
    fc.assert(
      fc.property(fc.nat(), fc.option(fc.nat(255)), (place, byte) => {
        const at = place % bytes.length;
        const changed = Buffer.from(bytes);
        if (byte !== null) changed[at] = byte;
        try {
          readSerializedObject(byte === null ? changed.subarray(0, at) : changed);
          assert.notEqual(byte, null, `${at} of ${bytes.length} bytes were enough`);
        } catch (error) {
          assert.ok(error instanceof GatewayError && error.code === 'WIRE_CORRUPT', String(error));
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('refuses endless nesting and arrays longer than the stream', () => {
    const head = 'aced0005';
    const listOfItself = `${head}${'757200135b4c6a6176612e6c616e672e4f626a6563743b0000000000000000020000787000000001'.repeat(300)}`;
    const long = `${head}757200025b420000000000000000020000787 07fffffff`.replaceAll(' ', '');
    const cases: [string, RegExp][] = [
      [listOfItself, /deeper than 200/],
      [long, /cut off/],
    ];
    for (const [hex, message] of cases) {
      assert.throws(() => readSerializedObject(Buffer.from(hex, 'hex')), { code: 'WIRE_CORRUPT', message });
    }
  });
});

describe('serializedClassName', () => {
  it('has no answer for bytes that are no serialised object', () => {
    assert.equal(serializedClassName(Buffer.from('PK')), undefined);
  });
});
