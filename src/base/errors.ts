/**
 * Every code a {@link GatewayError} may carry, grouped by the room that throws it.
 * Callers decide by code, never by message.
 */
export type ErrorCode =
  // config
  | 'CONFIG_INVALID'
  | 'CONFIG_UNREADABLE'
  // rpc
  | 'FRAME_TOO_LARGE'
  | 'PROTOCOL_VIOLATION'
  | 'CONNECTION_CLOSED'
  | 'CONNECT_FAILED'
  | 'REMOTE_FAILURE'
  // tuple
  | 'WIRE_CORRUPT'
  | 'VALUE_UNSUPPORTED'
  // child
  | 'SPAWN_FAILED'
  | 'CHILD_EXITED'
  | 'PORT_IN_USE'
  // coordination
  | 'STATE_UNAVAILABLE'
  | 'STATE_CONFLICT'
  | 'LEASE_LOST'
  // nimbus, topology, packing, scheduler
  | 'TOPOLOGY_INVALID'
  | 'TOPOLOGY_ALREADY_ALIVE'
  | 'TOPOLOGY_NOT_ALIVE'
  | 'TRANSITION_REFUSED'
  | 'UPLOAD_UNKNOWN'
  | 'UPLOAD_FAILED'
  | 'JAR_INVALID'
  | 'NO_FREE_SLOT'
  // container
  | 'HANDSHAKE_FAILED'
  | 'CHILD_STUCK'
  | 'EMIT_REFUSED'
  | 'CHILD_SPOKE_NONSENSE'
  | 'QUEUE_FULL'
  // dlog
  | 'STREAM_INVALID'
  | 'STREAM_UNKNOWN'
  | 'STREAM_EXISTS'
  | 'STREAM_LIMIT'
  | 'STREAM_OWNED'
  | 'SEGMENT_EXISTS'
  | 'SEGMENT_FENCED'
  | 'SEGMENT_POISONED'
  | 'SEGMENT_CORRUPT'
  | 'LOG_GAP'
  | 'READER_IDLE'
  | 'DURABILITY_UNSUPPORTED'
  | 'STORAGE_UNAVAILABLE'
  | 'STORAGE_UNFIT'
  // everywhere
  | 'FILE_UNFIT'
  | 'RECORD_UNREADABLE'
  | 'ABORTED'
  | 'TIMED_OUT';

export interface GatewayErrorOptions {
  /** True when the same call may succeed later without a change by the caller. Decided by the thrower. */
  readonly retryable?: boolean;
  readonly cause?: unknown;
  /**
   * The facts of the fault (names, numbers, paths), for logs and for callers that match on more than the
   * code.
   */
  readonly facts?: Readonly<Record<string, unknown>>;
}

/**
 * A fault of the outside world: bad input, a dead peer, a full disk. The message names the subject, what was
 * expected and what was found, so that one log line suffices. Broken invariants are not GatewayErrors: they
 * are asserted.
 */
export class GatewayError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly facts: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: GatewayErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'GatewayError';
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.facts = options.facts ?? {};
  }
}

/** The code of an error of ours, or of Node (`ENOENT`, `EADDRINUSE`), or undefined. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** One line that says what went wrong, causes included (once), for logs and command output. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause === undefined) return error.message;
  const cause = describeError(error.cause);
  return error.message.includes(cause) ? error.message : `${error.message}: ${cause}`;
}
