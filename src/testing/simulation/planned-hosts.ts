import type { HostPlace } from '../../container/stream-manager/index.ts';
import type { PackingPlan, PlannedTask } from '../../topology/index.ts';

export interface PlannedHost {
  readonly name: string;
  readonly tasks: readonly PlannedTask[];
  readonly isAcker: boolean;
}

/**
 * The hosts that a container has by its packing plan: one for each shell task and acker, one for all tasks of
 * a JVM.
 */
export function planHosts(packing: PackingPlan, containerId: number): PlannedHost[] {
  const own = packing.tasks.filter((task) => task.containerId === containerId);
  const together = own.filter((task) => task.host === 'jvm');
  const hosts: PlannedHost[] = own
    .filter((task) => task.host !== 'jvm')
    .map((task) => ({
      name: `${task.host === 'system' ? 'acker' : 'shell'}-${task.taskId}`,
      ...{ tasks: [task], isAcker: task.host === 'system' },
    }));
  if (together.length > 0) hosts.push({ name: 'together', tasks: together, isAcker: false });
  return hosts;
}

export function placeOf({ name, tasks }: PlannedHost): HostPlace {
  const ids = tasks.map(({ taskId }) => taskId);
  return { name, tasks: ids, key: ids.join() };
}
