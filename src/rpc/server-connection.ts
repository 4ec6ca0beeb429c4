import type { Socket } from 'node:net';
import {
  type Clock,
  type Deferred,
  deferred,
  describeError,
  GatewayError,
  type Logger,
} from '../base/index.ts';
import { type AdmissionLimits, type AnswerSizes, mayBegin } from './admission.ts';
import { writeAnswers } from './answer-writing.ts';
import type { Dispatcher } from './dispatch.ts';
import { FrameReader } from './framing.ts';
import type { Holding } from './overload.ts';
import type { Occupant } from './places.ts';
import type { ServerAccount } from './server-account.ts';
import type { Call } from './service.ts';
import type { Turns } from './turns.ts';
import { methodNameOf } from './wire.ts';

interface Deps extends AdmissionLimits {
  readonly clock: Clock;
  readonly log: Logger;
  readonly frameBytesMax: number;
  readonly account: ServerAccount;
  readonly sizes: AnswerSizes;
  readonly turns: Turns;
}

interface Taken {
  readonly method: string;
  readonly frameBytes: number;
  readonly expectedBytes: number;
  readonly takenAtMs: number;
  /** Whether the server's account still reserves memory for the answer. */
  isExpected: boolean;
  /** Undefined until the handler is done with it; `bytes` undefined: nothing is answered. */
  outcome: { readonly bytes: Buffer | undefined } | { readonly fault: Error } | undefined;
}

interface TimeLimits {
  readonly idleTimeoutMs: number;
  readonly stallTimeoutMs: number;
  readonly frameTimeoutMs: number;
}

/** A call that runs for longer is a long poll: the server stops reserving memory for its answer. */
const expectedMs = 1000;

/**
 * One client of a ThriftServer: reads frames, has them answered, and writes the answers in the order of the
 * calls. Handlers are entered in that order, too. Everything it holds is counted in the server's account from
 * the moment it is held.
 */
export class ServerConnection implements Holding, Occupant {
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
  #expectedBytes = 0;
  #answerBytes = 0;
  #frameBytes = 0;
  #room: Deferred<undefined> | undefined;
  #isFinishing = false;
  /** So many of #taken are being written. */
  #writing = 0;
  /** Anything of the connection. */
  #movedAtMs: number;
  #answersMovedAtMs: number;
  #frameMovedAtMs: number;
  #frameBeganAtMs: number;

