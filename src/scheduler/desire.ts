import type { AssignmentRecord, TopologyRecord } from '../records/index.ts';
import type { PackingPlan } from '../topology/index.ts';
import { digestContainer } from './node-files.ts';
import type { DesiredTopology } from './reconcile.ts';

export interface Desire {
  readonly desired: readonly DesiredTopology[];
  /** When the wait after the next kill is over; infinite for never. */
  readonly nextRemovalAtMs: number;
}

type Assignments = ReadonlyMap<string, AssignmentRecord>;

/** Which containers should run now: those of every topology's plan, until the wait after its kill is over. */
export function desireContainers(
  topologies: readonly TopologyRecord[],
  assigned: Assignments,
  nowMs: number,
): Desire {
  const live = topologies.filter((topology) => removalOf(topology) > nowMs);
  return {
    desired: live.map(({ id }) => {
      const { plan, leaving = [] } = assigned.get(id) ?? { plan: undefined };
      return { topologyId: id, containers: plan === undefined ? [] : containersOf(plan), leaving };
    }),
    nextRemovalAtMs: Math.min(...live.map(removalOf), Number.POSITIVE_INFINITY),
  };
}

/**
 * Topologies to be packed now, in the order in which they get slots: those that have none (who has waited
 * longest first), then those that are rebalanced, then those that run on fewer slots than they asked for, as
 * Storm's DefaultScheduler spreads them over slots that become free; last those that were given up before.
 * Killed ones run on until their time and are left as they are.
 */
export function needPacking(
  topologies: readonly TopologyRecord[],
  assigned: Assignments,
  moment: { readonly nowMs: number; readonly freeSlots: number },
): readonly TopologyRecord[] {
  const urgency = (topology: TopologyRecord): number | undefined => {
    const assignment = assigned.get(topology.id);
    if (assignment?.isGivenUp === true) return 3;
    if (assignment === undefined || assignment.plan.containers.length === 0) return 0;
    if ((topology.rebalances ?? 0) > (assignment.rebalances ?? 0)) return 1;
    const isShort = assignment.reason !== '' && topology.status !== 'REBALANCING';
    return isShort && moment.freeSlots > 0 ? 2 : undefined;
  };
  return topologies
    .filter((topology) => topology.status !== 'KILLED' && removalOf(topology) > moment.nowMs)
    .flatMap((topology) => ({ topology, urgency: urgency(topology) }))
    .filter((each): each is { topology: TopologyRecord; urgency: number } => each.urgency !== undefined)
    .sort((a, b) => a.urgency - b.urgency || a.topology.launchedAtSecs - b.topology.launchedAtSecs)
    .map(({ topology }) => topology);
}

function removalOf(topology: TopologyRecord): number {
  return topology.removeAtMs ?? Number.POSITIVE_INFINITY;
}

/** The topology master has no slot; it runs where a plan has containers. */
function containersOf(plan: PackingPlan): DesiredTopology['containers'] {
  const ids =
    plan.containers.length === 0 ? [] : [0, ...plan.containers.map(({ containerId }) => containerId)];
  return ids.map((containerId) => ({ containerId, digest: digestContainer({ plan, containerId }) }));
}
