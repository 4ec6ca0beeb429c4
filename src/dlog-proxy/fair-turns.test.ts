import assert from 'node:assert/strict';
import { FairTurns } from './fair-turns.ts';

describe('fair turns', () => {
  it('come one in each turn of the event loop, to the connections in turn', async () => {
    const turns = new FairTurns();
    const begun: string[] = [];
    const take = async (connection: object, name: string): Promise<void> => {
      await turns.take(connection);
      begun.push(name);
    };
    const [flood, other] = [{}, {}];
    const all = Promise.all(
      [1, 2, 3, 4].map((each) => take(flood, `f${each}`)).concat(take(other, 'o1'), take(other, 'o2')),
    );
    for (let turn = 1; turn <= 6; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      assert.ok(begun.length <= turn + 1, `${begun.length} began in ${turn} turns`);
    }
    await all;
    assert.deepEqual(begun, ['f1', 'f2', 'o1', 'f3', 'o2', 'f4']);
    await take(other, 'later');
    assert.equal(begun.at(-1), 'later');
  });
});
