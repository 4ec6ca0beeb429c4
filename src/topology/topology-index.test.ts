import assert from 'node:assert/strict';
import fc from 'fast-check';
import { topologyArbitrary } from '../testing/topologies.ts';
import { makeSystemTopology, normalizeTopology, TopologyIndex } from './index.ts';

describe('TopologyIndex', () => {
  it('leads from components, streams and tasks to their numbers and back', () => {
    fc.assert(
      fc.property(topologyArbitrary, ({ topology, conf }) => {
        const index = new TopologyIndex(makeSystemTopology(normalizeTopology(topology, conf), conf));
        const numbered = new Set<number>();
        for (const { id, streams } of index.topology.components) {
          for (const task of index.tasksOf(id)) {
            assert.equal(index.componentOf(task), id);
            numbered.add(task);
          }
          for (const [stream, { fields }] of Object.entries(streams)) {
            assert.equal(index.streamId(id, index.streamNumber(id, stream)), stream);
            assert.deepEqual(index.fieldsOf(id, stream), fields);
          }
        }
        assert.equal(numbered.size, index.taskCount);
      }),
    );
  });

  it('finds every subscription from its source', () => {
    fc.assert(
      fc.property(topologyArbitrary, ({ topology, conf }) => {
        const index = new TopologyIndex(makeSystemTopology(normalizeTopology(topology, conf), conf));
        const declared = index.topology.components.flatMap(({ id, inputs }) =>
          inputs.map(
            (input) => `${input.sourceComponentId} ${input.sourceStreamId} ${id} ${input.grouping.kind}`,
          ),
        );
        const found = index.topology.components.flatMap(({ id }) =>
          index
            .streamIdsOf(id)
            .flatMap((stream) =>
              index
                .subscribersOf(id, stream)
                .map(({ componentId, grouping }) => `${id} ${stream} ${componentId} ${grouping.kind}`),
            ),
        );
        assert.deepEqual(found.sort(), declared.sort());
      }),
    );
  });

  it('answers for what is not there', () => {
    const index = new TopologyIndex({ components: [] });
    assert.equal(index.componentOf(-1), '__system');
    assert.equal(index.componentOf(1), undefined);
    assert.deepEqual(index.tasksOf('x'), []);
    assert.deepEqual(index.subscribersOf('x', 'default'), []);
    assert.equal(index.fieldsOf('x', 'constructor'), undefined);
    assert.throws(() => index.streamNumber('x', 'default'), { code: 'TOPOLOGY_INVALID' });
    assert.throws(() => index.streamId('x', 1), { code: 'WIRE_CORRUPT' });
  });
});
