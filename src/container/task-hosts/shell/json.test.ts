import assert from 'node:assert/strict';
import fc from 'fast-check';
import { askOracle } from '../../../testing/oracle.ts';
import { type JavaValue, java, javaTypeName } from '../../../tuple/index.ts';
import { decimalText } from '../../../tuple/java-text.ts';
import { parseChildJson, toJavaValue } from './json-reading.ts';
import { OpaqueObjectFault, opaqueObjectRemedy, valuesToJson } from './json-writing.ts';

const valueToJson = (value: JavaValue): string => valuesToJson([value]).slice(1, -1);

interface Described {
  readonly type: string;
  readonly text: string;
}

/** Values of a tuple as JSON text, in Java's words. */
function read(tuple: string): Described[] {
  const json = parseChildJson(tuple);
  assert.ok(Array.isArray(json));
  return (json as Parameters<typeof toJavaValue>[0][]).map((value) => inJavasWords(toJavaValue(value)));
}

function inJavasWords(value: JavaValue): Described {
  return { type: typeNames[javaTypeName(value)] ?? javaTypeName(value), text: textOf(value) };
}

const typeNames: Readonly<Record<string, string>> = {
  int: 'Integer',
  long: 'Long',
  double: 'Double',
  bigInteger: 'BigInteger',
  bigDecimal: 'BigDecimal',
};

function textOf(value: JavaValue): string {
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return String(value);
  switch (value.type) {
    case 'double':
      return Object.is(value.value, -0) ? '-0' : String(value.value);
    case 'bigDecimal':
      return decimalText(value.unscaled, value.scale);
    case 'int':
    case 'long':
    case 'bigInteger':
      return String(value.value);
    default:
      return JSON.stringify(value);
  }
}

/** Java prints doubles in its own way; as numbers they compare. */
function normalize({ type, text }: Described): Described {
  if (type === 'Double') return { type, text: Object.is(Number(text), -0) ? '-0' : String(Number(text)) };
  return { type, text };
}

const wholes = [
  ...['0', '-0', '1', '-1', '2147483647', '2147483648', '-2147483648', '-2147483649', '9007199254740993'],
  ...['9223372036854775807', '9223372036854775808', '-9223372036854775808', '-9223372036854775809'],
  ...['123456789012345', '1234567890123456', '12345678901234567', '-1234567890123456'],
];
/** Up to 18 characters: there Storm and we agree. */
const shortFractions = [
  ...['1.0', '1.5', '-1.5', '0.1', '1e3', '1E3', '1e-3', '-0.0', '1.50', '100.0', '1e400', '4.9e-324'],
  ...['1.4142135623730951', '9007199254740993.0', '0.1e1', '-1.5e+3', '1e-400', '12345.678901234567'],
];
/** Above 19 characters, and more than a double holds: BigDecimal in both. */
const longDecimals = [
  ...['0.1234567890123456789', '3.141592653589793238', '1234567890.123456789', '-123456789012345678.5'],
  ...['1.00000000000000000001', '1.2345678901234567891e10', '17976931348623157.1234e300'],
];
const others = ['null', 'true', 'false', '"a"', '"ä€😀"', '"\\u00e9\\n\\/"', '""'];

const fractions = fc
  .tuple(fc.integer({ min: -99_999, max: 99_999 }), fc.nat(99_999))
  .map(([whole, fraction]) => `${whole}.${fraction}`);

