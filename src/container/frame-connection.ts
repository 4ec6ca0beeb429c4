import { connect, type Socket } from 'node:net';
import { describeError, type JsonObject } from '../base/index.ts';
import { encodeControlFrame, type FrameConsumer, FrameReader } from '../tuple/index.ts';
import type { ControlMessage } from './protocol.ts';

/** Control bytes that may wait for the other end to read. Beyond it the other end is taken for stuck. */
const controlBytesMax = 4 << 20;
const keepAliveMs = 10_000;

export interface ConnectionEvents {
  /** Connected: say who you are. Only for {@link FrameConnection.dial}. */
  readonly opened?: (connection: FrameConnection) => void;
  /** Absent: DATA frames are violations here. */
  readonly dataFrame?: FrameConsumer;
  readonly controlFrame: (message: JsonObject, connection: FrameConnection) => void;
  /** All frames of one read have been passed. */
  readonly readEnded?: () => void;
  /** Once, whoever closed it, never on the stack of a call of ours. */
  readonly closed: (reason: string, connection: FrameConnection) => void;
}

/**
 * One TCP connection that carries frames. What the other end sends wrongly (bytes that are no frame, a message that the
 * handler throws at) closes it, with the fault as the reason.
 */
export class FrameConnection {
  readonly socket: Socket;
  #closeReason: string | undefined;

  /** Connects to a listener and reads into one fixed buffer: nothing is allocated for what arrives. */
  static dial(
    address: { readonly host: string; readonly port: number; readonly readBytes: number },
    events: ConnectionEvents,
  ): FrameConnection {
    const { host, port } = address;
    // The callback runs long after `connection` is set: a socket reads only once it is connected.
    const feed = (bytes: number, buffer: Uint8Array): boolean => {
      connection.#feed(reader, events, Buffer.from(buffer.buffer, buffer.byteOffset, bytes));
      return true;
    };
    const buffer = Buffer.allocUnsafeSlow(address.readBytes);
    const socket = connect({ host, port, noDelay: true, onread: { buffer, callback: feed } });
    const connection = new FrameConnection(socket, events);
    const reader = connection.#reader(events);
    socket.once('connect', () => events.opened?.(connection));
    return connection;
  }

  /** Takes over an accepted connection. Little is expected to be read on it. */
  static accept(socket: Socket, events: ConnectionEvents): FrameConnection {
    const connection = new FrameConnection(socket, events);
    const reader = connection.#reader(events);
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => connection.#feed(reader, events, bytes));
    return connection;
  }

  private constructor(socket: Socket, events: ConnectionEvents) {
    this.socket = socket;
    socket.setKeepAlive(true, keepAliveMs);
    socket.on('error', (error) => {
      this.#closeReason ??= describeError(error);
    });
    socket.on('close', () => events.closed(this.#closeReason ?? 'closed by the other end', this));
  }

  /** Sends a control message now. Does nothing once closed. */
  send(message: ControlMessage): void {
    if (this.socket.destroyed || this.socket.writableEnded) return;
    this.socket.write(encodeControlFrame(message));
    if (this.socket.writableLength > controlBytesMax) this.close('the other end does not read');
  }

  /** Closes at once. The first reason counts. */
  close(reason: string): void {
    this.#closeReason ??= reason;
    this.socket.destroy();
  }

  /** Closes once what was sent is on its way. */
  end(reason: string): void {
    this.#closeReason ??= reason;
    this.socket.destroySoon();
  }

  #reader(events: ConnectionEvents): FrameReader {
    return new FrameReader({
      dataFrame: events.dataFrame ?? refuseData,
      controlFrame: (message) => events.controlFrame(message, this),
    });
  }

  #feed(reader: FrameReader, events: ConnectionEvents, bytes: Buffer): void {
    if (this.socket.destroyed) return;
    try {
      reader.feed(bytes);
    } catch (error) {
      this.close(describeError(error));
    }
    events.readEnded?.();
  }
}

function refuseData(): never {
  throw new Error('a DATA frame on a connection that carries only control messages');
}
