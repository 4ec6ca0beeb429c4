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

  for (const text of ['', '[]', 'null', '"x"', '{"a":', '\u0000']) {
    it(`refuses ${JSON.stringify(text)}, naming what it was`, async () => {
      await assert.rejects(
        readConfText(text, 'configuration of "t"'),
        /configuration of "t" (is not|must be)/,
      );
    });
  }
});
