import assert from 'node:assert/strict';
import fc from 'fast-check';
import { GatewayError } from '../base/index.ts';
import { scalarArbitrary, valueArbitrary } from '../testing/java-values.ts';
import { ByteWriter, decodeValues, type JavaValue, java, ValueReader, ValueWriter } from './index.ts';

function encode(values: readonly JavaValue[]): Buffer {
  const out = new ByteWriter(1);
  new ValueWriter(out).writeAll(values);
  return out.buffer.subarray(0, out.position);
}

function nested(levels: number): JavaValue {
  let value: JavaValue = 'core';
  for (let i = 0; i < levels; i++) value = java.list([value]);
  return value;
}

describe('values', () => {
  it('come back as they were', () => {
    fc.assert(
      fc.property(fc.array(valueArbitrary, { maxLength: 6 }), (values) => {
        assert.deepEqual(decodeValues(encode(values)), values);
      }),
      { numRuns: 500 },
    );
  });

  it('come back for objects only Java can read, with and without a view', () => {
    const object = (view: JavaValue | undefined): JavaValue => ({
      type: 'object',
      codec: 'javaSerialization',
      className: 'a.Größe',
      bytes: Buffer.from([1, 2]),
      view,
    });
    const values = [object(undefined), object(java.list([null])), 'behind'];
    assert.deepEqual(decodeValues(encode(values)), values);
  });

  it('have the bytes that the page on the wire gives them', () => {
    const cases: [JavaValue, string][] = [
      [null, '00'],
      [false, '01'],
      [true, '02'],
      [java.byte(-2), '03fe'],
      [java.short(-2), '04feff'],
      [java.int(258), '0502010000'],
      [java.long(-2n), '06feffffffffffffff'],
      [java.float(1), '070000803f'],
      [java.double(1), '08000000000000f03f'],
      [java.char('é'), '09e900'],
      ['ab', '0a02006162'],
      ['é', '0b02000000c3a9'],
      ['\ud800', '0c0200000000d8'],
      [Buffer.from([7]), '0d0100000007'],
      [java.list([null]), '0e000100000000'],
      [java.map([[null, true]]), '0f00010000000002'],
      [java.set([true]), '10000100000002'],
      [java.bigInteger(-129n), '1102000000ff7f'],
      [{ type: 'bigDecimal', unscaled: 128n, scale: -1 }, '12ffffffff020000000080'],
      [{ type: 'date', epochMs: 1n }, '130100000000000000'],
      [{ type: 'uuid', mostSignificant: 1n, leastSignificant: 2n }, '1401000000000000000200000000000000'],
    ];
    for (const [value, hex] of cases) assert.equal(encode([value]).toString('hex'), `0100${hex}`);
  });

  it('choose the form of a string by its content and length', () => {
    const tagOf = (text: string): number => encode([text])[2]!;
    assert.equal(tagOf('a'.repeat(65_535)), 10);
    assert.equal(tagOf('a'.repeat(65_536)), 11);
    assert.equal(tagOf(`${'a'.repeat(100)}é`), 11);
    assert.equal(tagOf('\u{1F600}'), 11);
    assert.equal(tagOf('\udc00\ud800'), 12);
  });

  it('nest 64 levels and no more', () => {
    assert.deepEqual(decodeValues(encode([nested(64)])), [nested(64)]);
    assert.throws(() => encode([nested(65)]), { code: 'VALUE_UNSUPPORTED' });
    const tooDeep = Buffer.concat([
      Buffer.from([1, 0]),
      Buffer.from('0e0001000000'.repeat(65), 'hex'),
      Buffer.from([0]),
    ]);
    assert.throws(() => decodeValues(tooDeep), { code: 'WIRE_CORRUPT', message: /deeper than 64/ });
  });

  it('are refused whole when any byte is missing or left over', () => {
    fc.assert(
      fc.property(fc.array(valueArbitrary, { minLength: 1, maxLength: 4 }), (values) => {
        const bytes = encode(values);
        assert.throws(() => decodeValues(bytes.subarray(0, -1)), { code: 'WIRE_CORRUPT' });
        assert.throws(() => decodeValues(Buffer.concat([bytes, Buffer.from([0])])), { code: 'WIRE_CORRUPT' });
      }),
    );
  });

  it('never fail but with WIRE_CORRUPT on random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          decodeValues(bytes);
        } catch (error) {
          assert.ok(error instanceof GatewayError && error.code === 'WIRE_CORRUPT', String(error));
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('are refused with the place and the reason', () => {
    const cases: [string, RegExp][] = [
      ['010063', /byte 3: unknown value tag 99/],
      ['01000a0500', /byte 5: 5 bytes are needed, 0 are left/],
      ['01000e0700000000', /unknown list flavour 7/],
      ['01000e00ffffff7f', /2147483647 elements cannot be in the 0 bytes left/],
      ['01000a0100ff', /above 0x7f/],
      ['01000b01000000ff', /not UTF-8/],
      ['01000c01000000ff', /odd number of bytes/],
      ['01001100000000', /a BigInteger has no bytes/],
      ['0100150001006100000000', /1 bytes are needed/],
    ];
    for (const [hex, message] of cases) {
      assert.throws(() => decodeValues(Buffer.from(hex, 'hex')), { code: 'WIRE_CORRUPT', message });
    }
  });

  it('are refused for writing when out of range', () => {
    const wrong: JavaValue[] = [
      java.byte(128),
      java.short(40_000),
      java.int(2 ** 31),
      java.int(0.5),
      java.long(2n ** 63n),
    ];
    for (const value of wrong) assert.throws(() => encode([value]), { code: 'VALUE_UNSUPPORTED' });
    assert.throws(() => encode(new Array<null>(65_536).fill(null)), { code: 'VALUE_UNSUPPORTED' });
  });
});

describe('ValueReader', () => {
  it('reads known types one by one', () => {
    const bytes = encode([java.long(-5_000_000_000n), java.int(-7), 'rest']);
    const reader = new ValueReader();
    reader.open(bytes, 0, bytes.length);
    assert.equal(reader.begin(), 3);
    reader.readLong();
    assert.equal((BigInt(reader.longHi) << 32n) + BigInt(reader.longLo >>> 0), -5_000_000_000n);
    assert.equal(reader.readInt(), -7);
    assert.equal(reader.read(), 'rest');
    reader.finish();
  });

  it('says which type it found instead', () => {
    fc.assert(
      fc.property(scalarArbitrary, (value) => {
        fc.pre(
          value === null || typeof value !== 'object' || value instanceof Uint8Array || value.type !== 'long',
        );
        const bytes = encode([value]);
        const reader = new ValueReader();
        reader.open(bytes, 0, bytes.length);
        reader.begin();
        assert.throws(() => reader.readLong(), { code: 'WIRE_CORRUPT', message: /expected 6 \(Long\)/ });
      }),
    );
  });
});
