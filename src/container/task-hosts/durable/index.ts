/**
 * durable: the two sides of a stream that goes through the log, in the process of the stream manager. The
 * sink (a bolt) appends what its producer emits and acks it when the log has committed it; the source (a
 * spout) reads, emits as if it were the producer, and moves its position on when trees complete.
 *
 * Invariants: a tuple is acked only behind a commit; the position never passes a tuple that is not complete;
 * what is held is bounded in bytes and tuples, and more of it holds the producers back. Start at sink-host.ts
 * and source-host.ts; which tuples are under way is replay-window.ts.
 */
export type { LogHostDeps } from './deps.ts';
export { LogSinkHost } from './sink-host.ts';
export { LogSourceHost } from './source-host.ts';