describe('JSON of a child', () => {
  it('has the Java types that Storm gives it', () => {
    const texts = [...wholes, ...shortFractions, ...longDecimals, ...others];
    const random = [
      ...fc.sample(fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map(String), 200),
      ...fc.sample(fractions, 200),
    ];
    const tuples = [...texts, ...random].map((text) => `[${text}]`);
    const answer = askOracle('MultilangJson', { read: tuples, write: [] }) as unknown as {
      read: Described[][];
    };
    for (const [index, tuple] of tuples.entries()) {
      assert.deepEqual(read(tuple).map(normalize), answer.read[index]!.map(normalize), tuple);
    }
  });

  it('is a Double where a double says all of a fraction, however long its text', () => {
    const texts = ['0.30000000000000004', '-1.4142135623730951', '2.2250738585072014E-308'];
    for (const text of [...texts, '100000000000000000000.0', '1.2345678901234568E10']) {
      assert.deepEqual(read(`[${text}]`), [{ type: 'Double', text: String(Number(text)) }]);
    }
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const digits = Object.is(value, -0) ? '-0' : String(value);
        const text = Number.isInteger(value) && !/e/.test(digits) ? `${digits}.0` : digits;
        assert.deepEqual(toJavaValue(parseChildJson(text)), java.double(value));
      }),
    );
  });

  it('takes the words with which Python writes NaN and infinities, outside strings only', () => {
    assert.deepEqual(read('[NaN, Infinity, -Infinity, "NaN and Infinity", 1.0]'), [
      { type: 'Double', text: 'NaN' },
      { type: 'Double', text: 'Infinity' },
      { type: 'Double', text: '-Infinity' },
      { type: 'String', text: 'NaN and Infinity' },
      { type: 'Double', text: '1' },
    ]);
  });

  it('makes lists and maps that can leave the worker', () => {
    const value = toJavaValue(parseChildJson('{"a": [1, 1.0, {"b": null}], "__proto__": 2}'));
    assert.deepEqual(
      value,
      java.map([
        ['a', java.list([java.int(1), java.double(1), java.map([['b', null]])])],
        ['__proto__', java.int(2)],
      ]),
    );
  });

  it('takes the last of two equal keys, with and without digits to keep', () => {
    for (const text of ['{"a": 1, "a": 2}', '{"a": 1.0, "a": 2}']) {
      assert.deepEqual(toJavaValue(parseChildJson(text)), java.map([['a', java.int(2)]]));
    }
  });

  it('refuses text that is no JSON', () => {
    for (const text of ['', 'x', '[1', '[NaNa]', '{"a": 1.0', '[1.0] x', "['a']"]) {
      assert.throws(() => parseChildJson(text), SyntaxError, text);
    }
  });

  it('refuses a string without an end in one pass, however many quotes are in it', () => {
    for (const start of ['["', '[1.0, "']) {
      assert.throws(() => parseChildJson(start + '\\"'.repeat(500_000)), SyntaxError);
    }
  });

  it('refuses values nested deeper than the wire allows', () => {
    const text = `${'['.repeat(70)}${']'.repeat(70)}`;
    assert.throws(() => toJavaValue(parseChildJson(text)), { code: 'VALUE_UNSUPPORTED' });
  });
});

