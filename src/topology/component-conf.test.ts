import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import type { JsonObject } from '../base/index.ts';
import { askOracle } from '../testing/oracle.ts';
import { componentConfOf } from './component-conf.ts';
import { stormConfigKeys } from './gen/storm-config-keys.ts';

function ask(componentConfs: readonly { readonly topology: JsonObject; readonly own: JsonObject }[]): {
  keys: string[];
  merged: JsonObject[];
} {
  return askOracle('PlanOracle', { componentConfs }) as unknown as { keys: string[]; merged: JsonObject[] };
}

describe('componentConfOf', () => {
  it('knows all keys of the released Config class', () => {
    const { keys } = ask([]);
    if (process.env['UPDATE'] === '1') {
      const head =
        '// Generated from org.apache.storm.Config: UPDATE=1 mocha src/topology. Not to be edited.\n';
      const body = `export const stormConfigKeys: readonly string[] = ${JSON.stringify(keys, null, 2)};\n`;
      writeFileSync(new URL('gen/storm-config-keys.ts', import.meta.url), head + body);
    }
    assert.deepEqual(stormConfigKeys, keys);
  });

  it('lets a component say what Storm’s executor lets it say', () => {
    const key = fc.oneof(fc.constantFrom(...stormConfigKeys), fc.constantFrom('my.key', 'topology.mine', ''));
    const conf = fc.dictionary(key, fc.constantFrom(1, 'x', true, null), {
      maxKeys: 12,
      noNullPrototype: true,
    });
    const every = Object.fromEntries(stormConfigKeys.map((each) => [each, 1]));
    const samples = [
      { topology: {}, own: every },
      ...fc.sample(fc.record({ topology: conf, own: conf }), 200),
    ];
    const { merged } = ask(samples);
    samples.forEach(({ topology, own }, i) => {
      assert.deepEqual(componentConfOf(topology, own), merged[i]);
    });
  });
});