  constructor(socket: Socket, dispatch: Dispatcher, deps: Deps) {
    this.#socket = socket;
    this.#dispatch = dispatch;
    this.#deps = deps;
    this.#frames = new FrameReader(deps.frameBytesMax);
    this.#movedAtMs = deps.clock.monotonicMs();
    this.#answersMovedAtMs = this.#movedAtMs;
    this.#frameMovedAtMs = this.#movedAtMs;
    this.#frameBeganAtMs = this.#movedAtMs;
    this.#ends = {
      remoteAddress: plainAddress(socket.remoteAddress),
      remotePort: socket.remotePort ?? 0,
      localAddress: plainAddress(socket.localAddress),
      localPort: socket.localPort ?? 0,
      signal: this.#closed.signal,
    };
    // Its faults come out of the loop in run(); without a listener one between two reads would end the
    // process.
    socket.on('error', () => undefined);
    socket.once('close', () =>
      this.#end(new GatewayError('CONNECTION_CLOSED', 'the client has gone or was cut off')),
    );
  }

  get address(): string {
    return this.#ends.remoteAddress;
  }

  get idleSinceMs(): number | undefined {
    if (this.#taken.length === 0) return this.#movedAtMs;
    return this.#writing > 0 ? this.#answersMovedAtMs : undefined;
  }

  get heldBytes(): number {
    return this.#answerBytes + this.#frameBytes;
  }

  get movedAtMs(): number {
    return this.#answerBytes >= this.#frameBytes ? this.#answersMovedAtMs : this.#frameMovedAtMs;
  }

  /** Serves until the connection ends. Logs why when that is not the client's own clean end. */
  async run(): Promise<void> {
    try {
      for await (const chunk of this.#socket) {
        await this.#read(chunk as Buffer);
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
    this.#end(new GatewayError('CONNECTION_CLOSED', reason));
    this.#socket.destroy();
  }

  /** Cuts the connection and logs the reason. */
  cutFor(reason: string): void {
    this.#logClosed(reason);
    this.cut(reason);
  }

  /**
   * Cuts the connection when nothing has moved for too long. A running call is the handler's time, not the
   * client's.
   */
  cutIfStill(limits: TimeLimits): void {
    if (this.#closed.signal.aborted) return;
    const nowMs = this.#deps.clock.monotonicMs();
    this.#expectNoLonger(nowMs);
    const { stallTimeoutMs, idleTimeoutMs, frameTimeoutMs } = limits;
    const isMidway = this.#frames.pendingBytes > 0;
    if (isMidway && nowMs - this.#frameBeganAtMs >= frameTimeoutMs) {
      this.cutFor(
        `a frame was not complete after ${frameTimeoutMs} ms, ${this.#frames.pendingBytes} bytes of it had come`,
      );
    } else if (this.#writing > 0) {
      if (nowMs - this.#answersMovedAtMs >= stallTimeoutMs)
        this.cutFor(`the answer is not read for ${stallTimeoutMs} ms`);
    } else if (this.#taken.length === 0) {
      const limitMs = isMidway ? stallTimeoutMs : idleTimeoutMs;
      if (nowMs - this.#movedAtMs >= limitMs)
        this.cutFor(`${isMidway ? 'a frame stopped coming' : 'no call came'} for ${limitMs} ms`);
    }
  }

  async #read(chunk: Buffer): Promise<void> {
    this.#moved();
    this.#frameMovedAtMs = this.#movedAtMs;
    const began = this.#frames.pendingBytes === 0;
    let isFrame = false;
    for (const frame of this.#frames.feed(chunk)) {
      isFrame = true;
      await this.#take(frame);
    }
    // The rest of the chunk counts from now: while the calls before it waited for room, nothing more was
    // read.
    if (began || isFrame) this.#frameBeganAtMs = this.#deps.clock.monotonicMs();
    this.#holdFrame(this.#closed.signal.aborted ? 0 : this.#frames.heldBytes);
  }

  /** Enters the handler now, and resolves when there is room for another call. */
  async #take(frame: Buffer): Promise<void> {
    this.#holdFrame(0);
    if (this.#isFinishing) return;
    this.#begin(frame);
    while (!mayBegin(this.#load, this.#deps.account, this.#deps)) {
      this.#room ??= deferred();
      await this.#room.promise;
    }
    const nextTurn = this.#deps.turns.next;
    if (nextTurn !== undefined) await nextTurn;
  }

  #begin(frame: Buffer): void {
    const { sizes, account, clock } = this.#deps;
    const method = methodNameOf(frame);
    const taken: Taken = {
      method,
      frameBytes: frame.length,
      expectedBytes: sizes.expected(method),
      takenAtMs: clock.monotonicMs(),
      isExpected: true,
      outcome: undefined,
    };
    this.#taken.push(taken);
    this.#callBytes += taken.frameBytes;
    this.#expectedBytes += taken.expectedBytes;
    account.callBytes += taken.frameBytes;
    account.expectedBytes += taken.expectedBytes;
    this.#dispatch(frame, this.#ends).then(
      (bytes) => this.#settle(taken, { bytes }),
      (error: unknown) => this.#settle(taken, { fault: error as Error }),
    );
  }

  #settle(taken: Taken, outcome: NonNullable<Taken['outcome']>): void {
    const isGone = this.#closed.signal.aborted;
    taken.outcome = isGone && 'bytes' in outcome ? { bytes: undefined } : outcome;
    this.#expectedBytes -= taken.expectedBytes;
    if (taken.isExpected) this.#deps.account.expectedBytes -= taken.expectedBytes;
    taken.isExpected = false;
    this.#flushSoon();
    this.#makeRoom();
    const bytes = 'bytes' in taken.outcome ? (taken.outcome.bytes?.length ?? 0) : 0;
    if (bytes === 0) return;
    this.#deps.sizes.seen(taken.method, bytes);
    if (this.#answerBytes === 0) this.#answersMovedAtMs = this.#deps.clock.monotonicMs();
    this.#hold(bytes);
  }

  #hold(answerBytes: number): void {
    this.#answerBytes += answerBytes;
    this.#deps.account.hold(answerBytes);
  }

  #holdFrame(frameBytes: number): void {
    const more = frameBytes - this.#frameBytes;
    this.#frameBytes = frameBytes;
    if (more !== 0) this.#deps.account.hold(more);
  }

  /** Only the server's account drops the reservation of a long call; the connection keeps it. */
  #expectNoLonger(nowMs: number): void {
    for (const taken of this.#taken) {
      if (nowMs - taken.takenAtMs < expectedMs) break;
      if (!taken.isExpected) continue;
      taken.isExpected = false;
      this.#deps.account.expectedBytes -= taken.expectedBytes;
    }
  }

  get #load() {
    return {
      calls: this.#taken.length,
      callBytes: this.#callBytes,
      answerBytes: this.#answerBytes,
      expectedBytes: this.#expectedBytes,
    };
  }

  /** Makes a waiting #take check again whether another call may begin. */
  #makeRoom(): void {
    this.#room?.resolve(undefined);
    this.#room = undefined;
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

  /**
   * Writes the answers whose turn it is. They count as taken until the operating system has them, so that
   * closing after it loses nothing.
   */
  #flush(): void {
    if (this.#writing > 0) return;
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
    this.#writing = count;
    this.#moved();
    this.#answersMovedAtMs = this.#movedAtMs;
    writeAnswers(this.#socket, answers, {
      taken: (bytes) => {
        this.#moved();
        this.#answersMovedAtMs = this.#movedAtMs;
        if (!this.#closed.signal.aborted) this.#hold(-bytes);
      },
      done: () => {
        this.#writing = 0;
        this.#release(count);
        this.#flush();
      },
    });
  }

  #release(count: number): void {
    for (const { frameBytes } of this.#taken.splice(0, count)) {
      this.#callBytes -= frameBytes;
      this.#deps.account.callBytes -= frameBytes;
    }
    this.#moved();
    this.#makeRoom();
    if (this.#taken.length > 0) return;
    this.#answered?.resolve(undefined);
    if (this.#isFinishing) this.#socket.destroy();
  }

  /**
   * Releases all held answers at once, including those that wait behind a running call: nothing is written
   * any more.
   */
  #end(reason: GatewayError): void {
    if (this.#closed.signal.aborted) return;
    this.#closed.abort(reason);
    for (const taken of this.#taken)
      if (taken.outcome !== undefined && 'bytes' in taken.outcome) taken.outcome = { bytes: undefined };
    this.#hold(-this.#answerBytes);
    this.#holdFrame(0);
  }

  async #allAnswered(): Promise<void> {
    while (this.#taken.length > 0) {
      this.#answered = deferred();
      await this.#answered.promise;
    }
  }

  /**
   * Storm's clients hold answers to the same limit as servers hold calls: such a client will close on this
   * one.
   */
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
export function plainAddress(address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:/, '');
}
