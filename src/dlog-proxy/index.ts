/**
 * dlog-proxy: the distributed log as a service (thrift/dlog.thrift): for who has neither the storage nor a
 * stream's lease.
 *
 * Boundary: a DistributedLog below, a Thrift server that bin opens above. Failures are status codes of
 * answers, never exceptions.
 *
 * Invariants: a proxy writes only what it owns and names the owner of the rest; writes of a session are there
 * in the order they were sent, with no hole; "refused" never appears, "unknown" may; readers see only what is
 * committed; all that waits is bounded in bytes and count, and what is beyond is refused.
 *
 * Start at dlog-proxy.ts; then writing.ts, owned-streams.ts, owned-stream.ts; reading.ts, read-session.ts,
 * stream-tail.ts; stream-calls.ts and admin.ts for what is asked of whole streams.
 */
export { DlogProxy, type DlogProxyDeps } from './dlog-proxy.ts';
