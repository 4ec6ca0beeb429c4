import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Component, FlowGraph, makeSystemTopology, normalizeTopology, TopologyIndex } from './index.ts';

/** `a>b` for each edge; `s`, `s1`, ... are spouts. One acker. */
function graphOf(...edges: readonly string[]): { readonly index: TopologyIndex; readonly graph: FlowGraph } {
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
      conf: {},
    }),
  );
  const conf = {
    'topology.acker.executors': 1,
    'topology.eventlogger.executors': 1,
    'topology.message.timeout.secs': 30,
    'topology.workers': 1,
  };
  const index = new TopologyIndex(makeSystemTopology(normalizeTopology({ components }, conf), conf));
  return { index, graph: new FlowGraph(index) };
}

function namesOf(index: TopologyIndex, tasks: ReadonlySet<number>): string[] {
  return [...tasks].map((task) => index.componentOf(task)!).sort();
}

describe('FlowGraph', () => {
  it('holds a spout for everything its tuples lead to and for ackers, and nothing of another branch', () => {
    const { index, graph } = graphOf('s1>a', 'a>slow', 's2>b', 'b>c');
    assert.deepEqual(namesOf(index, graph.holdersOf('s1')), ['__acker', 'a', 'slow']);
    assert.deepEqual(namesOf(index, graph.holdersOf('s2')), ['__acker', 'b', 'c']);
  });

  it('holds a bolt for its own subscribers alone, and never for acks', () => {
    const { index, graph } = graphOf('s1>a', 'a>b', 'b>slow');
    assert.deepEqual(namesOf(index, graph.holdersOf('a')), ['b']);
    assert.deepEqual(namesOf(index, graph.holdersOf('slow')), []);
  });

  it('does not hold bolts of one cycle for each other, but for what hangs on the cycle', () => {
    const { index, graph } = graphOf('s1>a', 'a>b', 'b>c', 'c>a', 'c>sink');
    assert.deepEqual(namesOf(index, graph.holdersOf('c')), ['sink']);
    assert.deepEqual(namesOf(index, graph.holdersOf('a')), []);
    assert.deepEqual(namesOf(index, graph.holdersOf('s1')), ['__acker', 'a', 'b', 'c', 'sink']);
    assert.equal(graph.areOnOneCycle('a', 'c'), true);
    assert.equal(graph.areOnOneCycle('c', 'sink'), false);
  });

  it('does not let a bolt that feeds itself hold itself', () => {
    const { index, graph } = graphOf('s1>a', 'a>a');
    assert.deepEqual(namesOf(index, graph.holdersOf('a')), []);
    assert.equal(graph.areOnOneCycle('a', 'a'), true);
  });

  it('never lets bolts hold each other in a circle, whatever the graph', () => {
    const edge = fc.tuple(fc.integer({ min: 0, max: 7 }), fc.integer({ min: 0, max: 7 }));
    fc.assert(
      fc.property(fc.uniqueArray(edge, { selector: String, minLength: 1, maxLength: 24 }), (edges) => {
        const bolts = edges.map(([from, to]) => `b${from}>b${to}`);
        const { index, graph } = graphOf('s>b0', ...bolts);
        const holds = (id: string): string[] => namesOf(index, graph.holdersOf(id));
        const visit = (id: string, path: readonly string[]): void => {
          assert.ok(!path.includes(id), [...path, id].join(' waits for '));
          for (const next of holds(id)) visit(next, [...path, id]);
        };
        for (const id of new Set(edges.flat())) visit(`b${id}`, []);
      }),
    );
  });
});
