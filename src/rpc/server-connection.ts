import type { Socket } from 'node:net';
import {
  type Clock,
  type Deferred,
  deferred,
  describeError,
  GatewayError,
  type Logger,
} from '../base/index.ts';
import type { Dispatcher } from './dispatch.ts';
import { FrameReader } from './framing.ts';

interface Deps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly frameBytesMax: number;
  /** So many calls, of so many bytes together, may be under way; until one is answered no more is read. */
  readonly callsMax: number;
  readonly callBytesMax: number;
}

/**
 * One client of a ThriftServer: reads frames, has them answered, and writes the answers in the order of the calls. Handlers are
 * entered in that order, too.
 */
export class ServerConnection {
  readonly #socket: Socket;
  readonly #dispatch: Dispatcher;
  readonly #deps: Deps;
  readonly #frames: FrameReader;
  readonly #closed = new AbortController();
  readonly #peer: { readonly remoteAddress: string; readonly remotePort: number };
  /** Settles when what was called so far is answered; never rejects. */
  #answered: Promise<void> = Promise.resolve();
  #calls = 0;
  #callBytes = 0;
  #room: Deferred<undefined> | undefined;
  #isFinishing = false;
  #isWriting = false;
  #movedAtMs: number;

  constructor(socket: Socket, dispatch: Dispatcher, deps: Deps) {
    this.#socket = socket;
    this.#dispatch = dispatch;
    this.#deps = deps;
    this.#frames = new FrameReader(deps.frameBytesMax);
    this.#movedAtMs = deps.clock.monotonicMs();
    this.#peer = { remoteAddress: plainAddress(socket.remoteAddress), remotePort: socket.remotePort ?? 0 };
    // Its faults come out of the loop in run(); without a listener one between two reads would end the process.
    socket.on('error', () => undefined);
    socket.once('close', () =>
      this.#closed.abort(new GatewayError('CONNECTION_CLOSED', 'the client has gone or was cut off')),
    );
  }

  /** Serves until the connection ends. Logs why when that is not the client's own clean end. */
  async run(): Promise<void> {
    try {
      for await (const chunk of this.#socket) {
        this.#moved();
        for (const frame of this.#frames.feed(chunk as Buffer)) await this.#take(frame);
        if (this.#isFinishing) break;
      }
      await this.#answered;
      if (this.#frames.pendingBytes > 0 && !this.#isFinishing) {
        this.#logClosed(
          `the client closed within a frame, ${this.#frames.pendingBytes} bytes of it had come`,
        );
      }
    } catch (error) {
      if (!this.#closed.signal.aborted || error instanceof GatewayError)
        this.#logClosed(describeError(error));
    } finally {
      this.#socket.destroy();
      await this.#answered;
    }
  }

  /** Ends the connection once the call that is running, if any, has been answered. */
  finish(): void {
    this.#isFinishing = true;
    if (this.#calls === 0) this.#socket.destroy();
  }

  cut(reason: string): void {
    this.#closed.abort(new GatewayError('CONNECTION_CLOSED', reason));
    this.#socket.destroy();
  }

  /** Cuts the connection when nothing has moved for too long. A running call is the handler's time, not the client's. */
  cutIfStill(limits: { readonly idleTimeoutMs: number; readonly stallTimeoutMs: number }): void {
    if (this.#calls > 0 && !this.#isWriting) return;
    const isMidway = this.#isWriting || this.#frames.pendingBytes > 0;
    const limitMs = isMidway ? limits.stallTimeoutMs : limits.idleTimeoutMs;
    if (this.#deps.clock.monotonicMs() - this.#movedAtMs < limitMs) return;
    const what = this.#isWriting
      ? 'the answer is not read'
      : isMidway
        ? 'a frame stopped coming'
        : 'no call came';
    this.#logClosed(`${what} for ${limitMs} ms`);
    this.cut(`${what} for ${limitMs} ms`);
  }

  /** Enters the handler now, and resolves when there is room for another call. */
  async #take(frame: Buffer): Promise<void> {
    if (this.#isFinishing) return;
    this.#calls += 1;
    this.#callBytes += frame.length;
    const before = this.#answered;
    const answer = this.#dispatch(frame, {
      ...this.#peer,
      localAddress: plainAddress(this.#socket.localAddress),
      localPort: this.#socket.localPort ?? 0,
      signal: this.#closed.signal,
    });
    // Looked at again in its turn: until then a failure must not count as nobody's.
    answer.catch(() => undefined);
    this.#answered = this.#answer(before, answer).then(() => this.#release(frame.length));
    const { callsMax, callBytesMax } = this.#deps;
    while (this.#calls >= callsMax || this.#callBytes >= callBytesMax) {
      this.#room ??= deferred();
      await this.#room.promise;
    }
  }

  async #answer(before: Promise<void>, answering: Promise<Buffer | undefined>): Promise<void> {
    await before;
    try {
      const answer = await answering;
      if (answer === undefined) return;
      this.#warnOfSize(answer);
      await this.#write(answer);
    } catch (error) {
      this.#socket.destroy(error as Error);
    }
  }

  #release(frameBytes: number): void {
    this.#calls -= 1;
    this.#callBytes -= frameBytes;
    this.#moved();
    this.#room?.resolve(undefined);
    this.#room = undefined;
    if (this.#isFinishing && this.#calls === 0) this.#socket.destroy();
  }

  /** Resolves once the answer is with the operating system, so that closing after it loses nothing. */
  async #write(answer: Buffer): Promise<void> {
    if (this.#socket.destroyed) return;
    this.#isWriting = true;
    this.#moved();
    await new Promise<void>((resolve) => this.#socket.write(answer, () => resolve()));
    this.#isWriting = false;
  }

  /** Storm's clients hold answers to the same limit as servers hold calls: such a client will close on this one. */
  #warnOfSize(answer: Buffer): void {
    if (answer.length - 4 <= this.#deps.frameBytesMax) return;
    this.#deps.log.warn({ event: 'rpc.answer.oversize', ...this.#peer, bytes: answer.length - 4 });
  }

  #moved(): void {
    this.#movedAtMs = this.#deps.clock.monotonicMs();
  }

  #logClosed(reason: string): void {
    this.#deps.log.warn({ event: 'rpc.connection.closed', ...this.#peer, reason });
  }
}

/** An IPv4 client of a socket that also takes IPv6 appears as ::ffff:a.b.c.d. */
function plainAddress(address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:/, '');
}
