import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { textFile, withCase } from './case.ts';
import { eventually, recordsOf, tuplesOf } from './records.ts';
import { closeTarget } from './target.ts';

/** The same text counted by other means. */
function countedHere(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of readFileSync(textFile, 'utf8').split(/\s+/)) {
    if (word !== '') counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return counts;
}

/**
 * Waits until every line is acked, then compares the last count of each word, and that no count was skipped
 * or repeated.
 */
async function expectExactCounts(out: string): Promise<void> {
  const expected = countedHere();
  const total = [...expected.values()].reduce((sum, n) => sum + n, 0);
  const lines = readFileSync(textFile, 'utf8').trimEnd().split('\n').length;
  let seen = 0;
  await eventually(`${total} counts at the sink`, () => {
    seen = tuplesOf(out, 'sink').length;
    return seen >= total ? seen : undefined;
  });
  await eventually(`${lines} acked lines`, () => {
    const acked = [...recordsOf(out, 'lines').values()].flat().filter(([what]) => what === 'ack');
    return acked.length >= lines ? true : undefined;
  });
  const found = new Map<string, number[]>();
  for (const { values } of tuplesOf(out, 'sink')) {
    const word = values[0]![1];
    found.set(word, [...(found.get(word) ?? []), Number(values[1]![1])]);
  }
  assert.equal(seen, total);
  assert.deepEqual(new Map([...found].map(([word, counts]) => [word, Math.max(...counts)])), expected);
  for (const [word, counts] of found) {
    assert.deepEqual(
      counts.toSorted((a, b) => a - b),
      Array.from({ length: counts.length }, (_, i) => i + 1),
      word,
    );
  }
}

describe('word count', () => {
  after(closeTarget);

  for (const split of ['java', 'python', 'node', 'thrift-python', 'thrift-node']) {
    for (const workers of [1, 2]) {
      it(`counts every word exactly once with a ${split} split on ${workers} worker(s)`, async () => {
        await withCase('count', { split, workers, par: 2 }, ({ out }) => expectExactCounts(out));
      });
    }
  }

  it('counts exactly with four workers and more tasks than executors', async () => {
    await withCase('count', { split: 'java', workers: 4, par: 3, spouts: 2 }, ({ out }) =>
      expectExactCounts(out),
    );
  });
});
