/**
 * stream-manager: carries frames between the task hosts of a container and the stream managers of the others. It knows
 * tasks and bytes, never components or values. A frame is looked at in three words and copied once.
 *
 * Invariants: frames of one (source, target) keep their order, except while the target moves to another container; every queue has a bound and reaching it has a defined
 * result (peer-queue.ts, host-slot.ts); a lost master or state store stops nothing.
 *
 * Start at router.ts (the path of a frame), then stream-manager.ts (who is told what).
 */
export type { HostPlace } from './route/host-slot.ts';
export { StreamManager, type StreamManagerDeps } from './stream-manager.ts';
