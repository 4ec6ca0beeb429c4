import { GatewayError } from '../../base/index.ts';
import type { PackingPlan, PlannedTask, TaskId } from '../../topology/index.ts';
import { type HostKind, hostKinds } from './kinds.ts';

/** A host that a container must have. */
export interface PlannedHost {
  readonly name: string;
  /** Two hosts of one name and key are the same host. */
  readonly key: string;
  readonly tasks: readonly PlannedTask[];
  readonly kind: HostKind;
}

/**
 * The hosts of a container by a packing plan, in the order of the table. Throws `TOPOLOGY_INVALID` for a task
 * whose kind of host is unknown.
 */
export function planHosts(
  packing: PackingPlan,
  containerId: number,
  kinds: readonly HostKind[] = hostKinds,
): readonly PlannedHost[] {
  return hostsOf(
    packing.tasks.filter((task) => task.containerId === containerId),
    kinds,
  );
}

export function taskIdsOf(host: PlannedHost): readonly TaskId[] {
  return host.tasks.map((task) => task.taskId);
}

/** Tasks that forget their trees when one packing plan follows another. */
export function tasksThatForget(
  before: PackingPlan,
  after: PackingPlan,
  kinds: readonly HostKind[] = hostKinds,
): readonly TaskId[] {
  const tasksAfter = byContainer(after.tasks);
  return [...byContainer(before.tasks)].flatMap(([containerId, tasks]) => {
    const hostsAfter = hostsOf(tasksAfter.get(containerId) ?? [], kinds);
    const keysAfter = new Map(hostsAfter.map(({ name, key }) => [name, key]));
    return hostsOf(tasks, kinds)
      .filter(({ kind, name, key }) => kind.forgetsTrees && keysAfter.get(name) !== key)
      .flatMap(taskIdsOf);
  });
}

/** The kind of the host of this name. */
export function kindOfHost(name: string, kinds: readonly HostKind[] = hostKinds): HostKind | undefined {
  return kinds.find((kind) => (kind.isShared ? name === kind.name : name.startsWith(`${kind.name}-`)));
}

function byContainer(tasks: readonly PlannedTask[]): ReadonlyMap<number, readonly PlannedTask[]> {
  const found = new Map<number, PlannedTask[]>();
  for (const task of tasks) {
    const own = found.get(task.containerId);
    if (own === undefined) found.set(task.containerId, [task]);
    else own.push(task);
  }
  return found;
}

/** The hosts of the tasks of one container. */
function hostsOf(tasks: readonly PlannedTask[], kinds: readonly HostKind[]): readonly PlannedHost[] {
  const ofKind = new Map(kinds.map((kind) => [kind, [] as PlannedTask[]]));
  for (const task of tasks.toSorted((a, b) => a.taskId - b.taskId)) {
    ofKind.get(kindOf(task, kinds))!.push(task);
  }
  return [...ofKind].flatMap(([kind, own]) => {
    if (!kind.isShared) return own.map((task) => hostOf(kind, `${kind.name}-${task.taskId}`, [task]));
    return own.length === 0 ? [] : [hostOf(kind, kind.name, own)];
  });
}

function hostOf(kind: HostKind, name: string, tasks: readonly PlannedTask[]): PlannedHost {
  return { name, key: tasks.map((task) => kind.keyOf(task)).join(), tasks, kind };
}

function kindOf(task: PlannedTask, kinds: readonly HostKind[]): HostKind {
  const { taskId, componentId, host } = task;
  const kind = kinds.find(
    (each) =>
      each.host === host &&
      (each.componentPrefix === undefined || componentId.startsWith(each.componentPrefix)),
  );
  if (kind !== undefined) return kind;
  throw new GatewayError(
    'TOPOLOGY_INVALID',
    `Cannot run task ${taskId} of component ${componentId}: the packing plan gives it a host of kind ${JSON.stringify(host)}, ` +
      `this container has [${kinds.map((each) => each.host).join(', ')}]. Do the containers run the same version of Egret?`,
    { facts: { taskId, componentId, host } },
  );
}
