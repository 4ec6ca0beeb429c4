/**
 * shell: tasks of shell components, each a child process that speaks stock multilang over its standard input
 * and output (multilang/schema; storm-client 2.8, ShellBolt and ShellSpout), driven by the container's own
 * event loop.
 *
 *   From a child:  ShellChild -> MessageFramer -> parseMessage -> ShellTask -> BoltProtocol | SpoutProtocol
 *                  -> Emitter -> TargetFrames -> Outlet
 *   To a child:    deliver -> WaitingTuples (InputQueue, valuesToJson) -> BoltProtocol -> ShellChild
 *
 * Invariants: one read of a child is one batch: its answers leave in one write, its tuples in one flush. A
 * child is sent no more tuples than its FlowWindow allows. A fault of a child ends that child and nothing
 * else; no process, pid file or timer outlives it. Start at shell-task.ts. Owner of lossless-json.
 */
export { ShellHost } from './shell-host.ts';
