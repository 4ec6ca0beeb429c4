import assert from 'node:assert/strict';
import type { Component, InputDeclaration, StreamDeclaration } from './model.ts';
import { validateStructure } from './validate.ts';

function component(id: string, parts: Partial<Component>): Component {
  return {
    ...{ id, kind: 'bolt', implementation: { kind: 'serialized_java' }, parallelismHint: 1, conf: {} },
    ...{ inputs: [], streams: {}, ...parts },
  };
}

describe('validateStructure', () => {
  it('reads the fields of a source once, however many inputs name them', () => {
    const count = 1000;
    let reads = 0;
    const declaration: StreamDeclaration = {
      direct: false,
      get fields() {
        reads++;
        return ['f'];
      },
    };
    const ids = Array.from({ length: count }, (_, index) => `s${index}`);
    const other: StreamDeclaration = { direct: false, fields: ['g'] };
    const streams = { ...Object.fromEntries(ids.map((id) => [id, declaration])), other };
    const inputs = ids.map(
      (sourceStreamId): InputDeclaration => ({
        ...{ sourceComponentId: 'spout', sourceStreamId },
        // Storm takes a field of any stream of the source.
        grouping: { kind: 'fields', fields: ['g'] },
      }),
    );
    validateStructure({
      components: [component('spout', { kind: 'spout', streams }), component('bolt', { inputs })],
    });
    // Its own stream's for each input, and those of all streams once.
    assert.equal(reads, 2 * count);
  });

  it('names at most twenty of the fields that do not exist', () => {
    const fields = Array.from({ length: 1000 }, (_, index) => `f${index}`);
    const spout = component('s', { kind: 'spout', streams: { default: { fields: ['a'], direct: false } } });
    const bolt = component('b', {
      inputs: [{ sourceComponentId: 's', sourceStreamId: 'default', grouping: { kind: 'fields', fields } }],
    });
    assert.throws(() => validateStructure({ components: [spout, bolt] }), {
      code: 'TOPOLOGY_INVALID',
      message: /non-existent fields: \[f0, f1, .*, f19, and 980 more\]$/,
    });
  });
});
