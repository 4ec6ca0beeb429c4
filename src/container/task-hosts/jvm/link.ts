import { connect, type Socket } from 'node:net';
import { type Clock, errorCode, type JsonObject, throwIfAborted } from '../../../base/index.ts';
import { encodeControlFrame, type FrameConsumer, FrameReader, FrameSlab } from '../../../tuple/index.ts';
import type { StreamManagerToHost } from '../../protocol.ts';

const readBytes = 256 << 10;
const connectEveryMs = 5;

export interface LinkEvents {
  readonly dataFrame: FrameConsumer;
  /** What it throws closes the link, as a violation of the protocol does. */
  readonly controlFrame: (message: JsonObject) => void;
  /** All frames of one read have been passed. */
  readonly readEnded: () => void;
  /** `queuedBytes` has changed. */
  readonly queueChanged: () => void;
  /** Once, and never on the stack of a call of the owner's; with the fault if that is why. */
  readonly closed: (fault: unknown) => void;
}

/**
 * The unix socket to a JVM host. DATA frames are gathered in a slab and written in one go; while one write is on its way
 * the next frames gather. Until {@link releaseData} only control frames are written, and data waits.
 */
export class Link {
  readonly #socket: Socket;
  readonly #events: LinkEvents;
  readonly #slab: FrameSlab;
  #isDataReleased = false;
  #writesOnTheWay = 0;

  /** Tries until somebody listens at `path`. Rejects with the signal's reason on abort. */
  static async open(
    path: string,
    events: LinkEvents,
    options: { readonly queueBytesMax: number; readonly clock: Clock; readonly signal: AbortSignal },
  ): Promise<Link> {
    for (;;) {
      throwIfAborted(options.signal);
      const link = await tryOpen(path, events, options.queueBytesMax);
      if (link !== undefined) return link;
      await options.clock.sleep(connectEveryMs, options.signal);
    }
  }

  constructor(socket: Socket, events: LinkEvents, queueBytesMax: number) {
    this.#socket = socket;
    this.#events = events;
    this.#slab = new FrameSlab({ queueBytesMax });
    let fault: unknown;
    socket.on('error', (error) => {
      fault ??= error;
    });
    socket.on('close', () => events.closed(fault));
  }

  /** Bytes that wait to be taken by the kernel. */
  get queuedBytes(): number {
    return this.#slab.queuedBytes;
  }

  sendControl(message: StreamManagerToHost): void {
    if (this.#socket.writable) this.#socket.write(encodeControlFrame(message));
  }

  /** Copies a frame. `full`: it was not taken. */
  put(buffer: Buffer, start: number, end: number): 'accepted' | 'full' {
    return this.#slab.put(buffer, start, end);
  }

  /** The other end is ready for tuples. */
  releaseData(): void {
    this.#isDataReleased = true;
    this.flush();
  }

  flush(): void {
    this.#events.queueChanged();
    if (!this.#isDataReleased || this.#writesOnTheWay > 0 || !this.#socket.writable) return;
    const buffers = this.#slab.take();
    this.#socket.cork();
    for (const buffer of buffers) {
      this.#writesOnTheWay++;
      this.#socket.write(buffer, () => this.#written(buffer.length));
    }
    this.#socket.uncork();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(fault?: Error): void {
    this.#socket.destroy(fault);
  }

  #written(bytes: number): void {
    this.#slab.written(bytes);
    this.#writesOnTheWay--;
    if (this.#writesOnTheWay > 0) return;
    if (this.#slab.pendingBytes > 0) this.flush();
    else this.#events.queueChanged();
  }
}

/** Undefined when nobody listens yet. */
function tryOpen(path: string, events: LinkEvents, queueBytesMax: number): Promise<Link | undefined> {
  return new Promise((resolve, reject) => {
    const reader = new FrameReader(events);
    const take = (bytes: number, buffer: Uint8Array): boolean => {
      try {
        reader.feed(Buffer.from(buffer.buffer, buffer.byteOffset, bytes));
      } catch (error) {
        socket.destroy(error as Error);
        return false;
      }
      events.readEnded();
      return true;
    };
    const buffer = Buffer.allocUnsafeSlow(readBytes);
    const socket = connect({ path, onread: { buffer, callback: take } });
    const refused = (error: Error): void => {
      const code = errorCode(error);
      if (code === 'ENOENT' || code === 'ECONNREFUSED') resolve(undefined);
      else reject(error);
    };
    socket.once('error', refused);
    socket.once('connect', () => {
      socket.off('error', refused);
      resolve(new Link(socket, events, queueBytesMax));
    });
  });
}
