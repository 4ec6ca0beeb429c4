/**
 * nimbus: the API that clients submit to and operate with: validate, decide, record. It starts nothing and plans nothing:
 * it writes code directories and TopologyRecords, which the scheduler and the topology masters act on, and reads what
 * they and the metrics managers wrote. Java's serialised objects pass through unread. Owner of yauzl.
 *
 * Invariants: a topology exists exactly while its record does; its name is claimed before and released after; its code
 * directory is complete before and removed after; nothing stays of a refused submission.
 * Start at handler.ts; a submission is in submission.ts, the life of a topology in lifecycle.ts.
 */
export { NimbusDaemon } from './nimbus-daemon.ts';
