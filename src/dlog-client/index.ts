/**
 * dlog-client: the distributed log of a gateway, for programs in TypeScript (README.md). The `egret dlog`
 * commands stand on it.
 *
 * Boundary: Thrift below (rpc), no storage, no state store. Knows where streams are written (redirects, a
 * cache of owners), what may be sent again (`retryable`), and what nobody can know (`unknown`).
 *
 * Invariants: a writer's records are in the stream in the order of its appends and without a hole; what is
 * `refused` never appears; nothing is sent twice unless the gateway said that it was not taken; a tail shows
 * every record once, in order, also over lost connections; all that waits is bounded in bytes and count.
 *
 * Start at client.ts, then stream-writer.ts, tail.ts.
 */
export { DlogClient, type DlogClientOptions } from './client.ts';
export { requestCode } from './failure.ts';
export { formatPosition, fromWire, type Position, parsePosition } from './position.ts';
export { type AppendOutcome, StreamWriter, type WriterLimits } from './stream-writer.ts';
export type { TailEvent, TailFrom, TailOptions, TailRecord } from './tail.ts';
