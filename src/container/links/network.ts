import { connect, createServer, type Socket } from 'node:net';
import { describeError, errorCode, GatewayError } from '../../base/index.ts';

/**
 * How a container makes connections: TCP, or the simulated links of the tests. A connection is a byte stream
 * that keeps its order, loses nothing while it is open, and notifies both ends when it closes.
 */
export interface Network {
  /** Returns at once; then either `opened` or `closed` is called. */
  dial(address: DialAddress, handlers: ConnectionHandlers): Connection;
  /**
   * Listens on a port that the system chooses. Rejects with `PORT_IN_USE` or `CONNECT_FAILED` naming the
   * host.
   */
  listen(host: string, incoming: (incoming: Incoming) => void): Promise<Listener>;
}

export interface DialAddress {
  readonly host: string;
  readonly port: number;
  /** Size of the one buffer that is read into: `read` is called with at most that many bytes. */
  readonly readBytes: number;
}

/** Never called on the stack of a call to the connection. */
export interface ConnectionHandlers {
  /** Connected. Not called for an accepted connection, which is connected from the start. */
  readonly opened?: () => void;
  /** The bytes are overwritten by the next read. */
  readonly read: (bytes: Buffer) => void;
  /** Called once, whichever end closed it, with the fault if there was one. */
  readonly closed: (fault: string | undefined) => void;
}

/** One end of a connection. A socket of node:net is one, and its members mean the same. */
export interface Connection {
  readonly connecting: boolean;
  readonly destroyed: boolean;
  /** False once it is ending or destroyed. */
  readonly writable: boolean;
  /** Bytes written that the system has not accepted yet. */
  readonly writableLength: number;
  /**
   * `taken` is called when the system has accepted the bytes. If it never will, `taken` is called with an
   * error or with `destroyed` set.
   */
  write(bytes: Uint8Array, taken?: (error?: Error | null) => void): boolean;
  /** Holds writes back until `uncork`, so that they become one. */
  cork(): void;
  uncork(): void;
  /** Closes at once. Bytes that the system has not accepted are lost. */
  destroy(): void;
  /** Closes when the system has accepted everything written. */
  destroySoon(): void;
}

/** A connection that another process dialed. Exactly one of the two is called, synchronously. */
export interface Incoming {
  accept(handlers: ConnectionHandlers): Connection;
  refuse(): void;
}

export interface Listener {
  readonly port: number;
  /** Accepts no new connections; those accepted stay open. Idempotent. */
  close(): void;
}

const keepAliveMs = 10_000;

/** The machine's TCP. */
export const tcpNetwork: Network = {
  /** Reads into one fixed buffer, without an allocation per read. */
  dial({ host, port, readBytes }, handlers) {
    const callback = (bytes: number, buffer: Uint8Array): boolean => {
      handlers.read(Buffer.from(buffer.buffer, buffer.byteOffset, bytes));
      return true;
    };
    const buffer = Buffer.allocUnsafeSlow(readBytes);
    const socket = connect({ host, port, noDelay: true, onread: { buffer, callback } });
    if (handlers.opened !== undefined) socket.once('connect', handlers.opened);
    return watch(socket, handlers);
  },

  async listen(host, incoming) {
    const server = createServer((socket) =>
      incoming({ accept: (handlers) => accept(socket, handlers), refuse: () => socket.destroy() }),
    );
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause) => {
        const code = errorCode(cause) === 'EADDRINUSE' ? 'PORT_IN_USE' : 'CONNECT_FAILED';
        reject(
          new GatewayError(
            code,
            `cannot listen on ${host}; check storm.local.hostname and egret.container.bind.host`,
            { cause, facts: { host } },
          ),
        );
      });
      server.listen({ host, port: 0 }, resolve);
    });
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    return { port, close: () => void server.close() };
  },
};

/** An accepted connection carries little to read, so Node may allocate a buffer per read. */
function accept(socket: Socket, handlers: ConnectionHandlers): Connection {
  socket.setNoDelay(true);
  socket.on('data', handlers.read);
  return watch(socket, handlers);
}

function watch(socket: Socket, handlers: ConnectionHandlers): Connection {
  let fault: string | undefined;
  socket.setKeepAlive(true, keepAliveMs);
  socket.on('error', (error) => {
    fault ??= describeError(error);
  });
  socket.on('close', () => handlers.closed(fault));
  return socket;
}
