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
  it('is what Storm tells a multilang child, for every task of any topology', () => {
    const topologies = fc.sample(topologyArbitrary, 30).map(({ topology, conf }) => {
      const wholeConf = { ...defaults, ...conf };
      return { topology: normalizeTopology(topology, wholeConf), conf: wholeConf };
    });
    const questions = topologies.map(({ topology, conf }) => ({ conf, components: topology.components }));
    const answers = askOracle('MultilangContext', questions as unknown as JsonValue);
    let compared = 0;
    for (const [place, answer] of (answers as Record<string, JsonValue>[]).entries()) {
      const { topology, conf } = topologies[place]!;
      const index = new TopologyIndex(makeSystemTopology(topology, conf));
      for (const [taskId, context] of Object.entries(answer)) {
        const ours = JSON.parse(JSON.stringify(contextOf(index, Number(taskId)))) as JsonValue;
        assert.deepEqual(sorted(ours), sorted(context), JSON.stringify(topology));
      }
      compared += Object.keys(answer).length;
    }
    assert.ok(compared > 0);
  });
});
