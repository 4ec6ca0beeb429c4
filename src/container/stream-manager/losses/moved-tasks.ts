import type { PackingPlan, PlannedTask, TaskId } from '../../../topology/index.ts';

/**
 * Tasks that forget their trees when one packing plan follows another: ackers that move, and all tasks of a
 * JVM that restarts because its executors change. A shell bolt that moves fails what it holds by itself.
 */
export function tasksThatForget(before: PackingPlan, after: PackingPlan): readonly TaskId[] {
  const placeNow = new Map(after.tasks.map((task) => [task.taskId, `${task.containerId} ${task.host}`]));
  const jvmsBefore = jvmsOf(before.tasks);
  const jvmsNow = jvmsOf(after.tasks);
  return before.tasks
    .filter(({ taskId, containerId, host }) => {
      if (host === 'jvm') return jvmsNow.get(containerId) !== jvmsBefore.get(containerId);
      return host === 'system' && placeNow.get(taskId) !== `${containerId} ${host}`;
    })
    .map(({ taskId }) => taskId);
}

/** The executors of each container's JVM, as text. */
function jvmsOf(tasks: readonly PlannedTask[]): ReadonlyMap<number, string> {
  const jvms = new Map<number, string>();
  for (const { taskId, executor, containerId, host } of tasks.toSorted((a, b) => a.taskId - b.taskId)) {
    if (host === 'jvm')
      jvms.set(containerId, `${jvms.get(containerId) ?? ''} ${taskId}/${executor.join('-')}`);
  }
  return jvms;
}
