import { type Deferred, deferred, GatewayError, nextTurn } from '../base/index.ts';
import type { WriteResponse } from '../rpc/index.ts';
import { type AppendOutcome, AppendQueue, type Waiting, type WriterLimits } from './append-queue.ts';
import { asFault, failureOf, isPassing } from './failure.ts';
import { fromWire } from './position.ts';
import { encodeRecordSet } from './record-set.ts';
import { Route, type RouteOptions } from './route.ts';
import { failedOutcome, type SetAnswer } from './set-answer.ts';

interface SentSet {
  readonly records: readonly Waiting[];
  readonly answer: Promise<SetAnswer>;
  /** The answer, once it has arrived. */
  answered: SetAnswer | undefined;
}

/**
 *     open ──close──> closing ──> closed        open ──a permanent refusal, an unknown──> failed
 *
 * Appends to one stream, in the order of the calls and without a hole: sets of records, several in flight, in
 * one session of a connection of its own. A set that was refused temporarily is resent in the next session,
 * with everything behind it. After a set whose fate is unknown, or a permanent refusal, the writer fails and
 * refuses everything behind it. Open a new writer to continue.
 */
export class StreamWriter implements AsyncDisposable {
  readonly #route: Route;
  readonly #stream: string;
  readonly #queue: AppendQueue;
  readonly #underWay: SentSet[] = [];
  #session = 1n;
  /** Invariant: once it is set, #queue has ended. */
  #fault: GatewayError | undefined;
  #isClosing = false;
  #pumping: Promise<void> | undefined;
  #gathered: Deferred<undefined> = deferred();

  constructor(
    options: RouteOptions,
    stream: string,
    given: Partial<WriterLimits> & { readonly signal?: AbortSignal } = {},
  ) {
    const { signal, ...limits } = given;
    this.#stream = stream;
    this.#queue = new AppendQueue(limits);
    this.#route = new Route(options, stream, signal);
  }

  /** Why the writer accepts nothing more; undefined while it does. */
  get fault(): GatewayError | undefined {
    return this.#fault;
  }

