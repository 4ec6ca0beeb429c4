import { isSystemId, systemComponentIds, type TaskId, type TopologyIndex } from '../../../topology/index.ts';
import type { LossReport } from '../../links/index.ts';

/**
 * What the loss of tasks (their process ended, or cannot be reached) means for tuple trees: trees that a lost
 * acker followed will not complete, and those of spouts upstream of a lost task may not. Undefined when no
 * acker follows trees.
 */
export function lossReport(topology: TopologyIndex, tasks: readonly TaskId[]): LossReport | undefined {
  if (tasks.length === 0 || topology.tasksOf(systemComponentIds.acker).length === 0) return undefined;
  const lost = new Set(tasks.flatMap((task) => topology.componentOf(task) ?? []));
  const above = new Set<string>();
  const climb = (componentId: string): void => {
    for (const { sourceComponentId } of topology.component(componentId)?.inputs ?? []) {
      if (isSystemId(sourceComponentId) || above.has(sourceComponentId)) continue;
      above.add(sourceComponentId);
      climb(sourceComponentId);
    }
  };
  for (const componentId of lost) if (!isSystemId(componentId)) climb(componentId);
  const spouts = [...above].filter((id) => topology.component(id)?.kind === 'spout');
  const spoutTasks = spouts.flatMap((id) => topology.tasksOf(id)).sort((one, other) => one - other);
  return { type: 'lost', tasks, spouts: spoutTasks };
}
