import assert from 'node:assert/strict';
import { withCase } from './case.ts';
import { eventually, recordsOf, tuplesOf } from './records.ts';
import { closeTarget, target } from './target.ts';

/** Class and text of each value of a set in ValuesSpout, in the order of emission. */
const plain: readonly (readonly [string, string])[] = [
  ['null', 'null'],
  ['java.lang.Boolean', 'true'],
  ['java.lang.Boolean', 'false'],
  ['java.lang.Byte', '-3'],
  ['java.lang.Short', '300'],
  ['java.lang.Integer', '7'],
  ['java.lang.Integer', '-1'],
  ['java.lang.Integer', '-2147483648'],
  ['java.lang.Long', '-1'],
  ['java.lang.Long', '9223372036854775807'],
  ['java.lang.Float', '1.5'],
  ['java.lang.Double', '-0.0'],
  ['java.lang.Double', '1.0'],
  ['java.lang.Double', 'NaN'],
  ['java.lang.Character', 'c'],
  ['java.lang.String', ''],
  ['java.lang.String', 'hello'],
  ['java.lang.String', 'grüß dich 😀'],
  ['java.lang.String', 'x'.repeat(70_000)],
  ['[B', '[1, -2, 3]'],
  ['java.util.ArrayList', '[a, 1]'],
  ['java.util.HashMap', '{list=[1, two, 3.0]}'],
  ['java.util.HashSet', '[only]'],
  ['java.math.BigInteger', '123456789012345678901234567890'],
];

const exotic: readonly (readonly [string, RegExp])[] = [
  ['java.math.BigDecimal', /^12\.340$/],
  ['java.util.Date', /1970/],
  ['java.util.UUID', /^00000000-0000-0001-0000-000000000002$/],
  ['[I', /^\[1, 2\]$/],
  ['[Ljava.lang.String;', /^\[x, y\]$/],
  ['[Ljava.lang.Object;', /^\[x, 1\]$/],
  ['java.util.LinkedHashMap', /^\{b=1, a=2\}$/],
  ['java.util.TreeMap', /^\{a=2, z=1\}$/],
  ['java.util.ImmutableCollections$List12', /^\[p, q\]$/],
  ['java.util.Arrays$ArrayList', /^\[r, 1\]$/],
  ['java.util.ImmutableCollections$Set12', /^\[s\]$/],
  ['egret.compat.Cases$Colour', /^GREEN$/],
  ['java.util.concurrent.TimeUnit', /^DAYS$/],
  ['egret.compat.Cases$Point', /^Point\(3,4\)$/],
];

describe('values', () => {
  after(closeTarget);

  for (const workers of [1, 2]) {
    it(`arrive with class and content on ${workers} worker(s)`, async () => {
      await withCase('values', { set: 'plain', workers }, async ({ out }) => {
        await eventually('every value at both sinks', () =>
          tuplesOf(out, 'sink').length >= 2 * plain.length ? true : undefined,
        );
        for (const task of recordsOf(out, 'sink').keys()) {
          const values = tuplesOf(out, 'sink')
            .filter((tuple) => tuple.task === task)
            .map((tuple) => tuple.values[1]!);
          assert.deepEqual(values, plain);
        }
      });
    });
  }

  it('that Kryo refuses by default arrive on two workers as they do on one', async function () {
    // Storm 2.3 and later: "Class is not registered", the worker dies
    // (topology.fall.back.on.java.serialization = false)
    if ((await target()).kind === 'storm') this.skip();
    await withCase('values', { set: 'exotic', workers: 2 }, async ({ out }) => {
      await eventually('every value at both sinks', () =>
        tuplesOf(out, 'sink').length >= 2 * exotic.length ? true : undefined,
      );
      for (const task of recordsOf(out, 'sink').keys()) {
        const values = tuplesOf(out, 'sink')
          .filter((tuple) => tuple.task === task)
          .map((tuple) => tuple.values[1]!);
        assert.deepEqual(
          values.map(([className]) => className),
          exotic.map(([className]) => className),
        );
        for (const [i, [, text]] of values.entries()) assert.match(text, exotic[i]![1]);
      }
    });
  });
});
