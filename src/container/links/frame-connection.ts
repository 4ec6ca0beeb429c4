import { describeError, type JsonObject } from '../../base/index.ts';
import { encodeControlFrame, type FrameConsumer, FrameReader } from '../../tuple/index.ts';
import type { Connection, ConnectionHandlers, DialAddress, Incoming, Network } from './network.ts';
import type { ControlMessage } from './protocol.ts';

/** Control bytes that may wait for the other end to read. Beyond that the other end counts as stuck. */
const controlBytesMax = 4 << 20;

export interface ConnectionEvents {
  /** Connected: the handler introduces itself. Only for {@link FrameConnection.dial}. */
  readonly opened?: (connection: FrameConnection) => void;
  /** Absent: DATA frames are violations here. */
  readonly dataFrame?: FrameConsumer;
  readonly controlFrame: (message: JsonObject, connection: FrameConnection) => void;
  /** All frames of one read have been passed. */
  readonly readEnded?: () => void;
  /** Called once, whichever end closed it, and never on the stack of a call to this connection. */
  readonly closed: (reason: string, connection: FrameConnection) => void;
}

/**
 * One connection that carries frames. A violation by the other end (bytes that are no frame, a message that
 * the handler rejects by throwing) closes it, with the fault as the reason.
 */
export class FrameConnection {
  readonly socket: Connection;
  /** Invariant: set once; the first reason is kept. */
  #closeReason: string | undefined;

  static dial(network: Network, address: DialAddress, events: ConnectionEvents): FrameConnection {
    return new FrameConnection((handlers) => network.dial(address, handlers), events);
  }

  /** Takes over an accepted connection. */
  static accept(incoming: Incoming, events: ConnectionEvents): FrameConnection {
    return new FrameConnection((handlers) => incoming.accept(handlers), events);
  }

  private constructor(open: (handlers: ConnectionHandlers) => Connection, events: ConnectionEvents) {
    const reader = this.#reader(events);
    this.socket = open({
      opened: () => events.opened?.(this),
      read: (bytes) => this.#feed(reader, events, bytes),
      closed: (fault) => events.closed(this.#closeReason ?? fault ?? 'closed by the other end', this),
    });
  }

  /** Sends a control message at once. Does nothing on a closed connection. */
  send(message: ControlMessage): void {
    if (!this.socket.writable) return;
    this.socket.write(encodeControlFrame(message));
    if (this.socket.writableLength > controlBytesMax)
      this.close('the other end does not read its control messages');
  }

  /** Closes at once. The first reason is kept. */
  close(reason: string): void {
    this.#closeReason ??= reason;
    this.socket.destroy();
  }

  /** Closes when everything sent has been handed to the system. */
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
