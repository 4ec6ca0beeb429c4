import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { generateScenario } from './generate.ts';
import { type Outcome, runScenario } from './run.ts';
import { parseScenario } from './scenario.ts';

/**
 * `npm run sim -- [--seeds COUNT] [--from SEED] [--fresh COUNT]`: runs scenarios made by chance, the same
 * ones each time and then fresh ones. `--seed SEED`: one of them again. `--scenario FILE`: that of a file.
 * Prints each failure with its seed and as a scenario, and how often what happened. Exit codes: 0 all was as
 * it must be, 1 a run failed, 2 usage.
 */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    fresh: { type: 'string', default: '0' },
    seed: { type: 'string' },
    scenario: { type: 'string' },
    quiet: { type: 'boolean', default: false },
  },
});
const failuresShownMax = 3;

const totals = new Map<string, number>();
const failures: Outcome[] = [];
let runs = 0;
let events = 0;
let simulatedMs = 0;
const startedMs = performance.now();
for await (const outcome of outcomes()) {
  runs++;
  events += outcome.events;
  simulatedMs += outcome.tookMs;
  for (const [counter, count] of outcome.counters) totals.set(counter, (totals.get(counter) ?? 0) + count);
  if (outcome.failure === undefined) continue;
  failures.push(outcome);
  if (failures.length <= failuresShownMax) process.stdout.write(`${outcome.failure}\n`);
}
report();
process.exitCode = failures.length === 0 ? 0 : 1;

async function* outcomes(): AsyncIterable<Outcome> {
  if (values.scenario !== undefined) {
    yield await runScenario(parseScenario(readFileSync(values.scenario, 'utf8')));
    return;
  }
  for (const seed of seeds()) yield await runScenario(generateScenario(seed));
}

function* seeds(): Iterable<number> {
  if (values.seed !== undefined) {
    yield Number(values.seed);
    return;
  }
  const from = Number(values.from);
  for (let seed = from; seed < from + Number(values.seeds); seed++) yield seed;
  const fresh = randomInt(1_000_000, 2 ** 31);
  if (Number(values.fresh) > 0) process.stdout.write(`fresh seeds from ${fresh} on\n`);
  for (let seed = fresh; seed < fresh + Number(values.fresh); seed++) yield seed;
}

function report(): void {
  const tookSecs = (performance.now() - startedMs) / 1000;
  if (!values.quiet) {
    for (const counter of [...totals.keys()].sort())
      process.stdout.write(`${String(totals.get(counter)).padStart(9)} ${counter}\n`);
  }
  const seeds = failures.map(({ seed }) => seed).join(' ');
  process.stdout.write(
    `${runs} runs, ${failures.length} failed, ${events} events, ${(simulatedMs / 3_600_000).toFixed(1)} simulated hours in ${tookSecs.toFixed(1)} s${seeds === '' ? '' : `; failed seeds: ${seeds}`}\n`,
  );
}
