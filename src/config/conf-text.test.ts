import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { JsonValue } from '../base/index.ts';
import {
  mergeConf,
  readConfText,
  readConfValue,
  readConfValues,
  withConfValues,
  writeConfText,
} from './conf-text.ts';

describe('configuration as text', () => {
  it('reads what JSON.parse reads, key by key', async () => {
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string(), fc.jsonValue()), fc.nat(3), async (values, indent) => {
        const conf = await readConfText(JSON.stringify(values, null, indent), 'the conf');
        assert.deepEqual(readConfValues(conf), JSON.parse(JSON.stringify(values)));
        assert.deepEqual(JSON.parse(writeConfText(conf, 'java')), JSON.parse(JSON.stringify(values)));
      }),
    );
  });

  it('keeps the digits that JavaScript numbers lose', async () => {
    const text = '{"a":9007199254740993,"b":{"c":10.0,"d":[1e400]},"e":"\\/x"}';
    assert.equal(writeConfText(await readConfText(text, 'the conf'), 'java'), text);
  });

  it('takes the bare NaN and infinities of json-smart, which come as null where JSON is asked for', async () => {
    const conf = await readConfText('{"a":NaN,"b":[-Infinity,"NaN \\" NaN"],"c":1}', 'the conf');
    assert.equal(writeConfText(conf, 'java'), '{"a":NaN,"b":[-Infinity,"NaN \\" NaN"],"c":1}');
    assert.deepEqual(readConfValues(conf), { a: null, b: [null, 'NaN " NaN'], c: 1 } satisfies JsonValue);
    assert.equal(readConfValue(conf, 'a'), null);
  });

  it('replaces whole values when layers are merged, and forgets keys set to undefined', async () => {
    const below = await readConfText('{"a":{"x":1},"b":1}', 'below');
    const above = await readConfText('{"a":{"y":2}}', 'above');
    assert.deepEqual(readConfValues(mergeConf(below, above)), { a: { y: 2 }, b: 1 });
    assert.deepEqual(readConfValues(withConfValues(below, { a: undefined, c: [1] })), { b: 1, c: [1] });
  });

  describe('of a hostile client', () => {
    const million = 1_000_000;
    const invalid = (message: RegExp) => ({ code: 'CONFIG_INVALID', message });

    it('takes a string without an end for what it is, however many quotes are in it', async () => {
      for (const start of ['NaN"', '{"a":NaN,"b":"', "{'a':NaN,'b':\"", '"Infinity'])
        await assert.rejects(
          readConfText(start + '\\"'.repeat(million / 2), 'conf of t'),
          invalid(/^conf of t is not JSON \(.*It has 1\d{6} characters/),
        );
    });

    it('finds bare numbers only where they are words, and not in strings', async () => {
      const conf = await readConfText('{"a":[ -NaN,NaN ,-Infinity],"NaN\\\\":"\\"NaN","b":"x"}', 'the conf');
      assert.deepEqual(readConfValues(conf), { a: [null, null, null], 'NaN\\': '"NaN', b: 'x' });
      for (const text of ['{"a":NaNs}', '{"a":1NaN}', '{"a":Infinity2}'])
        await assert.rejects(readConfText(text, 'the conf'), invalid(/is not JSON/));
    });

    const nested = (levels: number, [open, close]: readonly [string, string], inner = '1'): string =>
      open.repeat(levels) + inner + close.repeat(levels);
    for (const [kind, brackets] of [
      ['lists', ['[', ']']],
      ['objects', ['{"k":', '}']],
      ['lists of single quotes', ["['a',", ']']],
      ['objects of single quotes', ["{'k':", '}']],
    ] as const) {
      const conf = (levels: number): string => `{"k":${nested(levels - 1, brackets)}}`;

      it(`takes ${kind} nested a thousand levels deep, and refuses more`, async () => {
        assert.equal((await readConfText(conf(1000), 'conf of t')).size, 1);
        for (const levels of [1001, 20_000])
          await assert.rejects(
            readConfText(conf(levels), 'conf of t'),
            invalid(/^conf of t is nested deeper than 1000 levels/),
          );
      });
    }

    it('refuses a long text that is not JSON, rather than reading it slowly', async () => {
      const text = `{'a':${'1'.repeat(million)}}`;
      await assert.rejects(readConfText(text, 'conf of t'), invalid(/write it as JSON/));
    });
  });

  for (const text of ['', '[]', 'null', '"x"', '{"a":', '\u0000']) {
    it(`refuses ${JSON.stringify(text)}, naming what it was`, async () => {
      await assert.rejects(
        readConfText(text, 'configuration of "t"'),
        /configuration of "t" (is not|must be)/,
      );
    });
  }
});
