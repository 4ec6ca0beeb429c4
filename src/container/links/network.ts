import { connect, createServer, type Socket } from 'node:net';
import { describeError, errorCode, GatewayError } from '../../base/index.ts';

/**
 * Where the connections of a container come from, passed in: TCP, or the simulated links of the tests. Byte streams that
 * keep their order, lose nothing while they live, and tell both ends when they no longer do.
 */
export interface Network {
  /** Answers at once; `opened` or `closed` says how it went. */
  dial(address: DialAddress, handlers: ConnectionHandlers): Connection;
  /** Listens on a port that the system chooses. Rejects with `PORT_IN_USE` or `CONNECT_FAILED` naming the host. */
  listen(host: string, incoming: (incoming: Incoming) => void): Promise<Listener>;
}

export interface DialAddress {
  readonly host: string;
  readonly port: number;
  /** Most bytes that `read` is given at once: size of the one buffer that is read into. */
  readonly readBytes: number;
}

/** Never called on the stack of a call to the connection. */
export interface ConnectionHandlers {
  /** Connected. Not of an accepted connection, which is so from the start. */
  readonly opened?: () => void;
  /** The bytes are overwritten by the next read. */
  readonly read: (bytes: Buffer) => void;
  /** Once, whoever closed it. A fault, if there was one. */
  readonly closed: (fault: string | undefined) => void;
}

/** One end of a connection. What it says of itself is what a socket of node:net says, which is one. */
export interface Connection {
  readonly connecting: boolean;
  readonly destroyed: boolean;
  /** False once it ends or was destroyed. */
  readonly writable: boolean;
  /** Bytes written that the system has not taken over. */
  readonly writableLength: number;
  /** `taken` is called when the system has taken the bytes over, and also, with an error or `destroyed`, when it never will. */
  write(bytes: Uint8Array, taken?: (error?: Error | null) => void): boolean;
  /** Holds writes back until `uncork`, so that they become one. */
  cork(): void;
  uncork(): void;
  /** Closes now; what was not taken over is lost. */
  destroy(): void;
  /** Closes when everything written has been taken over. */
  destroySoon(): void;
}

/** A connection that somebody dialled: one of the two is called, at once. */
export interface Incoming {
  accept(handlers: ConnectionHandlers): Connection;
  refuse(): void;
}

export interface Listener {
  readonly port: number;
  /** No new connections; those accepted live on. Idempotent. */
  close(): void;
}

const keepAliveMs = 10_000;

/** The machine's TCP. */
export const tcpNetwork: Network = {
  /** Reads into one fixed buffer: nothing is allocated for what arrives. */
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
        reject(new GatewayError(code, `cannot listen on ${host}`, { cause, facts: { host } }));
      });
      server.listen({ host, port: 0 }, resolve);
    });
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    return { port, close: () => void server.close() };
  },
};

/** Little is expected to be read on an accepted connection. */
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
