import assert from 'node:assert/strict';
import fc from 'fast-check';
import { edgeTopology } from '../testing/edge-topology.ts';
import { FlowGraph, type TopologyIndex } from './index.ts';

function graphOf(...edges: readonly string[]): { readonly index: TopologyIndex; readonly graph: FlowGraph } {
  const index = edgeTopology(edges);
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
