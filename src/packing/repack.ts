import {
  computeExecutors,
  type PackingPlan,
  type PlannedContainer,
  type PlannedExecutor,
} from '../topology/index.ts';
import { decideHosts, type HostPreference, hostPreferences } from './hosts.ts';
import {
  noFreeSlot,
  type PackingRequest,
  type PackingResult,
  readWorkers,
  shortageOf,
  tasksOf,
} from './request.ts';
import { packRoundRobin } from './round-robin.ts';
import { sortSlots } from './slots.ts';

export interface RepackingRequest extends PackingRequest {
  readonly before: PackingPlan;
  /** Ids of containers that still run although a packing plan left them out: these ids are not reused. */
  readonly leavingIds?: readonly number[];
}

/** An executor and where its tasks are now. */
interface Placed extends PlannedExecutor {
  /** Container -> how many tasks of this executor are in it. Invariant: no entry is 0. */
  readonly tasksIn: ReadonlyMap<number, number>;
  /** The container that has most of them; undefined when it has no task in a container of the plan before. */
  readonly home: number | undefined;
  /** What a move loses, besides time: see moveCosts. */
  readonly cost: number;
}

/**
 * Packs a running topology again and moves as few tasks as possible: a container that is still wanted keeps
 * its id, its slot, and its executors as far as an even share allows. Executors per container differ by one
 * at most, as from Storm's EvenScheduler. With fewer workers, the containers with the fewest executors go;
 * with more, new ones take the lowest free ids. Returns the plan `before` itself when nothing changes,
 * otherwise one of the next version.
 *
 * When several executors could move, the one that loses least moves: first a shell bolt, then a spout, which
 * knows its pending trees, then a task of a JVM, which restarts with every change, last an acker.
 */
export function repack(request: RepackingRequest): PackingResult {
  const { before, topologyId, systemTopology, conf, codeVersion = 0 } = request;
  if (before.containers.length === 0) return packRoundRobin(request, before.version + 1);
  const workers = readWorkers(conf);
  const executors = computeExecutors(systemTopology, request.executors);
  const wanted = Math.min(workers, executors.length);
  const preferences = hostPreferences(systemTopology);
  const spouts = new Set(systemTopology.components.filter(({ kind }) => kind !== 'bolt').map(({ id }) => id));
  const costOf = ({ componentId }: PlannedExecutor): number =>
    moveCosts[preferences.get(componentId)!] + (spouts.has(componentId) ? spoutCost : 0);
  const containerOfTask = new Map(before.tasks.map(({ taskId, containerId }) => [taskId, containerId]));
  const placed = executors.map((executor) => locate(executor, containerOfTask, costOf(executor)));
  const containers = chooseContainers(request, placed, wanted);
  if (containers.length === 0) return noFreeSlot(topologyId, workers);
  const containerOf = share(
    placed,
    containers.map(({ containerId }) => containerId),
  );
  const dealt = placed.flatMap((executor) => tasksOf(executor, containerOf.get(executor)!));
  const tasks = decideHosts(preferences, dealt);
  const unversioned = { topologyId, version: before.version, codeVersion, containers, tasks };
  const isSame = JSON.stringify(unversioned) === JSON.stringify(inOrder(before));
  return {
    kind: 'packed',
    packing: isSame ? before : { ...unversioned, version: before.version + 1 },
    shortage: shortageOf(topologyId, workers, { wanted, found: containers.length, verb: 'its' }),
  };
}

/** The order in which executors move: the higher the cost, the later. */
const moveCosts: Readonly<Record<HostPreference, number>> = { shell: 0, jvm: 2, system: 4, either: 4 };
const spoutCost = 1;

function locate(
  executor: PlannedExecutor,
  containerOfTask: ReadonlyMap<number, number>,
  cost: number,
): Placed {
  const [first, last] = executor.executor;
  const tasksIn = new Map<number, number>();
  for (let taskId = first; taskId <= last; taskId++) {
    const containerId = containerOfTask.get(taskId);
    if (containerId !== undefined) tasksIn.set(containerId, (tasksIn.get(containerId) ?? 0) + 1);
  }
  return { ...executor, tasksIn, home: mostOf(tasksIn), cost };
}

