import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import {
  type CallMarks,
  type Clock,
  errorCode,
  GatewayError,
  type Logger,
  TaskGroup,
  unwatchedCalls,
} from '../base/index.ts';
import { type Dispatcher, dispatcherOf } from './dispatch.ts';
import { defaultFrameBytesMax } from './framing.ts';
import { ServerConnection } from './server-connection.ts';
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
  /** Default 1024; further connections are closed at once. */
  readonly connectionsMax?: number;
  /** A connection without a call for this long is closed. Default 10 minutes. */
  readonly idleTimeoutMs?: number;
  /** A frame that stops coming, or an answer that is not read, closes the connection after this long. Default 1 minute. */
  readonly stallTimeoutMs?: number;
  /** How many calls of one connection may be under way; answers keep the order of the calls. Default 1. */
  readonly callsMax?: number;
  /** How many bytes of calls of one connection may be under way before no more is read. Default 8 MiB. */
  readonly callBytesMax?: number;
}

const closeGraceMs = 1000;

interface Limits {
  readonly frameBytesMax: number;
  readonly connectionsMax: number;
  readonly idleTimeoutMs: number;
  readonly stallTimeoutMs: number;
  readonly callsMax: number;
  readonly callBytesMax: number;
}

/**
 * A Thrift server: framed transport, binary protocol, as Storm's SimpleTransportPlugin speaks it. Each connection has one
 * call running at a time (or `callsMax`) and gets its answers in order; connections run side by side. One client's garbage closes that
 * client's connection, with a line in the log, and nothing else.
 */
export class ThriftServer implements AsyncDisposable {
  readonly #deps: { readonly clock: Clock; readonly log: Logger };
  readonly #dispatch: Dispatcher;
  readonly #limits: Limits;
  readonly #server: Server;
  readonly #connections = new Set<ServerConnection>();
  readonly #work: TaskGroup;
  readonly #sweep: Disposable;
  #isStopping = false;

  private constructor(
    deps: { readonly clock: Clock; readonly log: Logger },
    dispatch: Dispatcher,
    limits: Limits,
  ) {
    this.#deps = deps;
    this.#dispatch = dispatch;
    this.#limits = limits;
    this.#work = new TaskGroup((error) => deps.log.error({ event: 'rpc.connection.crashed', error }));
    this.#server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
    const everyMs = Math.max(10, Math.min(limits.idleTimeoutMs, limits.stallTimeoutMs) / 4);
    this.#sweep = deps.clock.every(everyMs, () => this.#closeIdle());
  }

  /** Listens. Throws `PORT_IN_USE` or `CONFIG_INVALID`, naming `portKey`, when it cannot. */
  static async open<M extends MethodShapes<M>>(
    deps: { readonly clock: Clock; readonly log: Logger; readonly calls?: CallMarks },
    options: ThriftServerOptions<M>,
  ): Promise<ThriftServer> {
    const log = deps.log.child({ service: options.service.name });
    const calls = deps.calls ?? unwatchedCalls;
    const dispatch = dispatcherOf(options.service, options.handler, { log, calls });
    const server = new ThriftServer({ clock: deps.clock, log }, dispatch, {
      frameBytesMax: options.frameBytesMax ?? defaultFrameBytesMax,
      connectionsMax: options.connectionsMax ?? 1024,
      idleTimeoutMs: options.idleTimeoutMs ?? 600_000,
      stallTimeoutMs: options.stallTimeoutMs ?? 60_000,
      callsMax: options.callsMax ?? 1,
      callBytesMax: options.callBytesMax ?? 8 * 1024 * 1024,
    });
    await server.#listen(options);
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Stops listening; running calls are answered, then their connections close. After `limitMs` what is left is cut off. */
  async drain(limitMs: number): Promise<void> {
    this.#stopListening();
    for (const connection of this.#connections) connection.finish();
    // The pause must not go on for itself: a process with nothing else to do would wait for it.
    const over = new AbortController();
    const pause = this.#deps.clock.sleep(limitMs, over.signal).catch(() => undefined);
    await Promise.race([this.#work.settle(), pause]);
    over.abort();
    await this.close();
  }

  /** Stops listening and cuts every connection; running calls have their signals aborted and a second to notice. */
  async close(): Promise<void> {
    this.#stopListening();
    for (const connection of this.#connections) connection.cut('the server is closing');
    await Promise.race([this.#work.settle(), this.#deps.clock.sleep(closeGraceMs)]);
    if (this.#connections.size === 0) return;
    this.#deps.log.warn({ event: 'rpc.calls.abandoned', calls: this.#connections.size });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #listen({ host, port, portKey }: { host: string; port: number; portKey: string }): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error) => {
        this.#sweep[Symbol.dispose]();
        reject(listenError(error, { host, port, portKey }));
      });
      this.#server.listen({ host, port }, () => {
        this.#server.removeAllListeners('error');
        this.#server.on('error', (error) => this.#deps.log.error({ event: 'rpc.listener.failed', error }));
        resolve();
      });
    });
  }

  #accept(socket: Socket): void {
    if (this.#isStopping || this.#connections.size >= this.#limits.connectionsMax) {
      this.#deps.log.warn({
        event: 'rpc.connection.refused',
        from: socket.remoteAddress,
        reason: `there are ${this.#connections.size} connections already`,
      });
      socket.destroy();
      return;
    }
    const connection = new ServerConnection(socket, this.#dispatch, {
      ...this.#deps,
      ...this.#limits,
    });
    this.#connections.add(connection);
    this.#work.add(connection.run().finally(() => this.#connections.delete(connection)));
  }

  #closeIdle(): void {
    for (const connection of this.#connections) connection.cutIfStill(this.#limits);
  }

  #stopListening(): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.#sweep[Symbol.dispose]();
    this.#server.close();
  }
}

function listenError(error: Error, at: { host: string; port: number; portKey: string }): GatewayError {
  const where = `port ${at.port} of ${at.host} (${at.portKey})`;
  if (errorCode(error) === 'EADDRINUSE') {
    return new GatewayError(
      'PORT_IN_USE',
      `${where} is in use: end what listens there or set another ${at.portKey}`,
      {
        cause: error,
        facts: { ...at },
      },
    );
  }
  return new GatewayError('CONFIG_INVALID', `cannot listen on ${where}`, { cause: error, facts: { ...at } });
}
