/**
 * topology-master: container 0 of a topology. Takes the registrations of stream managers and publishes the physical
 * plan under an epoch that grows, also from one master to the next.
 *
 * Invariants: only the holder of the lease publishes; a plan never goes back; no tuple passes here.
 *
 * Start at machine.ts (pure: what is decided), then topology-master.ts (who is told).
 */
export { TopologyMaster, type TopologyMasterDeps } from './topology-master.ts';
