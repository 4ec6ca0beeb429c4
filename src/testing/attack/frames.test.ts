import assert from 'node:assert/strict';
import { seedsOf } from './corpus.ts';
import { AttackFrames } from './frames.ts';
import { knownAttacks } from './known-attacks.ts';
import { type Node, nodesOf, parseMessage, writeMessage } from './thrift-tree.ts';

describe('the frames of an attack', () => {
  for (const service of ['nimbus', 'dlog'] as const) {
    it(`begin with calls of ${service} that the tree reads and writes back as they are`, () => {
      for (const { method, message } of seedsOf(service, 1))
        assert.deepEqual(writeMessage(parseMessage(message)), message, method);
    });

    it(`against ${service} are the same for a seed and an index, and others for others`, () => {
      const [one, again, other] = [
        new AttackFrames(service, 7),
        new AttackFrames(service, 7),
        new AttackFrames(service, 8),
      ];
      const from = (frames: AttackFrames) => Array.from({ length: 200 }, (_, index) => frames.at(index));
      assert.deepEqual(from(one), from(again));
      assert.notDeepEqual(from(one), from(other));
      const distinct = new Set(from(one).map(({ bytes }) => bytes.toString('base64')));
      assert.ok(distinct.size > 150, `${distinct.size} distinct frames of 200`);
    });
  }

  it('stay below the limit of a frame, however often a part is repeated within another', () => {
    const text: Node = { kind: 'text', type: 11, bytes: Buffer.alloc(100) };
    const list = (item: Node): Node => ({
      ...{ kind: 'list', type: 15, elementType: item.type },
      items: Array.from({ length: 1000 }, () => item),
    });
    const body: Node = {
      kind: 'struct',
      type: 12,
      fields: [{ id: 1, type: 15, value: list(list(list(text))) }],
    };
    const tree = { version: 0, name: Buffer.from('x'), sequenceId: 1, body, rest: Buffer.alloc(0) };
    assert.ok(writeMessage(tree).length < 1_000_000);
    assert.ok(nodesOf(body).length <= 20_000);
  });

  it('of known attacks fit into a frame', () => {
    for (const { name, service, message } of knownAttacks) {
      const bytes = message(1).length;
      assert.ok(bytes < (service === 'nimbus' ? 1 << 20 : 1 << 21), `${name}: ${bytes} bytes`);
    }
  });
});
