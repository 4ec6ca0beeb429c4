import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import {
  type CallMarks,
  type Clock,
  errorCode,
  GatewayError,
  type Logger,
  limitedByPeer,
  TaskGroup,
  unwatchedCalls,
} from '../base/index.ts';
import { AnswerSizes } from './admission.ts';
import { plainAddress } from './connection-ends.ts';
import { type Dispatcher, dispatcherOf } from './dispatch.ts';
import { toCut, urgentTimes } from './overload.ts';
import { placeFor } from './places.ts';
import { ServerAccount } from './server-account.ts';
import { ServerConnection } from './server-connection.ts';
import { limitsOf, type ServerLimits, type ThriftServerOptions } from './server-options.ts';
import type { MethodShapes } from './service.ts';
import { SingleLane } from './single-lane.ts';
import { Turns } from './turns.ts';

const closeGraceMs = 1000;
const sweepEveryMsMax = 250;

/**
 * A Thrift server: framed transport, binary protocol, as Storm's SimpleTransportPlugin speaks it. Each
 * connection has one call running at a time (or `callsMax`) and gets its answers in order; connections run
 * side by side. One client's garbage closes that client's connection, with a line in the log, and nothing
 * else.
 */
export class ThriftServer implements AsyncDisposable {
  readonly #deps: { readonly clock: Clock; readonly log: Logger & Disposable };
  readonly #dispatch: Dispatcher;
  readonly #limits: ServerLimits;
  readonly #account: ServerAccount;
  readonly #sizes: AnswerSizes;
  readonly #turns: Turns;
  readonly #server: Server;
  readonly #connections = new Set<ServerConnection>();
  readonly #work: TaskGroup;
  readonly #sweep: Disposable;
  #isStopping = false;

  private constructor(
    deps: { readonly clock: Clock; readonly log: Logger & Disposable },
    { dispatch, limits, sizes }: { dispatch: Dispatcher; limits: ServerLimits; sizes: AnswerSizes },
  ) {
    this.#deps = deps;
    this.#dispatch = dispatch;
    this.#limits = limits;
    this.#sizes = sizes;
    this.#turns = new Turns(deps.clock);
    this.#account = new ServerAccount(() => this.#relieveIfUrgent());
    this.#work = new TaskGroup((error) => deps.log.error({ event: 'rpc.connection.crashed', error }));
    this.#server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
    const { idleTimeoutMs, stallTimeoutMs, frameTimeoutMs } = limits;
    const leastMs = Math.min(idleTimeoutMs, stallTimeoutMs, frameTimeoutMs);
    this.#sweep = deps.clock.every(Math.max(10, Math.min(sweepEveryMsMax, leastMs / 4)), () =>
      this.#closeStill(),
    );
  }

  /** Listens. Throws `PORT_IN_USE` or `CONFIG_INVALID`, naming `portKey`, when it cannot. */
  static async open<M extends MethodShapes<M>>(
    deps: { readonly clock: Clock; readonly log: Logger; readonly calls?: CallMarks },
    options: ThriftServerOptions<M>,
  ): Promise<ThriftServer> {
    const { service, handler } = options;
    const log = limitedByPeer(deps.log.child({ service: service.name }), deps.clock);
    const limits = limitsOf(options);
    const dispatcherDeps = {
      log,
      calls: deps.calls ?? unwatchedCalls,
      singles: {
        methods: new Set<string>(options.oneAtATime ?? []),
        lane: new SingleLane(limits.heldBytesMax),
      },
    };
    const server = new ThriftServer(
      { clock: deps.clock, log },
      {
        dispatch: dispatcherOf(service, handler, dispatcherDeps),
        limits,
        sizes: new AnswerSizes(Object.keys(service.methods), options.answerBytesExpected ?? {}),
      },
    );
    await server.#listen(options);
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  /**
   * Stops listening; running calls are answered, then their connections close. After `limitMs` what is left
   * is cut off.
   */
  async drain(limitMs: number): Promise<void> {
    this.#stopListening();
    for (const connection of this.#connections) connection.finish();
    // End the pause: a process with nothing else to do would wait for it.
    const over = new AbortController();
    const pause = this.#deps.clock.sleep(limitMs, over.signal).catch(() => undefined);
    await Promise.race([this.#work.settle(), pause]);
    over.abort();
    await this.close();
  }

  /**
   * Stops listening and cuts every connection; running calls have their signals aborted and a second to
   * notice.
   */
  async close(): Promise<void> {
    this.#stopListening();
    for (const connection of this.#connections) connection.cut('the server is closing');
    await Promise.race([this.#work.settle(), this.#deps.clock.sleep(closeGraceMs)]);
    if (this.#connections.size > 0)
      this.#deps.log.warn({ event: 'rpc.calls.abandoned', calls: this.#connections.size });
    this.#deps.log[Symbol.dispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #listen({ host, port, portKey }: { host: string; port: number; portKey: string }): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error) => {
        this.#sweep[Symbol.dispose]();
        this.#deps.log[Symbol.dispose]();
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
    const nowMs = this.#deps.clock.monotonicMs();
    const remoteAddress = plainAddress(socket.remoteAddress);
    const place = this.#isStopping
      ? { refused: 'the server is closing' }
      : placeFor(remoteAddress, this.#connections, { limits: this.#limits, nowMs });
    if ('refused' in place) {
      this.#deps.log.warn({ event: 'rpc.connection.refused', remoteAddress, reason: place.refused });
      socket.destroy();
      return;
    }
    if (place.close !== undefined) this.#evict(place.close);
    const connection = new ServerConnection(socket, this.#dispatch, {
      ...this.#deps,
      ...this.#limits,
      account: this.#account,
      sizes: this.#sizes,
      turns: this.#turns,
    });
    this.#connections.add(connection);
    this.#work.add(connection.run().finally(() => this.#connections.delete(connection)));
  }

  #evict(connection: ServerConnection): void {
    connection.cutFor('it was idle, and its place was needed for a new connection');
    this.#connections.delete(connection);
  }

  #closeStill(): void {
    for (const connection of this.#connections) connection.cutIfStill(this.#limits);
    if (this.#account.heldBytes > this.#limits.heldBytesMax) this.#relieve();
  }

  /** Far above the limit the server cannot wait for its next check. */
  #relieveIfUrgent(): void {
    if (this.#account.heldBytes > urgentTimes * this.#limits.heldBytesMax) this.#relieve();
  }

  #relieve(): void {
    const { heldBytesMax } = this.#limits;
    const nowMs = this.#deps.clock.monotonicMs();
    const sum = this.#account.heldBytes;
    for (const connection of toCut([...this.#connections], nowMs, heldBytesMax))
      connection.cutFor(
        `the server held ${sum} bytes for its clients of at most ${heldBytesMax} (egret.connections.held.max.bytes), ${connection.heldBytes} of them for this one, ` +
          `which did not take them for ${Math.round(nowMs - connection.movedAtMs)} ms`,
      );
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
