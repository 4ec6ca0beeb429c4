/**
 * topology-master: container 0 of a topology. It registers stream managers and publishes the physical plan
 * under an epoch that grows, also from one master to the next.
 *
 * Invariants: only the holder of the lease publishes; the epoch of a plan never decreases; no tuple passes
 * here.
 *
 * Start at machine.ts (the decisions, pure), then topology-master.ts (the messages).
 */
export { TopologyMaster, type TopologyMasterDeps } from './topology-master.ts';
