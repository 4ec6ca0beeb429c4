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
  /** Ids of containers that still run although a plan left them out: not to be given again. */
  readonly leavingIds?: readonly number[];
}

/** An executor and where its tasks are now. */
interface Placed extends PlannedExecutor {
  /** Container -> how many of its tasks are there. */
  readonly tasksIn: ReadonlyMap<number, number>;
  /** Where most of them are; undefined when the containers they were in are gone. */
  readonly home: number | undefined;
  /** What is lost when it moves, besides the time: see moveCosts. */
  readonly cost: number;
}

/**
 * Repacks a topology, moving as few tasks as possible: a container that is still wanted keeps its id, its
 * slot, and its executors as far as an even share allows. Executors per container differ by one at most, as
 * from Storm's EvenScheduler. With fewer workers those containers go that have least; with more, new ones
 * take the lowest ids that are free. The answer is the plan itself when nothing changes, and one of the next
 * version otherwise.
 *
 * Where moving one executor is as good as moving another, that one moves which loses less: a shell bolt
 * rather than a spout, which knows its pending trees, rather than what runs in a JVM, which starts again with
 * every change, rather than an acker.
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

/** The order in which executors would rather move: the higher, the later. */
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

/** Those that stay and, for what is missing, new ones in free slots; by id. */
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
 * Gives every executor a container. Each container keeps the executors that are at home there up to its
 * share, those first that have most tasks there; one executor more than the least share goes where that saves
 * most. The rest goes, in the order of tasks, where it has tasks already, else where its component has fewest
 * executors.
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

/** Negative: `a` rather stays. */
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

/** With its members in the order in which plans are made here, so that equal plans are equal texts. */
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
