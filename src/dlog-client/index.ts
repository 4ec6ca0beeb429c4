/**
 * dlog-client: the distributed log of a gateway, for programs in TypeScript (README.md). The `egret dlog`
 * commands are built on it.
 *
 * Boundary: Thrift below (rpc), no storage, no state store. Knows which gateway writes a stream (redirects, a
 * cache of owners), what may be resent (`retryable`), and what must stay `unknown`.
 *
 * Invariants: a writer's records are in the stream in the order of its appends and without a hole; what is
 * `refused` never appears; nothing is sent twice unless the gateway answered that it did not accept it; a
 * tail returns every record once, in order, even across lost connections; everything that waits is bounded in
 * bytes and count.
 *
 * Start at client.ts, then stream-writer.ts, tail.ts.
 */
export type { AppendOutcome, WriterLimits } from './append-queue.ts';
export { DlogClient, type DlogClientOptions } from './client.ts';
export { requestCode } from './failure.ts';
export { formatPosition, fromWire, type Position, parsePosition } from './position.ts';
export { StreamWriter } from './stream-writer.ts';
export type { TailEvent, TailFrom, TailOptions, TailRecord } from './tail.ts';
