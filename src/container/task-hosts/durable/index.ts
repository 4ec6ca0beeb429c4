/**
 * durable: the two sides of a stream that goes through the log, in the process of the stream manager. The
 * sink (a bolt) appends what its producer emits and acks a tuple when the log has committed it. The source (a
 * spout) reads, emits as if it were the producer, and advances its position when trees complete.
 *
 * Invariants: a tuple is acked only after its commit; the position never passes a tuple that is not complete;
 * the tuples held are bounded in bytes and number, and reaching a bound holds the producers back. Start at
 * sink-host.ts and source-host.ts; replay-window.ts tracks the in-flight tuples.
 */
export type { LogHostDeps } from './deps.ts';
export { LogSinkHost } from './sink-host.ts';
export { LogSourceHost } from './source-host.ts';
