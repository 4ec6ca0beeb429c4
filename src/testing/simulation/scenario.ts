import { strict as assert } from 'node:assert';

/**
 * A run of the simulation, whole: what is set up, what goes wrong when, and what is expected beyond the
 * invariants. One statement a line, `#` begins a comment. With its seed it repeats to the last byte.
 *
 *   seed 7
 *   setup containers=3 ackers=1 timeout=5 lease=1500
 *   spout s tasks=1 ids=100 pending=20 every=20 burst=2
 *   bolt b tasks=2 from=s service=1
 *   bolt c tasks=1 from=b,c:back service=2 fail=0.01
 *   at 1500 crash-container 2 for=800
 *   until 4000
 *   expect crashes >= 1
 *
 * Numbers of setup are explained at {@link Setup}, of components at {@link SpoutShape} and {@link BoltShape},
 * of faults in faults.ts, of expectations in counters.ts.
 */
export interface Scenario {
  readonly seed: number;
  readonly setup: Setup;
  readonly spouts: readonly SpoutShape[];
  readonly bolts: readonly BoltShape[];
  readonly faults: readonly Fault[];
  /** When everything is whole again, in ms from the beginning. */
  readonly untilMs: number;
  readonly expectations: readonly Expectation[];
}

export interface Setup {
  readonly containers: number;
  readonly ackers: number;
  /** Message timeout in seconds. */
  readonly timeout: number;
  /** How long the topology master's lease lives, ms. */
  readonly lease: number;
  /** Bytes that the system holds of a connection. */
  readonly window: number;
  /** Bytes added to each tuple. */
  readonly padding: number;
  /**
   * 1: all tasks of a container in one process that behaves as Storm's worker. 0: a process each, as with
   * multilang.
   */
  readonly together: number;
  /** 1: task 1 lives in container 1, task 2 in container 2 and so on, round and round. 0: by chance. */
  readonly spread: number;
  /** Bytes: `egret.stream.manager.queue.{max,high,low}.bytes`, and the marks of a task's own queue. */
  readonly queueMax: number;
  readonly queueHigh: number;
  readonly queueLow: number;
  /**
   * 1: tuples for a task under pressure are dropped, and no task is held
   * (`topology.egret.backpressure.mode`).
   */
  readonly drop: number;
}

export interface SpoutShape {
  readonly id: string;
  readonly tasks: number;
  /** Messages that each task has to get through. */
  readonly ids: number;
  /** `topology.max.spout.pending` */
  readonly pending: number;
  /** Emits `burst` messages each `every` ms. */
  readonly every: number;
  readonly burst: number;
}

export interface BoltShape {
  readonly id: string;
  readonly tasks: number;
  readonly from: readonly Edge[];
  /** Ms for each tuple. */
  readonly service: number;
  /** Copies that it emits to each subscriber. */
  readonly fan: number;
  /** Share of the tuples that it fails, and that it forgets to ack. */
  readonly fail: number;
  readonly forget: number;
  /** Share of the tuples for whose trees it asks for more time before it works on them. */
  readonly resets: number;
  /** 1: puts two tuples together, so that what it emits is anchored to both. */
  readonly joins: number;
}

/**
 * all: every task gets each tuple. back: a cycle, for tuples that have not been round too often. loose: not
 * anchored.
 */
export type EdgeKind = 'one' | 'all' | 'back' | 'loose';

export interface Edge {
  readonly from: string;
  readonly kind: EdgeKind;
}

export interface Fault {
  readonly atMs: number;
  readonly kind: string;
  readonly places: readonly number[];
  readonly options: Readonly<Record<string, number>>;
}

export interface Expectation {
  readonly counter: string;
  readonly relation: string;
  readonly value: number;
}

