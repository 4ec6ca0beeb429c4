import assert from 'node:assert/strict';
import { FairQueue } from './fair-queue.ts';

function queueOf(...items: readonly string[]): FairQueue<string, string> {
  const queue = new FairQueue<string, string>();
  for (const item of items) queue.push(item[0]!, item);
  return queue;
}

function takeAll(queue: FairQueue<string, string>): string {
  const taken: string[] = [];
  for (let item = queue.take(); item !== undefined; item = queue.take()) taken.push(item);
  return taken.join(' ');
}

describe('FairQueue', () => {
  it('takes keys in turn, and the items of a key in the order in which they came', () => {
    assert.equal(takeAll(queueOf('a1', 'a2', 'a3', 'b1', 'b2', 'c1')), 'a1 b1 c1 a2 b2 a3');
  });

  it('gives a key that comes back a turn behind the ones that wait', () => {
    const queue = queueOf('a1', 'b1', 'b2');
    assert.equal(queue.take(), 'a1');
    queue.push('a', 'a2');
    assert.equal(takeAll(queue), 'b1 a2 b2');
  });

  it('forgets what is removed, and only that', () => {
    const queue = queueOf('a1', 'b1', 'b2');
    assert.ok(queue.remove('b', 'b1') && queue.remove('a', 'a1'));
    assert.ok(!queue.remove('a', 'a1') && !queue.remove('b', 'b1'));
    assert.equal(takeAll(queue), 'b2');
  });
});
