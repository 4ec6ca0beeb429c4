import { connect, type Socket } from 'node:net';
import { type Clock, errorCode, GatewayError, systemClock, throwIfAborted } from '../base/index.ts';
import { ClientConnection } from './client-connection.ts';
import { defaultFrameBytesMax } from './framing.ts';
import type { Caller, MethodShapes, ServiceSpec } from './service.ts';

export interface ThriftClientOptions {
  /** For connecting, and for each call that says nothing else. */
  readonly timeoutMs: number;
  /**
   * The configuration keys that say where the server is, for messages: "nimbus.seeds, nimbus.thrift.port".
   */
  readonly addressKeys: string;
  /** Default 1 MiB, Storm's `nimbus.thrift.max_buffer_size`. */
  readonly frameBytesMax?: number;
  readonly clock?: Clock;
  /** Aborting closes the connection; in-flight calls reject with its reason. */
  readonly signal?: AbortSignal;
}

export interface ThriftClient<M extends MethodShapes<M>> extends Disposable {
  /**
   * One function for each method. Rejects with a DeclaredException for Storm's exceptions; `REMOTE_FAILURE`
   * for an application error of the server; `CONNECTION_CLOSED`, `TIMED_OUT`, `PROTOCOL_VIOLATION` or
   * `FRAME_TOO_LARGE`, after which the connection is closed.
   */
  readonly call: Caller<M>;
  /** False once it was closed, by whom ever: then nothing that is called reaches the server. */
  readonly isOpen: boolean;
  close(): void;
}

/** Connects. Throws `CONNECT_FAILED` with what to do about it, or `TIMED_OUT`. */
export async function connectThrift<M extends MethodShapes<M>>(
  service: ServiceSpec<M>,
  address: { readonly host: string; readonly port: number },
  options: ThriftClientOptions,
): Promise<ThriftClient<M>> {
  throwIfAborted(options.signal);
  const clock = options.clock ?? systemClock;
  const socket = await openSocket(address, { ...options, clock });
  const connection = new ClientConnection(socket, {
    clock,
    peer: `${address.host}:${address.port}`,
    timeoutMs: options.timeoutMs,
    frameBytesMax: options.frameBytesMax ?? defaultFrameBytesMax,
  });
  const onAbort = (): void => connection.fail(abortReason(options.signal!));
  options.signal?.addEventListener('abort', onAbort, { once: true });
  const close = (): void => {
    options.signal?.removeEventListener('abort', onAbort);
    connection.fail(new GatewayError('CONNECTION_CLOSED', 'the client has been closed'));
  };
  return {
    call: connection.callerOf(service),
    get isOpen() {
      return connection.isOpen;
    },
    close,
    [Symbol.dispose]: close,
  };
}

function openSocket(
  address: { readonly host: string; readonly port: number },
  options: ThriftClientOptions & { readonly clock: Clock },
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...address, noDelay: true });
    const settle = (error?: GatewayError): void => {
      timer[Symbol.dispose]();
      options.signal?.removeEventListener('abort', onAbort);
      socket.removeListener('error', onError);
      if (error === undefined) {
        resolve(socket);
        return;
      }
      socket.on('error', () => undefined);
      socket.destroy();
      reject(error);
    };
    const onError = (cause: Error): void => settle(connectError(address, options.addressKeys, cause));
    const onAbort = (): void => settle(abortReason(options.signal!));
    const timer = options.clock.after(options.timeoutMs, () =>
      settle(
        new GatewayError(
          'TIMED_OUT',
          `no connection to ${address.host}:${address.port} within ${options.timeoutMs} ms: ` +
            `check ${options.addressKeys}, and that no firewall is between`,
          { retryable: true, facts: { ...address } },
        ),
      ),
    );
    socket.once('error', onError);
    socket.once('connect', () => settle());
    options.signal?.addEventListener('abort', onAbort, { once: true });
  });
}

function connectError(
  address: { readonly host: string; readonly port: number },
  addressKeys: string,
  cause: Error,
): GatewayError {
  const where = `${address.host}:${address.port}`;
  const code = errorCode(cause);
  const advice =
    code === 'ECONNREFUSED'
      ? `nothing listens there; start the gateway ("egret up") or check ${addressKeys}`
      : code === 'ENOTFOUND' || code === 'EAI_AGAIN'
        ? `the host name is not known; check ${addressKeys}`
        : `check ${addressKeys}`;
  return new GatewayError('CONNECT_FAILED', `cannot connect to ${where}: ${advice}`, {
    // Several addresses tried in vain make an AggregateError without a message of its own.
    cause: cause instanceof AggregateError ? cause.errors[0] : cause,
    retryable: true,
    facts: { ...address },
  });
}

function abortReason(signal: AbortSignal): GatewayError {
  const reason: unknown = signal.reason;
  return reason instanceof GatewayError
    ? reason
    : new GatewayError('ABORTED', 'the call was aborted', { cause: reason });
}
