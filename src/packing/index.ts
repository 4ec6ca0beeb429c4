/**
 * packing: which task runs in which container, on which slot, and in what kind of host. Pure: a plan is
 * computed from a topology and the free slots, and nothing is started here. The rule is Storm's even
 * scheduler; what a packing plan says is in topology/model.ts. Start at round-robin.ts; a topology that runs
 * already is repacked by repack.ts.
 */
export { repack } from './repack.ts';
export { packRoundRobin } from './round-robin.ts';
export type { Slot } from './slots.ts';
