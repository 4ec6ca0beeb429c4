/**
 * stream-manager: carries frames between the task hosts of a container and the stream managers of the others.
 * It knows tasks and bytes, never components or values. It reads three words of a frame and copies the frame
 * once.
 *
 *   route/   the task of a frame -> a host of this container, or the queue to another container
 *   peers/   the links to the other containers: a queue to each, a reader of each, and the listener they dial
 *   flow/    back pressure and loads: which tasks are slow, and which spouts wait for them
 *   losses/  what fails when frames cannot be delivered or tasks end
 *
 * Invariants: frames of one (source, target) keep their order, except while the target moves to another
 * container; every queue has a bound, and reaching it has a defined result (peers/peer-queue.ts,
 * route/host-slot.ts); the loss of the topology master or of the state store stops nothing.
 *
 * Start at route/router.ts (the path of a frame), then stream-manager.ts (how the parts are joined).
 */
export type { HostPlace } from './route/host-slot.ts';
export { StreamManager, type StreamManagerDeps } from './stream-manager.ts';
