import assert from 'node:assert/strict';
import fc from 'fast-check';
import { askOracle } from '../../../testing/oracle.ts';
import { type AckKind, AckTable, ackKinds } from './ack-table.ts';

interface Message {
  readonly kind: AckKind | 'tick';
  readonly root: bigint;
  readonly value: bigint;
  readonly spoutTask: number;
}

/**
 * Few roots and values, so that trees meet themselves; ids that share a half, so that a hash of one half
 * would show.
 */
const id = fc.oneof(
  fc.bigInt({ min: -3n, max: 3n }),
  fc.constantFrom(1n << 32n, 5n << 32n, -(1n << 63n), (1n << 63n) - 1n, 0x1_0000_0001n),
);
const message: fc.Arbitrary<Message> = fc.record({
  kind: fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(...Object.values(ackKinds)) },
    { weight: 1, arbitrary: fc.constant('tick' as const) },
  ),
  root: id,
  value: id,
  spoutTask: fc.integer({ min: 1, max: 3 }),
});
const script = fc.array(message, { maxLength: 200 });

const streamNames = { 0: '__ack_init', 1: '__ack_ack', 2: '__ack_fail', 3: '__ack_reset_timeout' } as const;
const replyNames = { ack: '__ack_ack', fail: '__ack_fail', resetTimeout: '__ack_reset_timeout' } as const;

const hi = (value: bigint): number => Number(BigInt.asIntN(32, value >> 32n));
const lo = (value: bigint): number => Number(BigInt.asIntN(32, value));

/** Replies as the oracle writes them: message index, task, stream, root. */
function replay(messages: readonly Message[], table = new AckTable({ treesMax: 1_000_000 })): string[] {
  return messages.flatMap(({ kind, root, value, spoutTask }, index) => {
    if (kind === 'tick') {
      table.rotate();
      return [];
    }
    const told = { rootHi: hi(root), rootLo: lo(root), valueHi: hi(value), valueLo: lo(value), spoutTask };
    const outcome = table.apply(kind, told, index);
    return outcome === 'none' ? [] : [`${index},${table.spoutTask},${replyNames[outcome]},${root}`];
  });
}

/** The same rules over Maps, one for each bucket. */
function replayNaively(messages: readonly Message[]): string[] {
  interface Tree {
    value: bigint;
    spoutTask: number;
    hasFailed: boolean;
  }
  const bucket = (): Map<bigint, Tree> => new Map();
  let pending = [bucket(), bucket(), bucket()];
  const forget = (root: bigint): void => pending.forEach((each) => void each.delete(root));
  return messages.flatMap(({ kind, root, value, spoutTask }, index) => {
    if (kind === 'tick') {
      pending = [bucket(), pending[0]!, pending[1]!];
      return [];
    }
    const known = pending.map((each) => each.get(root)).find((tree) => tree !== undefined);
    const tree = known ?? { value: 0n, spoutTask: -1, hasFailed: false };
    if (known === undefined || kind === ackKinds.fail || kind === ackKinds.resetTimeout) {
      forget(root);
      pending[0]!.set(root, tree);
    }
    if (kind === ackKinds.init) tree.spoutTask = spoutTask;
    if (kind === ackKinds.init || kind === ackKinds.ack) tree.value ^= value;
    if (kind === ackKinds.fail) tree.hasFailed = true;
    if (tree.spoutTask < 0) return [];
    const say = (reply: string): string[] => [`${index},${tree.spoutTask},${reply},${root}`];
    if (tree.value === 0n || tree.hasFailed) forget(root);
    if (tree.value === 0n) return say(replyNames.ack);
    if (tree.hasFailed) return say(replyNames.fail);
    return kind === ackKinds.resetTimeout ? say(replyNames.resetTimeout) : [];
  });
}

describe('AckTable', () => {
  it('replies as a model over maps does', () => {
    fc.assert(
      fc.property(script, (messages) => assert.deepEqual(replay(messages), replayNaively(messages))),
      { numRuns: 500 },
    );
  });

  it("replies as Storm's Acker does", () => {
    const seed = Date.now() | 0;
    const scripts = fc.sample(script, { numRuns: 300, seed });
    const question = scripts.map((messages) =>
      messages.map(({ kind, root, value, spoutTask }) => ({
        kind: kind === 'tick' ? '__tick' : streamNames[kind],
        root: String(root),
        value: String(value),
        spoutTask,
      })),
    );
    assert.deepEqual(
      scripts.map((messages) => replay(messages)),
      askOracle('AckerReplies', question),
      `seed ${seed}`,
    );
  }).timeout(60_000);

  it('keeps every tree through growth, removals in any order and rotations', () => {
    fc.assert(
      fc.property(fc.infiniteStream(fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n })), (ids) => {
        const roots = [...ids.take(5000)].filter((root, index, all) => all.indexOf(root) === index);
        const edges = new Map(roots.map((root, index) => [root, BigInt(index + 1)]));
        const init = roots.map((root) => ({
          kind: ackKinds.init,
          root,
          value: edges.get(root)!,
          spoutTask: 7,
        }));
        const half = roots.length >> 1;
        const ack = (root: bigint): Message => ({
          kind: ackKinds.ack,
          root,
          value: edges.get(root)!,
          spoutTask: 0,
        });
        const tick: Message = { kind: 'tick', root: 0n, value: 0n, spoutTask: 0 };
        const order = [...roots].sort((a, b) => lo(a) - lo(b));
        const messages = [...init, ...order.slice(0, half).map(ack), tick, ...order.slice(half).map(ack)];
        const table = new AckTable({ treesMax: 1_000_000 });
        assert.equal(replay(messages, table).length, roots.length);
        assert.equal(table.size, 0);
      }),
      { numRuns: 5 },
    );
  });

  it('tells apart roots that share one half', () => {
    const roots = Array.from({ length: 3000 }, (_, i) => [BigInt(i) << 32n, BigInt(i)]).flat();
    const init = [...new Set(roots)].map((root) => ({ kind: ackKinds.init, root, value: 1n, spoutTask: 1 }));
    const table = new AckTable({ treesMax: 1_000_000 });
    assert.deepEqual(replay(init, table), []);
    assert.equal(table.size, init.length);
  });

  it('forgets a tree at the third rotation after it was last put', () => {
    const table = new AckTable({ treesMax: 10 });
    const init: Message = { kind: ackKinds.init, root: 5n, value: 1n, spoutTask: 1 };
    replay([init], table);
    assert.deepEqual([table.rotate(), table.rotate(), table.rotate(), table.size], [0, 0, 1, 0]);
  });

  it('ignores new trees beyond its bound, counts them, and serves those it has', () => {
    const table = new AckTable({ treesMax: 2 });
    const init = (root: bigint): Message => ({ kind: ackKinds.init, root, value: 9n, spoutTask: 1 });
    assert.deepEqual(replay([init(1n), init(2n), init(3n)], table), []);
    assert.deepEqual([table.size, table.refused], [2, 1]);
    const ack: Message = { kind: ackKinds.ack, root: 2n, value: 9n, spoutTask: 0 };
    assert.deepEqual(replay([ack], table), ['0,1,__ack_ack,2']);
  });

  it('tells how long a tree took', () => {
    const table = new AckTable({ treesMax: 2 });
    const told = { rootHi: 1, rootLo: 2, valueHi: 0, valueLo: 3, spoutTask: 4 };
    table.apply(ackKinds.ack, told, 1000.7);
    assert.equal(table.apply(ackKinds.init, told, 1250.9), 'ack');
    assert.equal(table.elapsedMs, 250);
  });
});