  /** Appends without a copy: do not modify the payload until the outcome is known. Never rejects. */
  append(payload: Uint8Array): Promise<AppendOutcome> {
    const refusal = this.#refusal(payload.length);
    if (refusal !== undefined) return Promise.resolve({ kind: 'refused', error: refusal });
    return new Promise((resolve) => {
      this.#queue.add({ payload, resolve });
      if (this.#maySend()) this.#gathered.resolve(undefined);
      this.#pumping ??= this.#pump();
    });
  }

  /** Resolves when the writer accepts appends again, or never will. */
  ready(): Promise<void> {
    return this.#queue.ready();
  }

  /** Resolves when the outcome of every append is known. */
  async flush(): Promise<void> {
    while (this.#pumping !== undefined) await this.#pumping;
  }

  /** Accepts nothing more, settles what was accepted, and closes the connection. Idempotent. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await this.flush();
    this.#route[Symbol.dispose]();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #refusal(bytes: number): GatewayError | undefined {
    const facts = { stream: this.#stream, bytes };
    if (this.#fault !== undefined)
      return new GatewayError('CONNECTION_CLOSED', `${this.#stream}: this writer has failed before`, {
        ...{ cause: this.#fault, facts },
      });
    if (this.#isClosing)
      return new GatewayError('CONNECTION_CLOSED', `${this.#stream}: this writer is closed`, { facts });
    return this.#queue.refusal(this.#stream, bytes);
  }

  async #pump(): Promise<void> {
    while (!this.#queue.isEmpty || this.#underWay.length > 0) {
      // Appends that are answered together are settled together, and whatever is appended before the turn
      // ends is one set.
      if (this.#underWay[0]?.answered !== undefined) {
        await this.#settleOldest(this.#underWay[0].answered);
        continue;
      }
      if (this.#maySend()) {
        await nextTurn();
        await this.#sendWhatMay();
      }
      const [oldest] = this.#underWay;
      if (oldest === undefined || oldest.answered !== undefined || this.#maySend()) continue;
      this.#gathered = deferred();
      await Promise.race([oldest.answer, this.#gathered.promise]);
    }
    // This happens in the same step as the check of the queue: any later append starts another run.
    this.#pumping = undefined;
  }

  #maySend(): boolean {
    return this.#queue.maySend(this.#underWay.length);
  }

  async #sendWhatMay(): Promise<void> {
    while (this.#maySend()) {
      // With nothing in flight, a lost connection has cost nothing yet.
      if (this.#underWay.length === 0 && !(await this.#connects())) return;
      const records = this.#queue.takeSet();
      const sent: SentSet = { records, answer: this.#send(records), answered: undefined };
      void sent.answer.then((answer) => {
        sent.answered = answer;
      });
      this.#underWay.push(sent);
    }
  }

  async #connects(): Promise<boolean> {
    try {
      await this.#route.connected();
      return true;
    } catch (error) {
      this.#fail(asFault(error));
      return false;
    }
  }

  #send(records: readonly Waiting[]): SentSet['answer'] {
    const isRecordSet = records.length > 1;
    const data = isRecordSet
      ? encodeRecordSet(records.map(({ payload }) => payload))
      : Buffer.from(records[0]!.payload);
    const ctx = { session: this.#session, isRecordSet };
    return this.#route
      .caller()
      .then((caller) => caller.writeWithContext({ stream: this.#stream, data, ctx }))
      .catch((error: unknown) => ({ lost: asFault(error) }));
  }

  async #settleOldest(answer: SetAnswer): Promise<void> {
    const { records } = this.#underWay.shift()!;
    if (!('lost' in answer)) {
      if (answer.header.code === 'SUCCESS') {
        this.#route.progressed();
        return this.#queue.settleCommitted(records, fromWire(answer.dlsn!));
      }
      if (isPassing(answer.header)) return this.#sendAgain(records, answer);
    }
    const outcome = failedOutcome(this.#stream, answer);
    this.#queue.settle(records, outcome);
    return this.#failBehind(outcome.error);
  }

  /**
   * The gateway cancelled everything behind the refused set: all of it is resent, in order, in the next
   * session.
   */
  async #sendAgain(records: readonly Waiting[], { header }: WriteResponse): Promise<void> {
    const again = [...records];
    while (this.#underWay.length > 0) {
      const later = this.#underWay.shift()!;
      const answer = await later.answer;
      const isRefused =
        !('lost' in answer) && answer.header.code !== 'SUCCESS' && answer.header.isUnknown !== true;
      if (isRefused) again.push(...later.records);
      else {
        // Resending the sets before it now could put them behind it.
        const fault = 'lost' in answer ? answer.lost : failureOf(this.#stream, answer.header);
        this.#queue.settle(later.records, { kind: 'unknown', error: fault });
        this.#queue.settle(again, { kind: 'refused', error: failureOf(this.#stream, header) });
        return this.#failBehind(fault);
      }
    }
    this.#session += 1n;
    this.#queue.putBack(again);
    try {
      await this.#route.recover(header);
    } catch (error) {
      this.#fail(asFault(error));
    }
  }

  /** In-flight records were sent and may be in the stream, unless their answer says that they are not. */
  async #failBehind(fault: GatewayError): Promise<void> {
    this.#stop(fault);
    while (this.#underWay.length > 0) {
      const { records, answer } = this.#underWay.shift()!;
      const found = await answer;
      if (!('lost' in found) && found.header.code === 'SUCCESS')
        this.#queue.settleCommitted(records, fromWire(found.dlsn!));
      else this.#queue.settle(records, failedOutcome(this.#stream, found));
    }
    this.#fail(fault);
  }

  /** Anything that was never sent, or was refused, is refused. */
  #fail(fault: GatewayError): void {
    this.#stop(fault);
    this.#queue.refuseUnsent(fault);
  }

  #stop(fault: GatewayError): void {
    this.#fault ??= fault;
    this.#queue.end();
  }
}
