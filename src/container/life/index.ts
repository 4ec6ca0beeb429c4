/**
 * life: a container process from its spec file to its exit code. A worker container keeps its task hosts
 * running and applies new packing plans; container 0 runs the topology master. Both follow the topology's
 * record and end when it is gone.
 *
 * Invariants: a container removes what it starts (processes, files, sockets) when it ends in order; after a
 * sudden end the next process of the same container does.
 *
 * Start at process.ts (the phases), then worker.ts, host-roster.ts (which hosts) and host-keeper.ts (the life
 * of one).
 */
export { readSpec } from './prepare.ts';
export { type ContainerDeps, type ContainerExitCode, runContainer } from './process.ts';
