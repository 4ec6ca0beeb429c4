import type { JsonObject } from '../base/index.ts';
import { type Component, makeSystemTopology, normalizeTopology, TopologyIndex } from '../topology/index.ts';

/**
 * A system topology from its edges, `a>b` for each; `s`, `s1`, ... are spouts, the others bolts, all of one
 * task. With one acker and one event logger. Task ids go by the order of names, `__acker` (1) and
 * `__eventlogger` (2) first.
 */
export function edgeTopology(
  edges: readonly string[],
  confs: Readonly<Record<string, JsonObject>> = {},
): TopologyIndex {
  const pairs = edges.map((edge) => edge.split('>') as [string, string]);
  const ids = [...new Set(pairs.flat())];
  const components = ids.map(
    (id): Component => ({
      id,
      kind: /^s\d?$/.test(id) ? 'spout' : 'bolt',
      implementation: { kind: 'serialized_java' },
      inputs: pairs
        .filter(([, target]) => target === id)
        .map(([source]) => ({
          sourceComponentId: source,
          sourceStreamId: 'default',
          grouping: { kind: 'shuffle' },
        })),
      streams: { default: { fields: ['a'], direct: false } },
      parallelismHint: 1,
      conf: confs[id] ?? {},
    }),
  );
  const conf = {
    'topology.acker.executors': 1,
    'topology.eventlogger.executors': 1,
    'topology.message.timeout.secs': 30,
    'topology.workers': 1,
  };
  return new TopologyIndex(makeSystemTopology(normalizeTopology({ components }, conf), conf));
}
