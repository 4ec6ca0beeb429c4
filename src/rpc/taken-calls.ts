import { type Clock, type Deferred, deferred } from '../base/index.ts';
import type { AnswerSizes } from './admission.ts';
import type { ServerAccount } from './server-account.ts';
import { methodNameOf } from './wire.ts';

/** `bytes` undefined: nothing is answered. */
export type Outcome = { readonly bytes: Buffer | undefined } | { readonly fault: Error };

export interface TakenCall {
  readonly method: string;
  readonly frameBytes: number;
  readonly expectedBytes: number;
  readonly takenAtMs: number;
  /** Whether the server's account still reserves memory for the answer. */
  isExpected: boolean;
  /** Undefined until the handler is done with the call. */
  outcome: Outcome | undefined;
}

interface Deps {
  readonly clock: Clock;
  readonly account: ServerAccount;
  readonly sizes: AnswerSizes;
  /** The connection has no call left: each is answered, and the operating system has the answers. */
  readonly onNone: () => void;
}

/** A call that runs for longer is a long poll: the server stops reserving memory for its answer. */
const expectedMs = 1000;

/**
 * The calls of one connection, from their frames until the operating system has their answers. Counts their
 * bytes and the expected bytes of their answers, for the connection and in the server's account.
 */
export class TakenCalls {
  readonly #deps: Deps;
  /** In the order of the calls; what is being written is among them. */
  readonly #calls: TakenCall[] = [];
  /** Invariant: the sum of `frameBytes` over #calls. */
  #callBytes = 0;
  /** Invariant: the sum of `expectedBytes` over the #calls without an outcome. */
  #expectedBytes = 0;
  #releasedAtMs: number;
  #room: Deferred<undefined> | undefined;
  #none: Deferred<undefined> | undefined;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#releasedAtMs = deps.clock.monotonicMs();
  }

  get count(): number {
    return this.#calls.length;
  }

  get callBytes(): number {
    return this.#callBytes;
  }

  get expectedBytes(): number {
    return this.#expectedBytes;
  }

  /** When the last call was released, or when the connection began. */
  get releasedAtMs(): number {
    return this.#releasedAtMs;
  }

  begin(frame: Buffer): TakenCall {
    const { sizes, account, clock } = this.#deps;
    const method = methodNameOf(frame);
    const call: TakenCall = {
      method,
      frameBytes: frame.length,
      expectedBytes: sizes.expected(method),
      takenAtMs: clock.monotonicMs(),
      isExpected: true,
      outcome: undefined,
    };
    this.#calls.push(call);
    this.#callBytes += call.frameBytes;
    this.#expectedBytes += call.expectedBytes;
    account.callBytes += call.frameBytes;
    account.expectedBytes += call.expectedBytes;
    return call;
  }

  settle(call: TakenCall, outcome: Outcome): void {
    call.outcome = outcome;
    this.#expectedBytes -= call.expectedBytes;
    if (call.isExpected) this.#deps.account.expectedBytes -= call.expectedBytes;
    call.isExpected = false;
    this.#makeRoom();
  }

  /** Only the server's account drops the reservation of a long call; the connection keeps it. */
  expectNoLonger(nowMs: number): void {
    for (const call of this.#calls) {
      if (nowMs - call.takenAtMs < expectedMs) break;
      if (!call.isExpected) continue;
      call.isExpected = false;
      this.#deps.account.expectedBytes -= call.expectedBytes;
    }
  }

  /** How many calls, from the first, have an outcome that is not a fault. */
  answeredCount(): number {
    const waiting = this.#calls.findIndex(({ outcome }) => outcome === undefined || 'fault' in outcome);
    return waiting === -1 ? this.#calls.length : waiting;
  }

  /** The answers of the first `count` calls, without the calls that have none. */
  answers(count: number): Buffer[] {
    const answers: Buffer[] = [];
    for (const { outcome } of this.#calls.slice(0, count))
      if (outcome !== undefined && 'bytes' in outcome && outcome.bytes !== undefined)
        answers.push(outcome.bytes);
    return answers;
  }

  get firstOutcome(): Outcome | undefined {
    return this.#calls[0]?.outcome;
  }

  /** Drops the answers that have not been written, including those that wait behind a running call. */
  dropAnswers(): void {
    for (const call of this.#calls)
      if (call.outcome !== undefined && 'bytes' in call.outcome) call.outcome = { bytes: undefined };
  }

  /** Removes the first `count` calls. */
  release(count: number): void {
    for (const { frameBytes } of this.#calls.splice(0, count)) {
      this.#callBytes -= frameBytes;
      this.#deps.account.callBytes -= frameBytes;
    }
    this.#releasedAtMs = this.#deps.clock.monotonicMs();
    this.#makeRoom();
    if (this.#calls.length > 0) return;
    this.#none?.resolve(undefined);
    this.#deps.onNone();
  }

  /** Resolves when a call was settled or released, so that another one may have room. */
  changed(): Promise<undefined> {
    this.#room ??= deferred();
    return this.#room.promise;
  }

  /** Resolves when every call has been released. */
  async none(): Promise<void> {
    while (this.#calls.length > 0) {
      this.#none = deferred();
      await this.#none.promise;
    }
  }

  #makeRoom(): void {
    this.#room?.resolve(undefined);
    this.#room = undefined;
  }
}
