import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { generateScenario } from './generate.ts';
import { runScenario } from './run.ts';
import { parseScenario, printScenario } from './scenario.ts';

const directory = new URL('scenarios/', import.meta.url);

/**
 * Thousands of seeds are `npm run sim`; here are those that failed once, and those that say what they are
 * about.
 */
describe('the simulation of a topology under faults', () => {
  for (const name of readdirSync(directory).sort()) {
    it(`holds: ${name.replace('.txt', '').replaceAll('-', ' ')}`, async () => {
      const { failure } = await runScenario(parseScenario(readFileSync(new URL(name, directory), 'utf8')));
      assert.ok(failure === undefined, failure);
    });
  }

  it('repeats a seed to the last event', async () => {
    const runs = [await runScenario(generateScenario(7)), await runScenario(generateScenario(7))];
    const [one, other] = runs.map(({ events, tookMs, counters }) => [events, tookMs, [...counters]]);
    assert.deepEqual(one, other);
  });

  it('reads a scenario back as it printed it', () => {
    for (let seed = 1; seed <= 50; seed++) {
      const scenario = generateScenario(seed);
      assert.deepEqual(parseScenario(printScenario(scenario)), scenario);
    }
  });

  it('tells the seed, what happened and the scenario when something is not as it must be', async () => {
    const scenario = parseScenario('seed 3\nspout a ids=5\nbolt b from=a\nexpect acked == 6\n');
    const { failure } = await runScenario(scenario);
    for (const part of [/seed 3 failed/, /acked is 5, expected == 6/, /plan\.published/, /spout a /]) {
      assert.match(failure ?? '', part);
    }
  });
});
