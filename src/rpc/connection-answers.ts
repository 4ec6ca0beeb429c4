import type { Socket } from 'node:net';
import type { Clock } from '../base/index.ts';
import type { AnswerSizes } from './admission.ts';
import { writeAnswers } from './answer-writing.ts';
import type { ServerAccount } from './server-account.ts';
import type { Outcome, TakenCall, TakenCalls } from './taken-calls.ts';

interface Deps {
  readonly clock: Clock;
  readonly account: ServerAccount;
  readonly sizes: AnswerSizes;
  readonly frameBytesMax: number;
  /** Receives the length of an answer that exceeds `frameBytesMax`. */
  readonly onOversize: (bytes: number) => void;
}

/**
 * Writes the answers of one connection to its socket, in the order of the calls, and counts the bytes that
 * the operating system has not taken. A call whose handler fails destroys the socket with that error, after
 * the answers before it.
 */
export class ConnectionAnswers {
  readonly #socket: Socket;
  readonly #calls: TakenCalls;
  readonly #deps: Deps;
  #isFlushDue = false;
  /** So many of the first calls are being written. */
  #writing = 0;
  /** Invariant: counted in the server's account, too; 0 once the connection has ended. */
  #heldBytes = 0;
  #movedAtMs: number;
  #hasEnded = false;

  constructor(socket: Socket, calls: TakenCalls, deps: Deps) {
    this.#socket = socket;
    this.#calls = calls;
    this.#deps = deps;
    this.#movedAtMs = deps.clock.monotonicMs();
  }

  get isWriting(): boolean {
    return this.#writing > 0;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** When the first of the held answers came or the operating system last took one. */
  get movedAtMs(): number {
    return this.#movedAtMs;
  }

  /** Records the outcome of a call, and writes it once the calls before it are answered. */
  settle(call: TakenCall, outcome: Outcome): void {
    const kept: Outcome = this.#hasEnded && 'bytes' in outcome ? { bytes: undefined } : outcome;
    this.#flushSoon();
    this.#calls.settle(call, kept);
    const bytes = 'bytes' in kept ? (kept.bytes?.length ?? 0) : 0;
    if (bytes === 0) return;
    this.#deps.sizes.seen(call.method, bytes);
    if (this.#heldBytes === 0) this.#movedAtMs = this.#deps.clock.monotonicMs();
    this.#hold(bytes);
  }

  /** Releases all held answers at once: the connection has ended, and nothing is written any more. */
  end(): void {
    this.#hasEnded = true;
    this.#calls.dropAnswers();
    this.#hold(-this.#heldBytes);
  }

  #hold(bytes: number): void {
    this.#heldBytes += bytes;
    this.#deps.account.hold(bytes);
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
    const count = this.#calls.answeredCount();
    if (count > 0) this.#write(count);
    else {
      const outcome = this.#calls.firstOutcome;
      if (outcome === undefined) return;
      if ('fault' in outcome) this.#socket.destroy(outcome.fault);
      this.#calls.release(1);
      this.#flush();
    }
  }

  #write(count: number): void {
    const answers = this.#calls.answers(count);
    for (const answer of answers) this.#warnOfSize(answer);
    if (answers.length === 0 || this.#socket.destroyed) {
      this.#calls.release(count);
      this.#flushSoon();
      return;
    }
    this.#writing = count;
    this.#movedAtMs = this.#deps.clock.monotonicMs();
    writeAnswers(this.#socket, answers, {
      taken: (bytes) => {
        this.#movedAtMs = this.#deps.clock.monotonicMs();
        if (!this.#hasEnded) this.#hold(-bytes);
      },
      done: () => {
        this.#writing = 0;
        this.#calls.release(count);
        this.#flush();
      },
    });
  }

  /**
   * Storm's clients hold answers to the same limit as servers hold calls: such a client will close on this
   * one.
   */
  #warnOfSize(answer: Buffer): void {
    if (answer.length - 4 > this.#deps.frameBytesMax) this.#deps.onOversize(answer.length - 4);
  }
}
