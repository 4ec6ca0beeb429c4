import assert from 'node:assert/strict';
import { systemRandom } from '../../base/index.ts';
import { type AppendEvent, type History, type Sighting, violationsOf } from './history.ts';
import { runModel } from './model.ts';

describe('the log under faults', () => {
  const first = systemRandom.nextInt32() >>> 1;
  /** Seeds that found something once. */
  const found = [987];
  const seeds = [
    ...found,
    ...Array.from({ length: 20 }, (_, index) => index + 1),
    first,
    first + 1,
    first + 2,
  ];
  // A seed took a second where many things ran at once: few in a test, so that none comes near the limit of
  // time.
  const seedsPerTest = 4;

  for (let from = 0; from < seeds.length; from += seedsPerTest) {
    const group = seeds.slice(from, from + seedsPerTest);
    it(`keeps its word (seeds ${group.join(', ')})`, async () => {
      for (const seed of group) {
        const { violations } = await runModel(seed);
        assert.deepEqual(violations.slice(0, 5), [], `seed ${seed}`);
      }
    });
  }

  /**
   * Seeds that found something once: what was read ahead, a view, an open, a creation and a fence that met a
   * cut.
   */
  const foundInKafka = [699, 828, 1125, 1261, 1298, 1321, 908689779];
  const kafkaSeeds = [...foundInKafka, ...Array.from({ length: 30 }, (_, index) => index + 1)];
  kafkaSeeds.push(first, first + 1, first + 2);
  for (let from = 0; from < kafkaSeeds.length; from += seedsPerTest) {
    const group = kafkaSeeds.slice(from, from + seedsPerTest);
    it(`keeps its word in Kafka (seeds ${group.join(', ')})`, async () => {
      for (const seed of group) {
        const { violations } = await runModel(seed, 'kafka');
        assert.deepEqual(violations.slice(0, 5), [], `seed ${seed}`);
      }
    });
  }

  // A model in which nothing happens finds nothing.
  for (const medium of ['disk', 'kafka'] as const)
    it(`is written and read, changes owners and loses power (${medium}, seeds 1 to 8)`, async () => {
      const sums = { committed: 0, reads: 0, owners: 0, powerCuts: 0 };
      for (let seed = 1; seed <= 8; seed++) {
        const result = await runModel(seed, medium);
        for (const key of Object.keys(sums) as (keyof typeof sums)[]) sums[key] += result[key];
      }
      assert.ok(sums.committed > 90 && sums.reads > 90, JSON.stringify(sums));
      assert.ok(sums.owners > 8 && sums.powerCuts > 0, JSON.stringify(sums));
    });
});

describe('the judge of histories', () => {
  const at = (entry: number): { lssn: number; entry: number; slot: number } => ({ lssn: 1, entry, slot: 0 });
  const seen = (entry: number, id: string, sequenceId = entry): Sighting => ({
    dlsn: at(entry),
    id,
    sequenceId,
    transactionId: entry,
  });
  const append = (id: string, fate: AppendEvent['fate'], entry = 0): AppendEvent => ({
    session: 's',
    ids: [id],
    fate,
    first: at(entry),
  });
  const judge = (given: Partial<History>): string[] =>
    violationsOf({ appends: [], runs: [], final: [], mark: undefined, ...given }).map(
      (text) => text.split(':')[0]!,
    );

  it('has nothing to say against what is right', () => {
    const final = [seen(0, 'a'), seen(1, 'b')];
    const appends = [append('a', 'committed', 0), append('b', 'unknown')];
    assert.deepEqual(judge({ appends, runs: [[seen(0, 'a')]], final }), []);
  });

  it('finds each kind of broken word', () => {
    const [a, b] = [seen(0, 'a'), seen(1, 'b')];
    assert.deepEqual(judge({ appends: [append('a', 'committed')] }), ['lost write']);
    assert.deepEqual(judge({ appends: [append('a', 'committed')], mark: at(1) }), []);
    assert.deepEqual(judge({ appends: [append('a', 'refused')], final: [a] }), ['aborted read']);
    assert.deepEqual(judge({ runs: [[seen(0, 'x')]], final: [a] }), ['inconsistent offset', 'vanished']);
    assert.deepEqual(judge({ final: [a, seen(1, 'a')] }), ['duplicate']);
    assert.deepEqual(judge({ runs: [[b, a]], final: [a, b] }), ['non-monotonic']);
    assert.deepEqual(judge({ final: [a, seen(2, 'c')] }), ['poll-skip']);
    assert.deepEqual(judge({ final: [a, { ...b, transactionId: -1 }] }), ['transaction ids go back']);
    assert.deepEqual(judge({ appends: [{ ...append('a', 'unknown'), ids: ['a', 'b'] }], final: [a] }), [
      'torn batch',
    ]);
    const hole = [append('x', 'unknown'), append('a', 'committed')];
    assert.deepEqual(judge({ appends: hole, final: [a] }), ['hole']);
    const swapped = [append('b', 'committed', 1), append('a', 'committed', 0)];
    assert.deepEqual(judge({ appends: swapped, final: [a, b] }), ['out of order']);
  });
});
