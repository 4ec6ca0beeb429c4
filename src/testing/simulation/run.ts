import { strict as assert } from 'node:assert';
import { watchAgreement } from './agreement.ts';
import { Cluster } from './cluster.ts';
import { planFaults } from './faults.ts';
import { type Expectation, printScenario, type Scenario } from './scenario.ts';
import { settled } from './world.ts';

export interface Outcome {
  readonly seed: number;
  readonly events: number;
  /** Simulated ms. */
  readonly tookMs: number;
  readonly counters: ReadonlyMap<string, number>;
  /** Undefined: everything was as it must be. */
  readonly failure: string | undefined;
}

/** What takes more than this goes round in circles. */
const eventsMax = 4_000_000;
/**
 * How long after the last fault all messages may take: beyond some message timeouts, for masters, zombies and
 * backoffs.
 */
const completeMs = 60_000;
const timeoutsToComplete = 8;
/**
 * A tree that lost a tuple is forgotten by its acker after three message timeouts; then some for what is
 * periodic.
 */
const timeoutsToForget = 4;
const quietMs = 25_000;

/**
 * Runs a scenario: sets up, lets the faults happen, waits until every message is acked, and looks whether
 * anything is left behind. Never rejects for what it finds: the outcome says it, with all that is needed to
 * see it again.
 */
export async function runScenario(scenario: Scenario): Promise<Outcome> {
  const cluster = new Cluster(scenario);
  const { world } = cluster;
  const faults: unknown[] = [];
  const blame = (error: unknown): void => void faults.push(error);
  world.onFault = blame;
  world.onEvent = () => {
    check(cluster, blame);
    if (world.events === eventsMax) blame(new Error(`no end after ${eventsMax} events`));
  };
  process.on('unhandledRejection', blame);
  try {
    await live(cluster, scenario, () => faults.length > 0);
  } catch (error) {
    blame(error);
  }
  await settled();
  const outcome = outcomeOf(cluster, scenario, faults[0]);
  cluster.close();
  await settled();
  process.off('unhandledRejection', blame);
  return outcome;
}

function outcomeOf(cluster: Cluster, scenario: Scenario, fault: unknown): Outcome {
  const { world } = cluster;
  return {
    seed: scenario.seed,
    events: world.events,
    tookMs: world.elapsedMs,
    counters: countersOf(cluster),
    failure: fault === undefined ? undefined : explain(cluster, scenario, fault),
  };
}

async function live(cluster: Cluster, scenario: Scenario, hasFailed: () => boolean): Promise<void> {
  const { world, ledger } = cluster;
  const timeoutMs = 1000 * scenario.setup.timeout;
  await cluster.start();
  planFaults(cluster, scenario.faults);
  watchAgreement(cluster);
  await world.run(scenario.untilMs, hasFailed);
  const limitMs = world.elapsedMs + completeMs + timeoutsToComplete * timeoutMs;
  await world.run(limitMs, () => hasFailed() || ledger.isComplete);
  if (hasFailed()) return;
  assert(
    ledger.isComplete,
    `${ledger.missing} messages are not acked ${limitMs - scenario.untilMs} ms after the last fault`,
  );
  await world.run(world.elapsedMs + quietMs + timeoutsToForget * timeoutMs, hasFailed);
  if (hasFailed()) return;
  checkQuiet(cluster);
  for (const expectation of scenario.expectations) checkExpectation(cluster, expectation);
}

/** What holds after every event. */
function check(cluster: Cluster, blame: (error: unknown) => void): void {
  try {
    for (const container of cluster.lives()) container.check();
  } catch (error) {
    blame(error);
  }
}

/** What holds once everything is done. */
function checkQuiet(cluster: Cluster): void {
  const { containers, links, master } = cluster;
  assert.equal(cluster.zombies.size, 0, 'a container that was replaced has not ended');
  assert(master?.process.isAlive, 'there is no topology master');
  const physical = master.master?.physical;
  assert(physical?.isComplete, 'the plan is not complete');
  assert.equal(physical.status, 'ACTIVE', 'the status of the plan');
  for (const container of containers.values()) {
    container.checkQuiet();
    const { name } = container.process;
    assert.equal(container.manager?.physical?.epoch, physical.epoch, `${name} does not hold the newest plan`);
    const open = [...links.endsOf(container.process)].map((end) => end.other.process.name).sort();
    const expected = [...containers.values()].filter((each) => each !== container);
    const names = [...expected, ...expected].map((each) => each.process.name);
    assert.deepEqual(open, [...names, master.process.name].sort(), `connections of ${name}`);
  }
}

function checkExpectation(cluster: Cluster, { counter, relation, value }: Expectation): void {
  const found = countersOf(cluster).get(counter) ?? 0;
  const holds = relation === '>=' ? found >= value : relation === '<=' ? found <= value : found === value;
  assert(holds, `${counter} is ${found}, expected ${relation} ${value}`);
}

/** Logged events and faults by name, and what the ledger counts. */
function countersOf(cluster: Cluster): ReadonlyMap<string, number> {
  const { acked, replayed } = cluster.ledger;
  return new Map([...cluster.observer.counters, ['acked', acked], ['replayed', replayed]]);
}

function explain(cluster: Cluster, scenario: Scenario, fault: unknown): string {
  const reason = fault instanceof Error ? (fault.stack ?? fault.message) : String(fault);
  return [
    `seed ${scenario.seed} failed after ${cluster.world.elapsedMs.toFixed(2)} simulated ms: ${reason}`,
    'The last that happened:',
    cluster.observer.transcript(),
    'At the end:',
    ...[...cluster.lives()].flatMap((container) => [...container.describe()]),
    'As a scenario:',
    printScenario(scenario),
  ].join('\n');
}
