import { GatewayError } from '../base/index.ts';
import type { DeclaredExceptionSpec } from './service.ts';

/**
 * The one place where errors of the gateway become Storm's exceptions, and Storm's exceptions become errors.
 * Source: the exceptions that Nimbus of Storm 2.8 throws; every one of them carries `msg` as required field
 * 1.
 */
export type StormException =
  | 'AlreadyAliveException'
  | 'AuthorizationException'
  | 'IllegalStateException'
  | 'InvalidTopologyException'
  | 'KeyAlreadyExistsException'
  | 'KeyNotFoundException'
  | 'NotAliveException';

/** A declared exception, as a client gets it. The message is what a Java client would print. */
export class DeclaredException extends GatewayError {
  readonly exceptionName: string;
  /** The exception's own `msg`. */
  readonly msg: string;

  constructor(exceptionName: string, msg: string) {
    super('REMOTE_FAILURE', `${exceptionName}(msg:${msg})`, { facts: { exception: exceptionName } });
    this.name = 'DeclaredException';
    this.exceptionName = exceptionName;
    this.msg = msg;
  }
}

/**
 * The exception, among those that the method declares, that tells a client about this error. Undefined: the
 * client gets an application error (TApplicationException) with the error's message, as from a
 * RuntimeException in Storm's Nimbus.
 */
export function declaredExceptionFor(
  error: GatewayError,
  declared: readonly DeclaredExceptionSpec[],
): DeclaredExceptionSpec | undefined {
  const name = stormExceptionOf(error);
  return name === undefined ? undefined : declared.find((each) => each.codec.name === name);
}

function stormExceptionOf({ code }: GatewayError): StormException | undefined {
  switch (code) {
    case 'TOPOLOGY_ALREADY_ALIVE':
      return 'AlreadyAliveException';
    case 'TOPOLOGY_NOT_ALIVE':
      return 'NotAliveException';
    case 'TOPOLOGY_INVALID':
    case 'CONFIG_INVALID':
    case 'JAR_INVALID':
    case 'VALUE_UNSUPPORTED':
      return 'InvalidTopologyException';
    // Storm declares no exception for these: its Nimbus throws a RuntimeException.
    case 'TRANSITION_REFUSED':
    case 'UPLOAD_UNKNOWN':
    case 'UPLOAD_FAILED':
    case 'NO_FREE_SLOT':
    // Faults of the gateway itself and of its surroundings.
    case 'CONFIG_UNREADABLE':
    case 'FILE_UNFIT':
    case 'RECORD_UNREADABLE':
    case 'FRAME_TOO_LARGE':
    case 'PROTOCOL_VIOLATION':
    case 'CONNECTION_CLOSED':
    case 'CONNECT_FAILED':
    case 'REMOTE_FAILURE':
    case 'WIRE_CORRUPT':
    case 'SPAWN_FAILED':
    case 'CHILD_EXITED':
    case 'PORT_IN_USE':
    case 'STATE_UNAVAILABLE':
    case 'STATE_CONFLICT':
    case 'LEASE_LOST':
    case 'HANDSHAKE_FAILED':
    case 'CHILD_STUCK':
    case 'EMIT_REFUSED':
    case 'CHILD_SPOKE_NONSENSE':
    case 'QUEUE_FULL':
    case 'STREAM_INVALID':
    case 'STREAM_UNKNOWN':
    case 'STREAM_EXISTS':
    case 'STREAM_LIMIT':
    case 'STREAM_OWNED':
    case 'SEGMENT_EXISTS':
    case 'SEGMENT_FENCED':
    case 'SEGMENT_POISONED':
    case 'SEGMENT_CORRUPT':
    case 'LOG_GAP':
    case 'READER_IDLE':
    case 'DURABILITY_UNSUPPORTED':
    case 'STORAGE_UNAVAILABLE':
    case 'STORAGE_UNFIT':
    case 'ABORTED':
    case 'TIMED_OUT':
      return undefined;
  }
}
