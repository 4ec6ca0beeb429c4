import {
  type ContainerSpec,
  type ErrorRecord,
  errorsKeptMax,
  keys,
  type RecordWrites,
} from '../records/index.ts';
import { isSystemId } from '../topology/index.ts';
import type { ContainerDeath } from './local-container.ts';
import { slotPortOf } from './local-container.ts';

/** From this many ends in a row on the errors speak of a crash loop. */
const crashLoopMin = 3;

/**
 * Adds the death of a container to the errors of each component that ran in it, where users look for why
 * tuples stopped.
 */
export async function reportDeath(
  writes: RecordWrites,
  death: ContainerDeath,
  at: { readonly hostname: string; readonly nowMs: number },
): Promise<void> {
  const { spec, how, restartInMs, restarts, failuresInARow } = death;
  const { topologyId, containerId } = spec;
  const loop = failuresInARow >= crashLoopMin ? `Crash loop: ended ${failuresInARow} times in a row. ` : '';
  const record: ErrorRecord = {
    error: `${loop}container ${containerId} of ${topologyId} ${how}; it is started again in ${restartInMs} ms (restart ${restarts})`,
    timeSecs: Math.floor(at.nowMs / 1000),
    host: at.hostname,
    port: slotPortOf(spec),
  };
  await Promise.all(
    componentsOf(spec).map((componentId) =>
      writes.append(keys.errors(topologyId, componentId), record, errorsKeptMax),
    ),
  );
}

/** The user's components in a container. Those that Storm adds begin with two underscores. */
function componentsOf({ plan, containerId }: ContainerSpec): readonly string[] {
  const inContainer = plan.tasks.filter((task) => task.containerId === containerId);
  return [...new Set(inContainer.map((task) => task.componentId))].filter((id) => !isSystemId(id));
}