/** The containers that stay and, for those that are missing, new ones in free slots, ordered by id. */
function chooseContainers(
  { before, freeSlots, leavingIds = [] }: RepackingRequest,
  placed: readonly Placed[],
  wanted: number,
): PlannedContainer[] {
  const worthOf = ({ containerId }: PlannedContainer): readonly [executors: number, cost: number] => {
    const own = placed.filter(({ home }) => home === containerId);
    return [own.length, own.reduce((sum, { cost }) => sum + cost, 0)];
  };
  const worths = new Map(before.containers.map((container) => [container, worthOf(container)]));
  const staying = before.containers
    .toSorted((a, b) => {
      const [executorsA, costA] = worths.get(a)!;
      const [executorsB, costB] = worths.get(b)!;
      return executorsB - executorsA || costB - costA || a.containerId - b.containerId;
    })
    .slice(0, wanted);
  const taken = new Set([...before.containers.map(({ containerId }) => containerId), ...leavingIds]);
  const added = sortSlots(freeSlots)
    .slice(0, wanted - staying.length)
    .map(({ port, nodeId, hostname }) => {
      const containerId = lowestFree(taken);
      taken.add(containerId);
      return { containerId, slotPort: port, nodeId, hostname };
    });
  return [...staying, ...added].sort((a, b) => a.containerId - b.containerId);
}

/**
 * Assigns a container to every executor. Each container keeps the executors that are at home there up to its
 * share, first those with most tasks there. The containers that take one executor more than the least share
 * are those where that saves most moves. The remaining executors go, in the order of tasks, where they have
 * tasks already, otherwise where their component has the fewest executors.
 */
function share(placed: readonly Placed[], containerIds: readonly number[]): Map<Placed, number> {
  const least = Math.floor(placed.length / containerIds.length);
  const own = new Map(
    containerIds.map((id) => [
      id,
      placed.filter(({ home }) => home === id).sort((a, b) => stayOrder(a, b, id)),
    ]),
  );
  const saving = (id: number): number => own.get(id)![least]?.tasksIn.get(id) ?? 0;
  const withMore = new Set(
    containerIds
      .toSorted((a, b) => saving(b) - saving(a) || a - b)
      .slice(0, placed.length % containerIds.length),
  );
  const roomOf = new Map(containerIds.map((id) => [id, least + (withMore.has(id) ? 1 : 0)]));
  const containerOf = new Map<Placed, number>();
  const settle = (executor: Placed, id: number): void => {
    containerOf.set(executor, id);
    roomOf.set(id, roomOf.get(id)! - 1);
  };
  for (const id of containerIds) for (const each of own.get(id)!.slice(0, roomOf.get(id))) settle(each, id);
  const kinOf = new Map<string, number>();
  for (const [{ componentId }, id] of containerOf) count(kinOf, `${id} ${componentId}`);
  for (const executor of placed) {
    if (containerOf.has(executor)) continue;
    const kin = (id: number): number => kinOf.get(`${id} ${executor.componentId}`) ?? 0;
    const id = containerIds
      .filter((each) => roomOf.get(each)! > 0)
      .reduce((best, each) => {
        const gain = (executor.tasksIn.get(each) ?? 0) - (executor.tasksIn.get(best) ?? 0);
        return gain > 0 || (gain === 0 && kin(each) < kin(best)) ? each : best;
      });
    settle(executor, id);
    count(kinOf, `${id} ${executor.componentId}`);
  }
  return containerOf;
}

/** Negative: `a` stays rather than `b`. */
function stayOrder(a: Placed, b: Placed, id: number): number {
  return b.tasksIn.get(id)! - a.tasksIn.get(id)! || b.cost - a.cost || a.executor[0] - b.executor[0];
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function mostOf(tasksIn: ReadonlyMap<number, number>): number | undefined {
  const [best] = [...tasksIn].sort(([a, tasksA], [b, tasksB]) => tasksB - tasksA || a - b);
  return best?.[0];
}

function lowestFree(taken: ReadonlySet<number>): number {
  for (let id = 1; ; id++) if (!taken.has(id)) return id;
}

/**
 * The plan with its members in the order in which this file makes them, so that equal plans are equal as
 * JSON.
 */
function inOrder({ topologyId, version, codeVersion, containers, tasks }: PackingPlan): PackingPlan {
  return {
    ...{ topologyId, version, codeVersion },
    containers: containers
      .map(({ containerId, slotPort, nodeId, hostname }) => ({ containerId, slotPort, nodeId, hostname }))
      .sort((a, b) => a.containerId - b.containerId),
    tasks: tasks
      .map(({ taskId, componentId, executor, containerId, host }) => ({
        ...{ taskId, componentId, executor, containerId, host },
      }))
      .sort((a, b) => a.taskId - b.taskId),
  };
}
