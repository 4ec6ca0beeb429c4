/**
 * container: one process of a running topology. Container 0 is the topology master; the others each carry a stream
 * manager, a metrics manager and the hosts of their tasks. They start from a spec file, find each other through the
 * state store, outlive the gateway that started them, and end by themselves when their topology is gone.
 *
 * The path of a tuple: task-hosts (or a peer's connection) -> stream-manager -> task-hosts (or a peer's queue).
 * Contracts: protocol.ts (what is said), task-host.ts (what a host is), task-hosts/deps.ts (what a host is given).
 *
 * Start at container-process.ts: the phases of its life.
 */

export { readSpec } from './container-prepare.ts';
export { type ContainerDeps, type ContainerExitCode, runContainer } from './container-process.ts';
export { tcpNetwork } from './network.ts';
