import { seededRandom } from '../../base/index.ts';
import {
  type BoltShape,
  type Edge,
  type Fault,
  type Scenario,
  type Setup,
  type SpoutShape,
  setupDefaults,
} from './scenario.ts';
import { World } from './world.ts';

/**
 * A scenario by chance: a topology, bounds that are small enough to be reached, and faults for some seconds.
 */
export function generateScenario(seed: number): Scenario {
  // Only for its chances: what is drawn here must not depend on what happens in the run.
  const chance = new World(seededRandom(seed ^ 0x5eed));
  const untilMs = chance.integer(2000, 9000);
  let parts = makeParts(chance, untilMs);
  let setup = makeSetup(chance, parts);
  while (setup.timeout > timeoutSecsMax) {
    parts = makeParts(chance, untilMs);
    setup = makeSetup(chance, parts);
  }
  const { spouts, bolts } = parts;
  const faults = makeFaults(chance, { setup, untilMs, tasks: countTasks(setup, spouts, bolts) });
  return { seed, setup, spouts, bolts, faults, untilMs, expectations: [] };
}

/** What takes longer than this to get through is left out. */
const timeoutSecsMax = 20;

interface Parts {
  readonly spouts: readonly SpoutShape[];
  readonly bolts: readonly BoltShape[];
}

function makeParts(chance: World, untilMs: number): Parts {
  const spouts = makeSpouts(chance, untilMs);
  return { spouts, bolts: makeBolts(chance, spouts) };
}

function makeSpouts(chance: World, untilMs: number): SpoutShape[] {
  return Array.from({ length: chance.chance(0.3) ? 2 : 1 }, (_, index) => {
    const ids = chance.integer(20, 80);
    const burst = chance.pick([1, 1, 5, 20]);
    // Most of it while things go wrong.
    const every = Math.max(1, Math.floor((chance.between(0.3, 1) * untilMs * burst) / ids));
    return {
      id: `s${index}`,
      tasks: chance.pick([1, 1, 2]),
      ids,
      pending: chance.integer(5, 60),
      every,
      burst,
    };
  });
}

function makeBolts(chance: World, spouts: readonly SpoutShape[]): BoltShape[] {
  const count = chance.integer(1, 5);
  const hasCycle = chance.chance(0.25);
  const slowest = chance.chance(0.4) ? chance.integer(0, count - 1) : -1;
  const bolts = Array.from({ length: count }, (_, index) => ({
    id: `b${index}`,
    tasks: chance.integer(1, 3),
    from: inputsOf(chance, index, {
      spouts,
      isBack: hasCycle && index === 0 && count > 1 ? `b${count - 1}` : '',
    }),
    service: index === slowest ? chance.pick([5, 10, 20]) : chance.pick([0, 0, 0, 0.5, 2]),
    fan: !hasCycle && chance.chance(0.15) ? 2 : 1,
    fail: chance.chance(0.15) ? 0.02 : 0,
    forget: chance.chance(0.1) ? 0.02 : 0,
    resets: chance.chance(0.1) ? 0.1 : 0,
    joins: !hasCycle && chance.chance(0.15) ? 1 : 0,
  }));
  return bolts;
}

function inputsOf(
  chance: World,
  index: number,
  options: { readonly spouts: readonly SpoutShape[]; readonly isBack: string },
): Edge[] {
  const sources = [
    ...options.spouts.map(({ id }) => id),
    ...Array.from({ length: index }, (_, i) => `b${i}`),
  ];
  // The newest source is always read, so that there are chains; others make diamonds.
  const from: Edge[] = [{ from: index === 0 ? sources[0]! : sources.at(-1)!, kind: 'one' }];
  for (const source of sources) {
    if (from.some((edge) => edge.from === source)) continue;
    const isSpout = source.startsWith('s');
    if (!chance.chance(isSpout && index === 0 ? 1 : 0.25)) continue;
    from.push({ from: source, kind: chance.pick(['one', 'one', 'all', 'loose'] as const) });
  }
  if (options.isBack !== '') from.push({ from: options.isBack, kind: 'back' });
  return from;
}

function makeSetup(chance: World, parts: Parts): Setup {
  const setup: Setup = {
    ...setupDefaults,
    containers: chance.pick([1, 2, 2, 3, 3, 4]),
    ackers: chance.chance(0.05) ? 0 : chance.pick([1, 1, 2, 3]),
    lease: chance.pick([600, 1500, 4000]),
    window: chance.pick([2048, 16_384, 131_072]),
    padding: chance.pick([10, 100, 1000, 4000, 12_000]),
    together: chance.pick([0, 1]),
    spread: 0,
    queueHigh: chance.pick([2048, 8192, 32_768, 65_536]),
    queueLow: chance.pick([1, 1024]),
    drop: maySurviveDrops(parts) && chance.chance(0.3) ? 1 : 0,
  };
  return { ...setup, timeout: timeoutFor(chance, setup, parts) };
}

function hasCycle({ bolts }: Parts): boolean {
  return bolts.some((bolt) => bolt.from.some(({ kind }) => kind === 'back'));
}

/** Where one tuple makes many, a tree may never get through whole while some of it is dropped. */
function maySurviveDrops({ bolts }: Parts): boolean {
  const sources = bolts.flatMap(({ from }) => from.map((edge) => edge.from));
  const isChain = new Set(sources).size === sources.length;
  return isChain && bolts.every(({ fan, from }) => fan === 1 && from.every(({ kind }) => kind === 'one'));
}