describe('JSON for a child', () => {
  const plain: { type: string; text: string; value: JavaValue }[] = [
    { type: 'null', text: '', value: null },
    { type: 'Boolean', text: 'true', value: true },
    { type: 'String', text: 'a"\\\n\t\u0001ä€😀', value: 'a"\\\n\t\u0001ä€😀' },
    { type: 'Integer', text: '-5', value: java.int(-5) },
    { type: 'Long', text: '9223372036854775807', value: java.long(9_223_372_036_854_775_807n) },
    {
      type: 'BigInteger',
      text: '123456789012345678901',
      value: java.bigInteger(123_456_789_012_345_678_901n),
    },
    { type: 'BigDecimal', text: '1.10', value: { type: 'bigDecimal', unscaled: 110n, scale: 2 } },
    { type: 'BigDecimal', text: '5', value: { type: 'bigDecimal', unscaled: 5n, scale: 0 } },
    { type: 'BigDecimal', text: '-0.0000001', value: { type: 'bigDecimal', unscaled: -1n, scale: 7 } },
    { type: 'BigDecimal', text: '1E+3', value: { type: 'bigDecimal', unscaled: 1n, scale: -3 } },
    { type: 'BigDecimal', text: '1.234E-8', value: { type: 'bigDecimal', unscaled: 1234n, scale: 11 } },
    { type: 'Byte', text: '-1', value: java.byte(-1) },
    { type: 'Short', text: '300', value: java.short(300) },
    ...['1.0', '0.1', '1.5', '-0.0', '1.0E21', '1.0E-7', '1.23456789E7', '4.9E-324', 'NaN', 'Infinity'].map(
      (text) => ({ type: 'Double', text, value: java.double(Number(text)) }),
    ),
    ...['1.0', '0.1', '3.4028235E38', '1.1754944E-38', '16777216', '0.3'].map((text) => ({
      type: 'Float',
      text,
      value: java.float(Number(text)),
    })),
  ];

  it('says the same numbers, strings and nulls as Storm', () => {
    const question = { read: [], write: plain.map(({ type, text }) => ({ type, text })) };
    const answer = askOracle('MultilangJson', question) as unknown as { write: string[] };
    for (const [index, { type, text, value }] of plain.entries()) {
      const ours = valuesToJson([value]);
      const theirs = answer.write[index]!;
      assert.deepEqual(
        canonical(ours, type),
        canonical(theirs, type),
        `${type} ${text}: ${ours}, Storm: ${theirs}`,
      );
    }
  });

  it('says what Storm cannot', () => {
    assert.equal(valueToJson(Buffer.from([0, 1, 254])), '"AAH+"');
    assert.equal(valueToJson(java.char('ä')), '"ä"');
    assert.equal(valueToJson({ type: 'date', epochMs: 1_700_000_000_123n }), '"2023-11-14T22:13:20.123Z"');
    assert.equal(
      valueToJson({ type: 'uuid', mostSignificant: -1n, leastSignificant: 1n }),
      '"ffffffff-ffff-ffff-0000-000000000001"',
    );
    assert.equal(valueToJson(java.set([java.int(1), 'a'])), '[1,"a"]');
    assert.equal(
      valueToJson(
        java.map([
          [java.int(1), java.double(2)],
          ['k', null],
        ]),
      ),
      '{"1":2.0,"k":null}',
    );
    assert.equal(valueToJson('\ud83d'), '"\\ud83d"');
  });

  it('uses the view of an object, and names one without, with the remedy', () => {
    const object = { type: 'object', codec: 'kryo', className: 'a.B', bytes: Buffer.alloc(0) } as const;
    assert.equal(valueToJson({ ...object, view: java.list(['x']) }), '["x"]');
    let fault: unknown;
    try {
      valueToJson({ ...object, view: undefined });
    } catch (error) {
      fault = error;
    }
    assert.ok(fault instanceof OpaqueObjectFault);
    assert.match(opaqueObjectRemedy(fault, 'split'), /component split .*class a\.B.*emit a plain value/);
  });

  it('comes back as it was', () => {
    const scalar: fc.Arbitrary<JavaValue> = fc.oneof(
      fc.constant(null),
      fc.boolean(),
      fc.string({ unit: 'binary' }),
      fc.integer().map((value) => java.int(value)),
      fc.double().map((value) => java.double(value)),
      fc.bigInt({ min: 2n ** 31n, max: 2n ** 63n - 1n }).map((value) => java.long(value)),
      fc.bigInt({ min: 2n ** 63n, max: 2n ** 90n }).map((value) => java.bigInteger(value)),
    );
    fc.assert(
      fc.property(fc.array(scalar), (values) => {
        const finite = values.filter((value) => !isInfinite(value));
        assert.deepEqual(toJavaValue(parseChildJson(valuesToJson(finite))), java.list(finite));
      }),
    );
  });
});

function isInfinite(value: JavaValue): boolean {
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return false;
  return value.type === 'double' && !Number.isNaN(value.value) && !Number.isFinite(value.value);
}

/** A fraction compares by its value and by having a point or exponent; everything else by its text. */
function canonical(json: string, type: string): unknown {
  const text = json.slice(1, -1);
  if (text.startsWith('"')) return JSON.parse(text) as string;
  const fraction = type === 'Float' ? Math.fround(Number(text)) : Number(text);
  return /[.eE]/.test(text) ? { fraction } : text;
}
