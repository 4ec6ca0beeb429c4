import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import type { JsonObject, JsonValue } from '../../../base/index.ts';
import { askOracle } from '../../../testing/oracle.ts';
import { topologyArbitrary } from '../../../testing/topologies.ts';
import { makeSystemTopology, normalizeTopology, TopologyIndex } from '../../../topology/index.ts';
import { contextOf } from './context.ts';

const defaults = JSON.parse(
  readFileSync(new URL('../../../../build/storm-defaults.json', import.meta.url), 'utf8'),
) as JsonObject;

/** Hash maps have no order. */
function sorted(context: JsonValue): JsonValue {
  const { streams, ...others } = context as Record<string, JsonValue>;
  return { ...others, streams: [...(streams as string[])].sort() };
}

describe('context of a shell task', () => {
  it('is what Storm tells a multilang child, for every task of any topology', function () {
    this.timeout(60_000);
    let compared = 0;
    for (const { topology, conf } of fc.sample(topologyArbitrary, 12)) {
      const wholeConf = { ...defaults, ...conf };
      const normalized = normalizeTopology(topology, wholeConf);
      const index = new TopologyIndex(makeSystemTopology(normalized, wholeConf));
      const question = { conf: wholeConf, components: normalized.components } as unknown as JsonValue;
      const answer = askOracle('MultilangContext', question) as Record<string, JsonValue>;
      for (const [taskId, context] of Object.entries(answer)) {
        const ours = JSON.parse(JSON.stringify(contextOf(index, Number(taskId)))) as JsonValue;
        assert.deepEqual(sorted(ours), sorted(context), JSON.stringify(topology));
      }
      compared += Object.keys(answer).length;
    }
    assert.ok(compared > 0);
  });
});
