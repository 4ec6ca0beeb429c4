import { describeError, type JsonObject } from '../../base/index.ts';
import { encodeControlFrame, type FrameConsumer, FrameReader } from '../../tuple/index.ts';
import type { Connection, ConnectionHandlers, DialAddress, Incoming, Network } from './network.ts';
import type { ControlMessage } from './protocol.ts';

/** Control bytes that may wait for the other end to read. Beyond it the other end is taken for stuck. */
const controlBytesMax = 4 << 20;

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
 * One connection that carries frames. What the other end sends wrongly (bytes that are no frame, a message that the
 * handler throws at) closes it, with the fault as the reason.
 */
export class FrameConnection {
  readonly socket: Connection;
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

  /** Sends a control message now. Does nothing once closed. */
  send(message: ControlMessage): void {
    if (!this.socket.writable) return;
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
