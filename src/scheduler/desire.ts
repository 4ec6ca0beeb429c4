import type { AssignmentRecord, PackingPlan, TopologyRecord } from '../topology/index.ts';
import type { DesiredTopology } from './reconcile.ts';

export interface Assigned {
  readonly assignment: AssignmentRecord;
  readonly planDigest: string;
}

export interface Desire {
  readonly desired: readonly DesiredTopology[];
  /** Live topologies that no slot has been found for yet. */
  readonly unassigned: readonly TopologyRecord[];
  /** When the wait after the next kill is over; infinite for never. */
  readonly nextRemovalAtMs: number;
}

/** Which containers should run now: those of every topology's plan, until the wait after its kill is over. */
export function desireContainers(
  topologies: readonly TopologyRecord[],
  assigned: ReadonlyMap<string, Assigned>,
  nowMs: number,
): Desire {
  const removalOf = (topology: TopologyRecord): number => topology.removeAtMs ?? Number.POSITIVE_INFINITY;
  const live = topologies.filter((topology) => removalOf(topology) > nowMs);
  const isAssigned = (topology: TopologyRecord): boolean =>
    (assigned.get(topology.id)?.assignment.plan.containers.length ?? 0) > 0;
  return {
    desired: live.map(({ id }) => {
      const found = assigned.get(id);
      return {
        topologyId: id,
        planDigest: found?.planDigest ?? '',
        containerIds: found === undefined ? [] : containerIdsOf(found.assignment.plan),
      };
    }),
    // Killed ones run on until their time, but are not started anew.
    unassigned: live.filter((topology) => topology.status !== 'KILLED' && !isAssigned(topology)),
    nextRemovalAtMs: Math.min(...live.map(removalOf), Number.POSITIVE_INFINITY),
  };
}

/** The topology master has no slot; it runs where a plan has containers. */
function containerIdsOf(plan: PackingPlan): readonly number[] {
  return plan.containers.length === 0
    ? []
    : [0, ...plan.containers.map((container) => container.containerId)];
}
