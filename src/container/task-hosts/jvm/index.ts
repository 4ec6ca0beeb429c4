/**
 * task-hosts/jvm: the JVM of a container. All its Java tasks run in one process, in Storm's own worker
 * (multilang/java/host); tuples come and go over a unix socket in the frames of docs/wire.md.
 *
 * Invariants: the JVM never outlives its container (it ends when the socket does, and its process group is
 * ended with it); everything that waits for it is bounded and above a mark reported as pressure; a user's JVM
 * options win.
 *
 * Start at jvm-host.ts. What the JVM is started with is in command-line.ts.
 */
export { JvmHost } from './jvm-host.ts';
