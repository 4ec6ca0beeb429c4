import assert from 'node:assert/strict';
import { ManualClock } from '../../../testing/manual-clock.ts';
import { longGroupingIndex } from '../../../tuple/index.ts';
import type { LossReport } from '../../links/index.ts';
import { SpoutLosses } from './spout-losses.ts';
import { SpoutPending } from './spout-pending.ts';

const ackers = [1, 2];

function bench(graceMs: number) {
  const clock = new ManualClock();
  const pending = new SpoutPending();
  const failed: string[] = [];
  const losses = new SpoutLosses({
    ...{ taskId: 7, pending, ackers, graceMs, clock },
    failed: (root) => failed.push(root.idText),
    wake: () => undefined,
  });
  const add = (id: number): void => pending.add(id, { rootHi: 0, idText: String(id), streamNumber: 1 });
  const ack = (id: number): unknown => pending.take(0, id);
  return { clock, pending, failed, losses, add, ack };
}
const lost = (tasks: number[], spouts: number[] = []): LossReport => ({ type: 'lost', tasks, spouts });
const ackerOf = (id: number): number => ackers[longGroupingIndex(0, id, 2)]!;
const ids = [11, 12, 13, 14, 15, 16];

describe('what a spout makes of the loss of tasks', () => {
  it('fails at once the trees that a lost acker followed, and only these', () => {
    const { failed, losses, add, pending } = bench(500);
    for (const id of ids) add(id);
    losses.take(lost([2]));
    assert.deepEqual(failed, ids.filter((id) => ackerOf(id) === 2).map(String));
    assert.equal(pending.size, ids.length - failed.length);
    assert.ok(failed.length > 0 && pending.size > 0);
  });

  it('fails trees that may have lost a tuple once none of them completes for a grace', () => {
    const { clock, failed, losses, add, ack } = bench(500);
    for (const id of [11, 12, 13]) add(id);
    losses.take(lost([9], [7]));
    clock.advance(400);
    ack(11);
    clock.advance(400); // one has completed: they are given another grace
    assert.deepEqual(failed, []);
    add(14); // begun after the loss
    clock.advance(300);
    assert.deepEqual(failed, ['12', '13']);
    clock.advance(60_000);
    assert.deepEqual(failed, ['12', '13']);
  });

  it('leaves a topology alone in which trees continue to complete, however long that takes', () => {
    const { clock, failed, losses, add, ack } = bench(500);
    for (let id = 0; id < 100; id++) add(id);
    losses.take(lost([9], [7]));
    for (let id = 0; id < 100; id++) {
      clock.advance(450);
      ack(id);
    }
    clock.advance(60_000);
    assert.deepEqual(failed, []);
  });

  it('fails nothing in doubt for a spout that the loss does not concern, or without a grace', () => {
    for (const [graceMs, spouts] of [
      [500, [8]],
      [0, [7]],
    ] as const) {
      const { clock, failed, losses, add } = bench(graceMs);
      add(11);
      losses.take(lost([9], [...spouts]));
      clock.advance(60_000);
      assert.deepEqual(failed, []);
    }
  });

  it('does not take a tree for an earlier one of its number, and ends with its child', () => {
    const { clock, failed, losses, add, ack } = bench(500);
    add(11);
    losses.take(lost([9], [7]));
    ack(11);
    add(11);
    clock.advance(5000);
    assert.deepEqual(failed, []);
    losses.take(lost([9], [7]));
    losses.close();
    clock.advance(5000);
    assert.deepEqual(failed, []);
  });
});
