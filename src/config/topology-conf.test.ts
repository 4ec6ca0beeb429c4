import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { askOracle } from '../testing/oracle.ts';
import { readConfText } from './conf-text.ts';
import { topologyConfRules } from './gen/topology-conf-rules.ts';
import { findTopologyConfFault } from './topology-conf.ts';

/** Says nothing about what is asked of a value. */
const silent = new Set(['Deprecated']);
/** Looks up classes, which the gateway does not load. */
const beyondUs = /^IsImplementationOfClass|^CustomValidator PacemakerAuth|^IsMapEntryCustom ImpersonationAcl/;

function rulesOfStorm(): Record<string, string[]> {
  const answer = askOracle('ConfigRules', { rules: true }) as Record<string, string[]>;
  return Object.fromEntries(
    Object.entries(answer)
      .map(([key, rules]) => [key, rules.filter((rule) => !silent.has(rule))] as const)
      .filter(([, rules]) => rules.length > 0),
  );
}

describe('topology configuration', () => {
  it('is checked by the rules that the released Config class declares', () => {
    const rules = rulesOfStorm();
    if (process.env['UPDATE'] === '1') {
      const head =
        '// Generated from the annotations of org.apache.storm.Config: UPDATE=1 mocha src/config. Not to be edited.\n';
      const body = `export const topologyConfRules: Readonly<Record<string, readonly string[]>> = ${JSON.stringify(rules, null, 1)};\n`;
      writeFileSync(new URL('gen/topology-conf-rules.ts', import.meta.url), head + body);
    }
    assert.deepEqual(topologyConfRules, rules);
  });

  it('is refused exactly where Storm refuses it', async () => {
    const keys = Object.keys(topologyConfRules).filter(
      (key) => !topologyConfRules[key]!.some((rule) => beyondUs.test(rule)),
    );
    const scalar = fc.constantFrom<unknown>(null, true, 0, 1, -1, 2.5, 1e12, 2147483647, 2147483648, 'x', '');
    const value = fc.oneof(
      scalar,
      fc.array(scalar, { maxLength: 2 }),
      fc.array(fc.array(scalar, { maxLength: 2 }), { maxLength: 2 }),
      fc.dictionary(fc.constantFrom('a', 'class'), scalar, { maxKeys: 2 }),
      fc.dictionary(fc.constantFrom('a', 'b'), fc.dictionary(fc.constant('c'), scalar), { maxKeys: 2 }),
      fc.dictionary(
        fc.constant('a'),
        fc.dictionary(
          fc.constantFrom('maxNodeCoLocationCnt', 'incompatibleComponents'),
          fc.oneof(scalar, fc.array(scalar, { maxLength: 2 })),
        ),
      ),
      fc.array(fc.record({ class: scalar, 'parallelism.hint': scalar }, { requiredKeys: [] }), {
        maxLength: 2,
      }),
    );
    const seed = Number(process.env['SEED'] ?? Math.trunc(Math.random() * 2 ** 31));
    const confs = fc
      .sample(fc.tuple(fc.constantFrom(...keys), value), { numRuns: 5000, seed })
      .map(([key, member]) => JSON.stringify({ [key]: member }));
    const verdicts = askOracle('ConfigRules', { confs }) as (string | null)[];
    for (const [index, conf] of confs.entries()) {
      const fault = findTopologyConfFault(await readConfText(conf, 'the conf'));
      assert.equal(
        fault === undefined,
        verdicts[index] === null,
        `seed ${seed}: ${conf}: Storm says ${verdicts[index] ?? 'yes'}, we say ${fault ?? 'yes'}`,
      );
    }
  });

  it('names the key, what was expected and what was found', async () => {
    const conf = await readConfText('{"topology.workers": "many"}', 'the conf');
    assert.equal(findTopologyConfFault(conf), 'topology.workers must be an integer of 32 bits, got "many"');
  });
});
