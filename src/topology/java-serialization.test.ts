import assert from 'node:assert/strict';
import fc from 'fast-check';
import { GatewayError } from '../base/index.ts';
import { askOracle } from '../testing/oracle.ts';
import { readSerializedObject, serializedClassName } from './java-serialization.ts';
import type { SerializedObject } from './serialized-value.ts';

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

/** Pieces of a serialisation stream, in hexadecimal. */
const head = 'aced0005';
const text = (value: string): string =>
  value.length.toString(16).padStart(4, '0') + Buffer.from(value).toString('hex');
const handle = (index: number): string => `71${(0x7e_0000 + index).toString(16).padStart(8, '0')}`;
/**
 * A class up to its annotations; its superclass must follow. Without fields it writes nothing for an object.
 */
const classNamed = (name: string, flags = '02', fields = '0000'): string =>
  `72${text(name)}0000000000000000${flags}${fields}78`;
const line = (length: number): string =>
  `${Array.from({ length }, (_, index) => classNamed(`c.C${index}`)).join('')}70`;

describe('readSerializedObject, of hostile streams', () => {
  const refused: Readonly<Record<string, readonly [hex: string, message: RegExp]>> = {
    'a class that is its own superclass': [
      `${head}73${classNamed('x.Y')}${handle(0)}`,
      /byte 28: .*not read to its end/,
    ],
    'two classes that are superclasses of each other': [
      `${head}73${classNamed('x.Y')}${classNamed('x.Z')}${handle(0)}`,
      /not read to its end/,
    ],
    'a line of classes longer than any real one': [`${head}73${line(101)}`, /more than 100 superclasses/],
    'a very long line of classes': [`${head}73${line(50_000)}`, /more than 100 superclasses/],
    'classes inside of annotations, nested': [
      `${head}${`73${'72000161000000000000000002000078'.repeat(90)}720001610000000000000000020000`.repeat(2000)}`,
      /deeper than 200 levels/,
    ],
    'a proxy with more interfaces than Java takes': [`${head}767d7fffffff`, /2147483647 interfaces/],
    'a proxy with fewer than no interfaces': [`${head}767dffffffff`, /-1 interfaces/],
    'an array of fewer than no items': [`${head}75${classNamed('[I')}70ffffffff`, /array of -1 items/],
    'an array that claims more items than there are bytes': [
      `${head}75${classNamed('[I')}707fffffff`,
      /array of 2147483647 items, and 0 bytes/,
    ],
    'an array of items that take no bytes': [
      `${head}75${classNamed('[V')}7000000001${'00'.repeat(9)}`,
      /field type V/,
    ],
    'an enum constant that is its own name': [
      `${head}7e${classNamed('x.E', '12')}70${handle(1)}`,
      /not read to its end/,
    ],
  };
  for (const [what, [hex, message]] of Object.entries(refused)) {
    it(`refuses ${what}`, () => {
      assert.throws(() => readSerializedObject(Buffer.from(hex, 'hex')), { code: 'WIRE_CORRUPT', message });
    });
  }

  it('refuses a class whose superclass is a complete line of the greatest length', () => {
    const array = `75${classNamed('[Ljava.lang.Object;')}7000000002`;
    const inside = `73${line(100)}73${classNamed('x.Last')}${handle(2)}`;
    assert.throws(() => readSerializedObject(Buffer.from(head + array + inside, 'hex')), {
      message: /more than 100 superclasses/,
    });
  });

  it('reads a line of a hundred classes, and the fields of all of them, the topmost first', () => {
    const field = (name: string): string => `000142${text(name)}`;
    const classes = Array.from({ length: 100 }, (_, index) =>
      classNamed(`c.C${index}`, '02', index % 3 === 0 ? field(`f${index}`) : '0000'),
    );
    const values = Array.from({ length: 34 }, (_, index) => index.toString(16).padStart(2, '0')).join('');
    const object = readSerializedObject(Buffer.from(`${head}73${classes.join('')}70${values}`, 'hex'));
    const { fields } = object as SerializedObject;
    assert.equal(fields.size, 34);
    assert.equal(fields.get('f99'), 0);
    assert.equal(fields.get('f0'), 33);
  });

  it('reads a hundred thousand objects of a class with a long line and a writeMethod', () => {
    const count = 100_000;
    const list = classNamed('x.List', '03');
    const hex = `${head}73${list}7073${line(100)}${`73${handle(2)}`.repeat(count)}78`;
    const object = readSerializedObject(Buffer.from(hex, 'hex')) as SerializedObject;
    assert.equal(object.written.length, count + 1);
  });

  it('reads half a million elements that one class wrote', () => {
    const hex = `${head}73${classNamed('x.List', '03')}70${'70'.repeat(500_000)}78`;
    assert.equal((readSerializedObject(Buffer.from(hex, 'hex')) as SerializedObject).written.length, 500_000);
  });
});

describe('serializedClassName', () => {
  it('has no answer for bytes that are no serialised object', () => {
    assert.equal(serializedClassName(Buffer.from('PK')), undefined);
  });
});
