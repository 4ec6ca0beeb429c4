/**
 * nimbus: the API that clients submit to and operate with: validate, decide, record. It starts nothing and
 * plans nothing: it writes code directories and TopologyRecords, which the scheduler and the topology masters
 * act on. What it answers about the cluster comes from queries; answers/ projects that into Thrift's terms,
 * one file for each answer.
 *
 * Invariants: a topology exists exactly while its record does; its name is claimed before and released after;
 * its code directory is complete before and removed after; a refused submission leaves nothing behind.
 * Start at handler.ts; submission.ts takes a topology in, lifecycle.ts holds its state machine.
 */
export { NimbusDaemon } from './nimbus-daemon.ts';
