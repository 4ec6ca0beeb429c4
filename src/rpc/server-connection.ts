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
import type { Call } from './service.ts';

interface Deps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly frameBytesMax: number;
  /** So many calls, of so many bytes together, may be under way; until one is answered no more is read. */
  readonly callsMax: number;
  readonly callBytesMax: number;
}

interface Taken {
  readonly frameBytes: number;
  /** Undefined until the handler is done with it; `bytes` undefined: nothing is answered. */
  outcome: { readonly bytes: Buffer | undefined } | { readonly fault: Error } | undefined;
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
  readonly #ends: Omit<Call, 'method'>;
  /** In the order of the calls; what is being written is among them. */
  readonly #taken: Taken[] = [];
  #isFlushDue = false;
  #answered: Deferred<undefined> | undefined;
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
    this.#ends = {
      remoteAddress: plainAddress(socket.remoteAddress),
      remotePort: socket.remotePort ?? 0,
      localAddress: plainAddress(socket.localAddress),
      localPort: socket.localPort ?? 0,
      signal: this.#closed.signal,
    };
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
      await this.#allAnswered();
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
      await this.#allAnswered();
    }
  }

  /** Ends the connection once the call that is running, if any, has been answered. */
  finish(): void {
    this.#isFinishing = true;
    if (this.#taken.length === 0) this.#socket.destroy();
  }

  cut(reason: string): void {
    this.#closed.abort(new GatewayError('CONNECTION_CLOSED', reason));
    this.#socket.destroy();
  }

  /** Cuts the connection when nothing has moved for too long. A running call is the handler's time, not the client's. */
  cutIfStill(limits: { readonly idleTimeoutMs: number; readonly stallTimeoutMs: number }): void {
    if (this.#taken.length > 0 && !this.#isWriting) return;
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
    const taken: Taken = { frameBytes: frame.length, outcome: undefined };
    this.#taken.push(taken);
    this.#callBytes += frame.length;
    const settle = (outcome: NonNullable<Taken['outcome']>): void => {
      taken.outcome = outcome;
      this.#flushSoon();
    };
    this.#dispatch(frame, this.#ends).then(
      (bytes) => settle({ bytes }),
      (error: unknown) => settle({ fault: error as Error }),
    );
    const { callsMax, callBytesMax } = this.#deps;
    while (this.#taken.length >= callsMax || this.#callBytes >= callBytesMax) {
      this.#room ??= deferred();
      await this.#room.promise;
    }
  }

  /** When all that are answered in this turn are: one write for all of them. */
  #flushSoon(): void {
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    process.nextTick(() => {
      this.#isFlushDue = false;
      this.#flush();
    });
  }

  /** Writes the answers whose turn it is. They count as taken until the operating system has them, so that closing after it loses nothing. */
  #flush(): void {
    if (this.#isWriting) return;
    const waiting = this.#taken.findIndex(({ outcome }) => outcome === undefined || 'fault' in outcome);
    const count = waiting === -1 ? this.#taken.length : waiting;
    if (count > 0) this.#write(count);
    else {
      const outcome = this.#taken[0]?.outcome;
      if (outcome === undefined) return;
      if ('fault' in outcome) this.#socket.destroy(outcome.fault);
      this.#release(1);
      this.#flush();
    }
  }

  #write(count: number): void {
    const answers: Buffer[] = [];
    for (const { outcome } of this.#taken.slice(0, count))
      if (outcome !== undefined && 'bytes' in outcome && outcome.bytes !== undefined)
        answers.push(outcome.bytes);
    for (const answer of answers) this.#warnOfSize(answer);
    if (answers.length === 0 || this.#socket.destroyed) {
      this.#release(count);
      this.#flushSoon();
      return;
    }
    this.#isWriting = true;
    this.#moved();
    const onWritten = (): void => {
      this.#isWriting = false;
      this.#release(count);
      this.#flush();
    };
    this.#socket.cork();
    for (const answer of answers.slice(0, -1)) this.#socket.write(answer);
    this.#socket.write(answers.at(-1)!, onWritten);
    this.#socket.uncork();
  }

  #release(count: number): void {
    for (const { frameBytes } of this.#taken.splice(0, count)) this.#callBytes -= frameBytes;
    this.#moved();
    this.#room?.resolve(undefined);
    this.#room = undefined;
    if (this.#taken.length > 0) return;
    this.#answered?.resolve(undefined);
    if (this.#isFinishing) this.#socket.destroy();
  }

  async #allAnswered(): Promise<void> {
    while (this.#taken.length > 0) {
      this.#answered = deferred();
      await this.#answered.promise;
    }
  }

  /** Storm's clients hold answers to the same limit as servers hold calls: such a client will close on this one. */
  #warnOfSize(answer: Buffer): void {
    if (answer.length - 4 <= this.#deps.frameBytesMax) return;
    this.#deps.log.warn({ event: 'rpc.answer.oversize', ...this.#peer, bytes: answer.length - 4 });
  }

  #moved(): void {
    this.#movedAtMs = this.#deps.clock.monotonicMs();
  }

  get #peer(): { readonly remoteAddress: string; readonly remotePort: number } {
    const { remoteAddress, remotePort } = this.#ends;
    return { remoteAddress, remotePort };
  }

  #logClosed(reason: string): void {
    this.#deps.log.warn({ event: 'rpc.connection.closed', ...this.#peer, reason });
  }
}

/** An IPv4 client of a socket that also takes IPv6 appears as ::ffff:a.b.c.d. */
function plainAddress(address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:/, '');
}
