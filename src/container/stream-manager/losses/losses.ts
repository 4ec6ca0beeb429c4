import { systemComponentIds, type TaskId, type TopologyIndex } from '../../../topology/index.ts';
import type { LossReport } from '../../links/index.ts';

/**
 * What the loss of tasks (their process ended, or cannot be reached) means for the trees of tuples: trees followed by a
 * lost acker will not complete, and those of spouts above a lost task may not. Undefined when nobody follows trees.
 */
export function lossReport(topology: TopologyIndex, tasks: readonly TaskId[]): LossReport | undefined {
  if (tasks.length === 0 || topology.tasksOf(systemComponentIds.acker).length === 0) return undefined;
  const lost = new Set(tasks.flatMap((task) => topology.componentOf(task) ?? []));
  const above = new Set<string>();
  const climb = (componentId: string): void => {
    for (const { sourceComponentId } of topology.component(componentId)?.inputs ?? []) {
      if (isSystem(sourceComponentId) || above.has(sourceComponentId)) continue;
      above.add(sourceComponentId);
      climb(sourceComponentId);
    }
  };
  for (const componentId of lost) if (!isSystem(componentId)) climb(componentId);
  const spouts = [...above].filter((id) => topology.component(id)?.kind === 'spout');
  const spoutTasks = spouts.flatMap((id) => topology.tasksOf(id)).sort((one, other) => one - other);
  return { type: 'lost', tasks, spouts: spoutTasks };
}

function isSystem(componentId: string): boolean {
  return componentId.startsWith('__');
}

/** The two connections with a peer: over one we get its tuples, over the other it gets ours. */
export type LinkSide = 'in' | 'out';

/**
 * When the loss of a peer is to be announced: when the first of two established connections breaks. The second one of
 * the same death is no news, nor is what fails before both stood.
 */
export class PeerLinks {
  readonly #up = new Map<number, Set<LinkSide>>();
  readonly #whole = new Set<number>();

  opened(peer: number, side: LinkSide): void {
    const up = this.#up.get(peer) ?? new Set();
    this.#up.set(peer, up.add(side));
    if (up.size === 2) this.#whole.add(peer);
  }

  /** True when the peer is to be taken for lost now. */
  closed(peer: number, side: LinkSide): boolean {
    this.#up.get(peer)?.delete(side);
    return this.#whole.delete(peer);
  }
}
