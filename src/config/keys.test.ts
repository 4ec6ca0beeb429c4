import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { containerKeys } from './container-keys.ts';
import { egretDefaults, gatewayKeys } from './schema.ts';

const root = new URL('../../', import.meta.url).pathname;
const egretKeys = Object.entries(gatewayKeys).filter(([key]) => /^(?:topology\.)?egret\./.test(key));

describe('defaults of configuration keys', () => {
  it('are in the schema for every key of Egret, or the schema says what applies without one', () => {
    assert(egretKeys.length > 50);
    for (const [key, { default: value, whenUnset }] of egretKeys) {
      const hasValue = value !== undefined && value !== null;
      assert.notEqual(hasValue, whenUnset !== undefined, `${key} needs a default or whenUnset, not both`);
    }
  });

  it('are on the page, each in its row', () => {
    const page = readFileSync(join(root, 'docs', 'configuration.md'), 'utf8');
    const shown = new Map(
      [...page.matchAll(/^\| `([^`]+)` \| ([^|]*) \|/gm)].map(([, key, value]) => [key!, value!.trim()]),
    );
    for (const [key] of egretKeys) assert.match(shown.get(key) ?? '', /^`.+`$|^none: ./, key);
  });

  it('are within their own ranges', () => {
    for (const [key, { default: value, minimum = value, maximum = value }] of egretKeys) {
      if (typeof value === 'number') assert(value >= Number(minimum) && value <= Number(maximum), key);
    }
  });

  it('of containers are looked up when they are read, so that a key can fall back to another', () => {
    const merged = egretDefaults();
    for (const key of Object.keys(containerKeys)) assert(!merged.has(key), key);
  });

  it('of shell components are the same in Java', () => {
    const sources = ['shell', 'host'].map((part) => join(root, 'multilang', 'java', part, 'src', 'main'));
    const texts = sources.flatMap((dir) =>
      readdirSync(dir, { recursive: true, encoding: 'utf8' })
        .filter((path) => path.endsWith('.java'))
        .map((path) => readFileSync(join(dir, path), 'utf8')),
    );
    const read = texts.flatMap((text) => [
      ...text.matchAll(/number\(\w+, "((?:topology\.)?egret\.[a-z.]+)",\s*([\d_]+(?: << \d+)?)\)/g),
    ]);
    const inJava = new Map(read.map(([, key, literal]) => [key!, javaNumber(literal!)]));
    assert.deepEqual(Object.fromEntries(inJava), {
      'egret.shell.pending.max.tuples': containerKeys['egret.shell.pending.max.tuples'].default,
      'egret.process.stopped.secs': containerKeys['egret.process.stopped.secs'].default,
      // Its former name, which is read where the present one is absent.
      'egret.shell.message.bytes.max': containerKeys['egret.shell.message.max.bytes'].default,
    });
    const grace = /GRACE_MS = (\d+);/.exec(texts.join('\n'));
    assert.equal(javaNumber(grace![1]!), containerKeys['topology.egret.lost.trees.grace.ms'].default);
  });
});

describe('names of configuration keys', () => {
  it('end in their unit where they have one', () => {
    for (const [key] of egretKeys) {
      assert.doesNotMatch(key, /\.(?:bytes|tuples|ms|secs)\.(?:max|min|high|low)$/, key);
    }
  });
});

/** `64 << 20` or `1_000_000`. */
function javaNumber(literal: string): number {
  const [value, shift = '0'] = literal.replaceAll('_', '').split(' << ');
  return Number(value) * 2 ** Number(shift);
}
