/**
 * dlog-proxy: the distributed log as a service (thrift/dlog.thrift), for clients that have neither the
 * storage nor a stream's lease.
 *
 * Boundary: a DistributedLog below, a Thrift server that bin opens above. Failures are status codes of
 * answers, never exceptions.
 *
 * Invariants: a proxy writes only the streams that it owns and names the owner of the others; the writes of a
 * session are in the stream in the order they were sent, without a hole; "refused" never appears, "unknown"
 * may; readers see only committed records; everything that waits is bounded in bytes and count, and the
 * excess is refused.
 *
 * Start at dlog-proxy.ts; then writing.ts, owned-streams.ts, owned-stream.ts; reading.ts, read-session.ts,
 * stream-tail.ts; stream-calls.ts and admin.ts for calls about whole streams.
 */
export { DlogProxy, type DlogProxyDeps } from './dlog-proxy.ts';
