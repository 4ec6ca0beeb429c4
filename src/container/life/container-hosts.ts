import type { Clock, JsonObject, Logger, RandomSource } from '../../base/index.ts';
import type { DistributedLog } from '../../dlog/index.ts';
import type { ContainerSpec } from '../../records/index.ts';
import {
  logComponentPrefixes,
  type PackingPlan,
  type PlannedTask,
  type TaskId,
  type TopologyIndex,
} from '../../topology/index.ts';
import type { Outlet, TaskHost } from '../links/index.ts';
import type { MetricsRegistry } from '../metrics-manager/index.ts';
import type { HostExit } from '../task-hosts/deps.ts';
import type { LogHostDeps } from '../task-hosts/durable/index.ts';

/** A host that a container must have: its tasks, and how to make it. */
export interface PlannedHost {
  readonly name: string;
  readonly tasks: readonly PlannedTask[];
  readonly open: (deps: LogHostDeps) => Promise<TaskHost>;
}

/**
 * The hosts of a container by a plan: one JVM for all its Java tasks, one process for each shell task, and
 * for each system task a host of its own (an acker, one side of a log), so that one that stays keeps its
 * trees when another moves. Only the code of kinds that occur is loaded: modules take time that the first
 * tuple waits for.
 */
export function planHosts(packing: PackingPlan, containerId: number): readonly PlannedHost[] {
  const own = packing.tasks.filter((task) => task.containerId === containerId);
  const ofKind = (kind: PlannedTask['host']): readonly PlannedTask[] =>
    own.filter((task) => task.host === kind);
  const hosts: PlannedHost[] = ofKind('shell').map((task) => ({
    name: `shell-${task.taskId}`,
    tasks: [task],
    open: async (deps) => new (await import('../task-hosts/shell/index.ts')).ShellHost(deps),
  }));
  if (ofKind('jvm').length > 0) {
    const open: PlannedHost['open'] = async (deps) =>
      new (await import('../task-hosts/jvm/index.ts')).JvmHost(deps);
    hosts.push({ name: 'jvm', tasks: ofKind('jvm'), open });
  }
  for (const task of ofKind('system')) hosts.push(systemHost(task));
  return hosts;
}

function systemHost(task: PlannedTask): PlannedHost {
  const { taskId, componentId } = task;
  if (componentId.startsWith(logComponentPrefixes.sink)) {
    const open: PlannedHost['open'] = async (deps) =>
      new (await import('../task-hosts/durable/index.ts')).LogSinkHost(deps);
    return { name: `log-sink-${taskId}`, tasks: [task], open };
  }
  if (componentId.startsWith(logComponentPrefixes.source)) {
    const open: PlannedHost['open'] = async (deps) =>
      new (await import('../task-hosts/durable/index.ts')).LogSourceHost(deps);
    return { name: `log-source-${taskId}`, tasks: [task], open };
  }
  const open: PlannedHost['open'] = async (deps) =>
    new (await import('../task-hosts/system/index.ts')).AckerHost(deps);
  return { name: `acker-${taskId}`, tasks: [task], open };
}

export function taskIdsOf(host: PlannedHost): readonly TaskId[] {
  return host.tasks.map((task) => task.taskId);
}

export interface SharedHostDeps {
  readonly spec: ContainerSpec;
  readonly conf: JsonObject;
  readonly topology: TopologyIndex;
  readonly outlet: Outlet;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
  readonly metrics: MetricsRegistry;
  readonly pidDir: string;
  readonly openLog: () => Promise<DistributedLog>;
}

/** Makes one life of a planned host. */
export async function makeHost(
  host: PlannedHost,
  shared: SharedHostDeps,
  onExit: (exit: HostExit) => void,
): Promise<TaskHost> {
  return host.open({ ...shared, tasks: host.tasks, log: shared.log.child({ host: host.name }), onExit });
}
