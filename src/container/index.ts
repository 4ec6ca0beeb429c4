/**
 * container: one process of a running topology. Container 0 is the topology master; the others each carry a
 * stream manager, a metrics manager and the hosts of their tasks. They start from a spec file, find each
 * other through the state store, outlive the gateway that started them, and end by themselves when their
 * topology is gone.
 *
 * The path of a tuple: task-hosts (or a peer's connection) -> stream-manager -> task-hosts (or a peer's
 * queue). Contracts: links/protocol.ts (the messages), links/task-host.ts (what a host does),
 * task-hosts/deps.ts (what a host is given).
 *
 * Start at life/process.ts: the phases of its life.
 */

export { type ContainerDeps, type ContainerExitCode, readSpec, runContainer } from './life/index.ts';
export { tcpNetwork } from './links/index.ts';