/**
 * Long enough that a topology at rest gets everything that is pending through in time, several times over.
 */
function timeoutFor(chance: World, setup: Setup, { spouts, bolts }: Parts): number {
  const pending = spouts.reduce((sum, spout) => sum + spout.tasks * spout.pending, 0);
  const rounds = hasCycle({ spouts, bolts }) ? 3 : 1;
  const copies = new Map<string, number>(spouts.map(({ id }) => [id, 1]));
  let workMs = 0;
  let bytes = 0;
  for (const bolt of bolts) {
    const received = bolt.from.reduce((sum, { from, kind }) => {
      const emitted = (copies.get(from) ?? 0) * (kind === 'all' ? bolt.tasks : 1);
      return sum + (kind === 'back' ? 0 : emitted);
    }, 0);
    copies.set(bolt.id, received * bolt.fan);
    workMs = Math.max(workMs, (pending * received * rounds ** 2 * bolt.service) / bolt.tasks);
    bytes += pending * received * rounds ** 2 * (setup.padding + 60);
  }
  // 1000 bytes a ms is the slowest link that is whole.
  const leastSecs = Math.ceil((4 * (workMs + bytes / 1000)) / 1000);
  return Math.max(chance.pick([2, 3, 5, 10]), leastSecs);
}

function countTasks(setup: Setup, spouts: readonly SpoutShape[], bolts: readonly BoltShape[]): number {
  return setup.ackers + [...spouts, ...bolts].reduce((sum, { tasks }) => sum + tasks, 0);
}

interface FaultRoom {
  readonly setup: Setup;
  readonly untilMs: number;
  readonly tasks: number;
}

function makeFaults(chance: World, room: FaultRoom): Fault[] {
  const count = chance.chance(0.05) ? 0 : chance.integer(1, 8);
  const faults = Array.from({ length: count }, () => makeFault(chance, room));
  return faults.sort((one, other) => one.atMs - other.atMs);
}

type MakeFault = (chance: World, room: FaultRoom) => Omit<Fault, 'atMs' | 'kind'>;

const lasting = (chance: World, room: FaultRoom, share = 0.3): number =>
  Math.round(chance.between(20, share * room.untilMs));
const container = (chance: World, { setup }: FaultRoom): number => chance.integer(1, setup.containers);
/** Two different places; 0 is the master. */
const pair = (chance: World, { setup }: FaultRoom): number[] => {
  const one = chance.integer(0, setup.containers);
  const other = chance.integer(0, setup.containers - 1);
  return [one, other >= one ? other + 1 : other];
};

const makers: Readonly<Record<string, MakeFault>> = {
  'crash-container': (chance, room) =>
    fault([container(chance, room)], { for: lasting(chance, room, 0.2), silent: chance.chance(0.3) ? 1 : 0 }),
  'stop-container': (chance, room) => fault([container(chance, room)], { for: lasting(chance, room) }),
  zombie: (chance, room) => {
    const after = lasting(chance, room);
    return fault([container(chance, room)], { after, for: after + lasting(chance, room) });
  },
  'crash-host': (chance, room) =>
    fault([chance.integer(1, room.tasks)], chance.chance(0.4) ? {} : { for: lasting(chance, room) }),
  'stop-host': (chance, room) => fault([chance.integer(1, room.tasks)], { for: lasting(chance, room) }),
  'crash-master': (chance, room) => fault([], { for: lasting(chance, room) }),
  'zombie-master': (chance, room) => {
    const after = lasting(chance, room);
    return fault([], { after, for: after + lasting(chance, room) });
  },
  cut: (chance, room) => fault(pair(chance, room), { for: lasting(chance, room, 0.5) }),
  'cut-store': (chance, room) =>
    fault([chance.integer(0, room.setup.containers)], { for: lasting(chance, room, 0.5) }),
  reset: (chance, room) => fault(pair(chance, room), { half: chance.chance(0.4) ? 1 : 0 }),
  slow: (chance, room) =>
    fault(pair(chance, room), { for: lasting(chance, room), bytes: chance.pick([1, 5, 50]) }),
  'store-away': (chance, room) => fault([], { for: lasting(chance, room, 0.6) }),
  'store-slow': (chance, room) => fault([], { for: lasting(chance, room), ms: chance.integer(20, 600) }),
  'store-emptied': (chance) =>
    fault([], { for: chance.integer(0, 2000), behind: chance.chance(0.5) ? 0 : chance.integer(0, 20_000) }),
  'store-back': (chance, room) => fault([], { by: lasting(chance, room, 0.5), for: chance.integer(0, 2000) }),
  deactivate: (chance, room) => fault([], { for: lasting(chance, room) }),
  repack: (chance, room) => fault([chance.integer(1, room.tasks), container(chance, room)], {}),
  'late-plan': (chance, room) => fault([container(chance, room)], { by: chance.integer(1, 3) }),
};

function makeFault(chance: World, room: FaultRoom): Fault {
  const kind = chance.pick(Object.keys(makers));
  const { places, options } = makers[kind]!(chance, room);
  const lastsMs = Math.max(0, ...Object.values(options));
  const atMs = Math.round(chance.between(100, Math.max(200, room.untilMs - lastsMs)));
  return { atMs, kind, places, options };
}

function fault(places: readonly number[], options: Readonly<Record<string, number>>): ReturnType<MakeFault> {
  return { places, options };
}
