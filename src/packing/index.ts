/**
 * packing: which task runs in which container, on which slot, and in which kind of host. Pure: computes a
 * packing plan (topology/model.ts) from a topology and the free slots, by the rule of Storm's even scheduler.
 *
 * Invariants: executors per container differ by one at most; no slot is used twice; the version grows with
 * every change.
 *
 * Start at round-robin.ts, the first plan of a topology; repack.ts makes the next one.
 */
export { repack } from './repack.ts';
export { packRoundRobin } from './round-robin.ts';
export type { Slot } from './slots.ts';
