import type { AdmissionLimits } from './admission.ts';
import { defaultFrameBytesMax } from './framing.ts';
import type { PlaceLimits } from './places.ts';
import type { Handler, MethodShapes, ServiceSpec } from './service.ts';

export interface ThriftServerOptions<M extends MethodShapes<M>> {
  readonly service: ServiceSpec<M>;
  readonly handler: Handler<M>;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** The configuration key that names the port, for the message when the port is taken. */
  readonly portKey: string;
  /** Default 1 MiB. A longer frame closes its connection. */
  readonly frameBytesMax?: number;
  /**
   * Default 1024. Beyond it, an idle connection is closed for a new one; if none is idle, the new one is
   * refused.
   */
  readonly connectionsMax?: number;
  /** The same, for each remote address that is not a loopback address. Default 256. */
  readonly connectionsPerAddressMax?: number;
  /** A connection without a call for this long is closed. Default 10 minutes. */
  readonly idleTimeoutMs?: number;
  /**
   * A frame that stops coming, or an answer that is not read, closes the connection after this long. Default
   * 1 minute.
   */
  readonly stallTimeoutMs?: number;
  /** A frame that is not complete this long after its first byte closes the connection. Default 1 minute. */
  readonly frameTimeoutMs?: number;
  /** How many calls of one connection may run; answers keep the order of the calls. Default 1. */
  readonly callsMax?: number;
  /** How many bytes of calls of one connection may be in flight before no more is read. Default 8 MiB. */
  readonly callBytesMax?: number;
  /**
   * Bytes of one connection's answers that the operating system has not taken yet, plus the expected answers
   * of its running calls. At this limit no further call of the connection begins. Default 4 MiB.
   */
  readonly answerBytesMax?: number;
  /**
   * Bytes of answers and unfinished frames that the server holds for all its clients. Above this limit each
   * connection has one running call at a time, and the connections that hold most and make no progress are
   * cut. Default 8 MiB.
   */
  readonly heldBytesMax?: number;
  /** Expected bytes of an answer, by method. The server raises them to the largest answers that it sees. */
  readonly answerBytesExpected?: Readonly<Record<string, number>>;
  /**
   * Methods of which one call runs at a time, all of them together; the others wait undecoded, at most
   * `heldBytesMax` bytes of them. For calls that take much memory while they run.
   */
  readonly oneAtATime?: readonly (keyof M & string)[];
}

/** The limits of a server, with every default filled in. */
export interface ServerLimits extends AdmissionLimits, PlaceLimits {
  readonly frameBytesMax: number;
  readonly idleTimeoutMs: number;
  readonly stallTimeoutMs: number;
  readonly frameTimeoutMs: number;
}

const mebibyte = 1024 * 1024;

export function limitsOf(options: Partial<ServerLimits>): ServerLimits {
  return {
    frameBytesMax: options.frameBytesMax ?? defaultFrameBytesMax,
    connectionsMax: options.connectionsMax ?? 1024,
    connectionsPerAddressMax: options.connectionsPerAddressMax ?? 256,
    idleTimeoutMs: options.idleTimeoutMs ?? 600_000,
    stallTimeoutMs: options.stallTimeoutMs ?? 60_000,
    frameTimeoutMs: options.frameTimeoutMs ?? 60_000,
    callsMax: options.callsMax ?? 1,
    callBytesMax: options.callBytesMax ?? 8 * mebibyte,
    answerBytesMax: options.answerBytesMax ?? 4 * mebibyte,
    // An operator who allows longer frames expects answers of that length, too.
    heldBytesMax: Math.max(options.heldBytesMax ?? 8 * mebibyte, options.frameBytesMax ?? 0),
  };
}