export const setupDefaults: Setup = {
  containers: 2,
  ackers: 1,
  timeout: 5,
  lease: 1500,
  window: 16_384,
  padding: 20,
  together: 0,
  spread: 1,
  queueMax: 65_536,
  queueHigh: 16_384,
  queueLow: 4096,
  drop: 0,
};
const spoutDefaults = { tasks: 1, ids: 50, pending: 20, every: 10, burst: 1 };
const boltDefaults = { tasks: 1, service: 0, fan: 1, fail: 0, forget: 0, resets: 0, joins: 0 };

/** Throws an `AssertionError` that names the line. */
export function parseScenario(text: string): Scenario {
  const scenario = {
    seed: 1,
    setup: setupDefaults,
    spouts: [] as SpoutShape[],
    bolts: [] as BoltShape[],
    faults: [] as Fault[],
    untilMs: 0,
    expectations: [] as Expectation[],
  };
  for (const [index, line] of text.split('\n').entries()) {
    const [keyword = '', ...words] = line.replace(/#.*/, '').trim().split(/\s+/);
    const numbers = (): Record<string, number> => optionsOf(words);
    if (keyword === '') continue;
    else if (keyword === 'seed') scenario.seed = Number(words[0]);
    else if (keyword === 'setup') scenario.setup = { ...setupDefaults, ...numbers() };
    else if (keyword === 'spout') scenario.spouts.push({ ...spoutDefaults, ...numbers(), id: words[0]! });
    else if (keyword === 'bolt')
      scenario.bolts.push({ ...boltDefaults, ...numbers(), id: words[0]!, from: edgesOf(words) });
    else if (keyword === 'at') scenario.faults.push(faultOf(words));
    else if (keyword === 'until') scenario.untilMs = Number(words[0]);
    else if (keyword === 'expect') scenario.expectations.push(expectationOf(words));
    else assert.fail(`line ${index + 1}: ${keyword} is no keyword`);
  }
  return scenario;
}

/** The text that {@link parseScenario} makes the same scenario of. */
export function printScenario(scenario: Scenario): string {
  const { seed, setup, spouts, bolts, faults, untilMs, expectations } = scenario;
  return [
    `seed ${seed}`,
    `setup ${printOptions(setup)}`,
    ...spouts.map(({ id, ...rest }) => `spout ${id} ${printOptions(rest)}`),
    ...bolts.map(({ id, from, ...rest }) => `bolt ${id} from=${printEdges(from)} ${printOptions(rest)}`),
    ...faults.map(({ atMs, kind, places, options }) =>
      ['at', atMs, kind, ...places, printOptions(options)].join(' ').trim(),
    ),
    `until ${untilMs}`,
    ...expectations.map(({ counter, relation, value }) => `expect ${counter} ${relation} ${value}`),
    '',
  ].join('\n');
}

function faultOf(words: readonly string[]): Fault {
  const [atMs, kind, ...rest] = words;
  const places = rest.filter((word) => !word.includes('=')).map(Number);
  return { atMs: Number(atMs), kind: kind!, places, options: optionsOf(rest) };
}

function expectationOf(words: readonly string[]): Expectation {
  const [counter, relation, value] = words;
  return { counter: counter!, relation: relation!, value: Number(value) };
}

function optionsOf(words: readonly string[]): Record<string, number> {
  const pairs = words.filter((word) => word.includes('=') && !word.startsWith('from='));
  return Object.fromEntries(
    pairs.map((pair) => {
      const [key, value] = pair.split('=');
      assert(Number.isFinite(Number(value)), `${pair}: expected a number`);
      return [key!, Number(value)];
    }),
  );
}

function edgesOf(words: readonly string[]): Edge[] {
  const text = words.find((word) => word.startsWith('from='))?.slice('from='.length) ?? '';
  return text.split(',').map((edge) => {
    const [from, kind] = edge.split(':');
    return { from: from!, kind: (kind ?? 'one') as EdgeKind };
  });
}

function printEdges(edges: readonly Edge[]): string {
  return edges.map(({ from, kind }) => (kind === 'one' ? from : `${from}:${kind}`)).join();
}

function printOptions(options: object): string {
  return Object.entries(options)
    .map(([key, value]) => `${key}=${value}`)
    .join(' ');
}
