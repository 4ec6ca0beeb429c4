import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { JsonValue } from '../base/index.ts';
import { sayJavaValue, scalarArbitrary, valueArbitrary } from '../testing/java-values.ts';
import { askOracle } from '../testing/oracle.ts';
import {
  deepHashCode,
  floorMod,
  JavaRandom,
  type JavaValue,
  java,
  javaHashCode,
  javaToString,
  javaTypeName,
  longGroupingIndex,
} from './index.ts';

function ask<T>(kind: string, questions: readonly JsonValue[]): T[] {
  const answer = askOracle('GroupingOracle', { [kind]: questions }) as unknown as Record<string, T[]>;
  return answer[kind]!;
}

describe('deepHashCode', () => {
  it('is Java’s for random values of every type', () => {
    const samples = fc.sample(fc.array(valueArbitrary, { maxLength: 4 }), 3000);
    const hashes = ask<number>(
      'hashes',
      samples.map((values) => ({ values: values.map(sayJavaValue) })),
    );
    samples.forEach((values, i) => {
      assert.equal(deepHashCode(values), hashes[i], JSON.stringify(values.map(sayJavaValue)));
    });
  });

  it('tells an Integer from a Long of the same value', () => {
    assert.equal(deepHashCode([java.int(-1)]), 30);
    assert.equal(deepHashCode([java.long(-1n)]), 31);
  });

  it('takes every NaN for the one that Java takes it for', () => {
    const [odd] = new Float64Array(BigUint64Array.of(0xfff8_0000_0000_0001n).buffer);
    assert.ok(Number.isNaN(odd));
    assert.equal(javaHashCode(java.double(odd!)), javaHashCode(java.double(Number.NaN)));
  });

  it('hashes the chosen fields alone, in the order they are chosen', () => {
    assert.equal(deepHashCode(['a', 'b', 'c'], [2, 0]), deepHashCode(['c', 'a']));
  });

  it('refuses an object only Java can read, naming its class', () => {
    const object: JavaValue = {
      type: 'object',
      codec: 'kryo',
      className: 'a.Colour',
      bytes: Buffer.alloc(0),
      view: 'RED',
    };
    assert.throws(() => javaHashCode(java.list([object])), {
      code: 'VALUE_UNSUPPORTED',
      message: /a\.Colour/,
    });
  });
});

describe('longGroupingIndex', () => {
  it('agrees with the hash of a Long', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), fc.integer({ min: 1, max: 40 }), (hi, lo, count) => {
        const value = BigInt.asIntN(64, (BigInt(hi) << 32n) | BigInt(lo >>> 0));
        assert.equal(longGroupingIndex(hi, lo, count), floorMod(deepHashCode([java.long(value)]), count));
      }),
    );
  });
});

describe('javaToString', () => {
  it('is Java’s for scalars and collections that keep their order', () => {
    const textual = fc.oneof(
      scalarArbitrary.filter((value) => !['null', 'float', 'date', 'double'].includes(javaTypeName(value))),
      // Java before 19 writes more digits than needed for some numbers, large ones above all.
      fc
        .tuple(fc.integer(), fc.integer({ min: -12, max: 5 }))
        .map(([digits, exponent]) => java.double(Number(`${digits}e${exponent}`))),
      fc
        .constantFrom(0, -0, Number.NaN, Number.POSITIVE_INFINITY, 1e-3, 9.999e-4, 1e7, 9999999.5)
        .map(java.double),
    );
    const samples = fc.sample(
      fc.oneof(
        textual,
        fc.array(textual, { maxLength: 3 }).map((items) => java.list(items)),
      ),
      1500,
    );
    const texts = ask<number[]>(
      'texts',
      samples.map((value) => ({ values: [sayJavaValue(value)] })),
    );
    samples.forEach((value, i) => {
      assert.equal(
        javaToString(value),
        String.fromCharCode(...texts[i]!),
        JSON.stringify(sayJavaValue(value)),
      );
    });
  });

  it('refuses what has no text outside Java', () => {
    for (const value of [null, Buffer.from([1]), java.float(0.5)]) {
      assert.throws(() => javaToString(value), { code: 'VALUE_UNSUPPORTED' });
    }
  });
});

describe('JavaRandom', () => {
  it('draws what java.util.Random draws', () => {
    const bound = fc.oneof(
      fc.integer({ min: 1, max: 2 ** 31 - 1 }),
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 0, max: 30 }).map((power) => 2 ** power),
      fc.constant(0),
    );
    const samples = fc.sample(
      fc.record({
        seed: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        bounds: fc.array(bound, { maxLength: 30 }),
      }),
      300,
    );
    const answers = ask<string[]>(
      'randoms',
      samples.map(({ seed, bounds }) => ({ seed: seed.toString(), bounds })),
    );
    samples.forEach(({ seed, bounds }, i) => {
      const random = new JavaRandom(seed);
      const drawn = bounds.map((most) =>
        most === 0 ? random.nextLong().toString() : random.nextInt(most).toString(),
      );
      assert.deepEqual(drawn, answers[i]);
    });
  });

  it('takes an int seed as the long of the same value', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        assert.equal(new JavaRandom(seed).nextLong(), new JavaRandom(BigInt(seed)).nextLong());
      }),
    );
  });
});
