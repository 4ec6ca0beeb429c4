import { connect, type Socket } from 'node:net';
import { type Clock, errorCode, type JsonObject, throwIfAborted } from '../../../base/index.ts';
import {
  encodeControlFrame,
  type FrameConsumer,
  FrameReader,
  FrameSlab,
  frameCount,
} from '../../../tuple/index.ts';
import type { StreamManagerToHost } from '../../links/index.ts';

const readBytes = 256 << 10;
const connectEveryMs = 5;

export interface LinkEvents {
  readonly dataFrame: FrameConsumer;
  /** What it throws closes the link, as a violation of the protocol does. */
  readonly controlFrame: (message: JsonObject) => void;
  /** All frames of one read have been passed. */
  readonly readEnded: () => void;
  /** `queuedBytes` and `queuedTuples` have changed. */
  readonly queueChanged: () => void;
  /** Once, and never on the stack of a call of the owner's; with the fault if that is why. */
  readonly closed: (fault: unknown) => void;
}

/**
 * The unix socket to a JVM host. DATA frames are gathered in a slab and written in one go; during one write
 * the next frames gather. Until {@link releaseData} only control frames are written, and data waits.
 *
 * At most one control message is being written at a time. Behind it waits the newest of each kind, so a JVM
 * that does not read costs no memory: a plan or a pressure report replaces the one before it; loads and
 * losses are added to those before.
 */
export class Link {
  readonly #socket: Socket;
  readonly #events: LinkEvents;
  readonly #slab: FrameSlab;
  #isDataReleased = false;
  #writesOnTheWay = 0;
  #pendingTuples = 0;
  #inFlightTuples = 0;
  readonly #tuplesMax: number;
  #isControlOnTheWay = false;
  readonly #waitingControl = new Map<string, StreamManagerToHost>();

  /** Retries until a JVM host listens at `path`. Rejects with the signal's reason on abort. */
  static async open(
    path: string,
    events: LinkEvents,
    options: QueueBounds & { readonly clock: Clock; readonly signal: AbortSignal },
  ): Promise<Link> {
    for (;;) {
      throwIfAborted(options.signal);
      const link = await tryOpen(path, events, options);
      if (link !== undefined) return link;
      await options.clock.sleep(connectEveryMs, options.signal);
    }
  }

  constructor(socket: Socket, events: LinkEvents, bounds: QueueBounds) {
    this.#socket = socket;
    this.#events = events;
    this.#slab = new FrameSlab({ queueBytesMax: bounds.queueBytesMax });
    this.#tuplesMax = bounds.queueTuplesMax;
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

  get queuedTuples(): number {
    return this.#pendingTuples + this.#inFlightTuples;
  }

  /** `start` and `stop` go at once. */
  sendControl(message: StreamManagerToHost): void {
    const { type } = message;
    if (this.#isControlOnTheWay && type !== 'start' && type !== 'stop') {
      const next = newest(this.#waitingControl.get(type), message);
      this.#waitingControl.delete(type); // it waits behind those of other kinds that came before it
      this.#waitingControl.set(type, next);
      return;
    }
    if (!this.#socket.writable) return;
    this.#isControlOnTheWay = true;
    this.#socket.write(encodeControlFrame(message), () => this.#controlWritten());
  }

  /** Copies a frame. `full`: it was not taken. */
  put(buffer: Buffer, start: number, end: number): 'accepted' | 'full' {
    const tuples = frameCount(buffer, start);
    if (this.queuedTuples + tuples > this.#tuplesMax) return 'full';
    const answer = this.#slab.put(buffer, start, end);
    if (answer === 'accepted') this.#pendingTuples += tuples;
    return answer;
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
    this.#inFlightTuples = this.#pendingTuples;
    this.#pendingTuples = 0;
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

  #controlWritten(): void {
    this.#isControlOnTheWay = false;
    for (const [type, message] of this.#waitingControl) {
      this.#waitingControl.delete(type);
      this.sendControl(message);
      break;
    }
  }

  #written(bytes: number): void {
    this.#slab.written(bytes);
    this.#writesOnTheWay--;
    if (this.#writesOnTheWay > 0) return;
    this.#inFlightTuples = 0;
    if (this.#slab.pendingBytes > 0) this.flush();
    else this.#events.queueChanged();
  }
}

export interface QueueBounds {
  readonly queueBytesMax: number;
  readonly queueTuplesMax: number;
}

/** What the host is to know of two messages of one kind. */
function newest(before: StreamManagerToHost | undefined, message: StreamManagerToHost): StreamManagerToHost {
  if (before?.type === 'loads' && message.type === 'loads') {
    return { type: 'loads', loads: [...new Map([...before.loads, ...message.loads])] };
  }
  if (before?.type === 'lost' && message.type === 'lost') {
    const tasks = [...new Set([...before.tasks, ...message.tasks])];
    return { type: 'lost', tasks, spouts: [...new Set([...before.spouts, ...message.spouts])] };
  }
  return message;
}

/** Resolves to undefined when no JVM host listens yet. */
function tryOpen(path: string, events: LinkEvents, bounds: QueueBounds): Promise<Link | undefined> {
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
      resolve(new Link(socket, events, bounds));
    });
  });
}
