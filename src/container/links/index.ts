/**
 * links: how the parts of a container and the containers of a topology reach each other: connections that
 * carry frames, the control messages on them with a checking reader for each, and the two ends of a link
 * inside the process (a task host and its outlet).
 *
 * Invariants: a connection keeps the order of what it carries; a message from a socket is checked field by
 * field before it is used, and one that fails the check closes the connection.
 *
 * Start at protocol.ts (the messages), then frame-connection.ts.
 */
export { readLoads, readLostTasks, readPressure } from './control-messages.ts';
export { FrameConnection } from './frame-connection.ts';
export { listenAddress } from './listen.ts';
export {
  type Connection,
  type ConnectionHandlers,
  type DialAddress,
  type Incoming,
  type Listener,
  type Network,
  tcpNetwork,
} from './network.ts';
export * from './protocol.ts';
export type { Outlet, QueueFill, TaskHost } from './task-host.ts';
