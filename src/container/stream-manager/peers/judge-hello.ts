import type { ContainerSpec } from '../../../records/index.ts';
import type { PhysicalPlan } from '../../../topology/index.ts';
import type { PeerHello, PeerVerdict } from './peer-listener.ts';

/** What a stream manager knows when a connection introduces itself. */
export interface KnownPeers {
  readonly spec: ContainerSpec;
  readonly physical: PhysicalPlan | undefined;
  /** Whether the packing plan has this container. */
  readonly isPlanned: (containerId: number) => boolean;
}

/**
 * Whether a connection is from a peer: refused when it is meant for another topology, container or
 * incarnation, and unknown while the plans held here do not name it, because it may know newer ones.
 */
export function judgeHello(hello: PeerHello, { spec, physical, isPlanned }: KnownPeers): PeerVerdict {
  const { topologyId, containerId, incarnation, to } = hello;
  if (topologyId !== spec.topologyId) {
    return { kind: 'refused', reason: `topology ${topologyId}, this is ${spec.topologyId}` };
  }
  if (to.containerId !== spec.containerId || to.incarnation !== spec.incarnation) {
    const reason = `meant for container ${to.containerId} ${to.incarnation}, this is ${spec.containerId} ${spec.incarnation}`;
    return { kind: 'refused', reason };
  }
  if (!isPlanned(containerId)) {
    return { kind: 'unknown', reason: `container ${containerId} is not in the packing plan` };
  }
  const isNamed = physical?.streamManagers.some(
    (address) => address.containerId === containerId && address.incarnation === incarnation,
  );
  if (isNamed === true) return { kind: 'accepted' };
  return { kind: 'unknown', reason: `no plan names container ${containerId} ${incarnation}` };
}
