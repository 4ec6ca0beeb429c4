import type { Socket } from 'node:net';
import { type Clock, describeError, GatewayError, type Logger } from '../base/index.ts';
import { type AdmissionLimits, type AnswerSizes, mayBegin } from './admission.ts';
import { ConnectionAnswers } from './connection-answers.ts';
import { endsOf } from './connection-ends.ts';
import type { Dispatcher } from './dispatch.ts';
import { FrameReader } from './framing.ts';
import type { Holding } from './overload.ts';
import type { Occupant } from './places.ts';
import type { ServerAccount } from './server-account.ts';
import type { Call } from './service.ts';
import { TakenCalls } from './taken-calls.ts';
import type { Turns } from './turns.ts';

interface Deps extends AdmissionLimits {
  readonly clock: Clock;
  readonly log: Logger;
  readonly frameBytesMax: number;
  readonly account: ServerAccount;
  readonly sizes: AnswerSizes;
  readonly turns: Turns;
}

interface TimeLimits {
  readonly idleTimeoutMs: number;
  readonly stallTimeoutMs: number;
  readonly frameTimeoutMs: number;
}

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
  readonly #calls: TakenCalls;
  readonly #answers: ConnectionAnswers;
  /** Invariant: counted in the server's account, too; 0 once the connection has ended. */
  #frameBytes = 0;
  #isFinishing = false;
  #frameMovedAtMs: number;
  #frameBeganAtMs: number;

  constructor(socket: Socket, dispatch: Dispatcher, deps: Deps) {
    this.#socket = socket;
    this.#dispatch = dispatch;
    this.#deps = deps;
    this.#frames = new FrameReader(deps.frameBytesMax);
    this.#frameMovedAtMs = deps.clock.monotonicMs();
    this.#frameBeganAtMs = this.#frameMovedAtMs;
    this.#ends = endsOf(socket, this.#closed.signal);
    const onNone = () => {
      if (this.#isFinishing) socket.destroy();
    };
    const onOversize = (bytes: number) =>
      deps.log.warn({ event: 'rpc.answer.oversize', ...this.#peer, bytes });
    this.#calls = new TakenCalls({ ...deps, onNone });
    this.#answers = new ConnectionAnswers(socket, this.#calls, { ...deps, onOversize });
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
    if (this.#calls.count === 0) return this.#lastMovedAtMs;
    return this.#answers.isWriting ? this.#answers.movedAtMs : undefined;
  }

  get heldBytes(): number {
    return this.#answers.heldBytes + this.#frameBytes;
  }

  get movedAtMs(): number {
    return this.#answers.heldBytes >= this.#frameBytes ? this.#answers.movedAtMs : this.#frameMovedAtMs;
  }

  /** Serves until the connection ends. Logs why when that is not the client's own clean end. */
  async run(): Promise<void> {
    try {
      for await (const chunk of this.#socket) {
        await this.#read(chunk as Buffer);
        if (this.#isFinishing) break;
      }
      await this.#calls.none();
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
      await this.#calls.none();
    }
  }

  /** Ends the connection once the call that is running, if any, has been answered. */
  finish(): void {
    this.#isFinishing = true;
    if (this.#calls.count === 0) this.#socket.destroy();
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
    this.#calls.expectNoLonger(nowMs);
    const { stallTimeoutMs, idleTimeoutMs, frameTimeoutMs } = limits;
    const isMidway = this.#frames.pendingBytes > 0;
    if (isMidway && nowMs - this.#frameBeganAtMs >= frameTimeoutMs) {
      this.cutFor(
        `a frame was not complete after ${frameTimeoutMs} ms, ${this.#frames.pendingBytes} bytes of it had come`,
      );
    } else if (this.#answers.isWriting) {
      if (nowMs - this.#answers.movedAtMs >= stallTimeoutMs)
        this.cutFor(`the answer is not read for ${stallTimeoutMs} ms`);
    } else if (this.#calls.count === 0) {
      const limitMs = isMidway ? stallTimeoutMs : idleTimeoutMs;
      if (nowMs - this.#lastMovedAtMs >= limitMs)
        this.cutFor(`${isMidway ? 'a frame stopped coming' : 'no call came'} for ${limitMs} ms`);
    }
  }

  async #read(chunk: Buffer): Promise<void> {
    this.#frameMovedAtMs = this.#deps.clock.monotonicMs();
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
    while (!mayBegin(this.#load, this.#deps.account, this.#deps)) await this.#calls.changed();
    const nextTurn = this.#deps.turns.next;
    if (nextTurn !== undefined) await nextTurn;
  }

  #begin(frame: Buffer): void {
    const call = this.#calls.begin(frame);
    this.#dispatch(frame, this.#ends).then(
      (bytes) => this.#answers.settle(call, { bytes }),
      (error: unknown) => this.#answers.settle(call, { fault: error as Error }),
    );
  }

  #holdFrame(frameBytes: number): void {
    const more = frameBytes - this.#frameBytes;
    this.#frameBytes = frameBytes;
    if (more !== 0) this.#deps.account.hold(more);
  }

  get #load() {
    return {
      calls: this.#calls.count,
      callBytes: this.#calls.callBytes,
      answerBytes: this.#answers.heldBytes,
      expectedBytes: this.#calls.expectedBytes,
    };
  }

  #end(reason: GatewayError): void {
    if (this.#closed.signal.aborted) return;
    this.#closed.abort(reason);
    this.#answers.end();
    this.#holdFrame(0);
  }

  /** When the client last sent or the last answer was taken; for a connection without calls. */
  get #lastMovedAtMs(): number {
    return Math.max(this.#frameMovedAtMs, this.#calls.releasedAtMs);
  }

  get #peer(): { readonly remoteAddress: string; readonly remotePort: number } {
    const { remoteAddress, remotePort } = this.#ends;
    return { remoteAddress, remotePort };
  }

  #logClosed(reason: string): void {
    this.#deps.log.warn({ event: 'rpc.connection.closed', ...this.#peer, reason });
  }
}
