import { type Deferred, deferred, describeError, GatewayError, recordBytesMax } from '../base/index.ts';
import type { WriteResponse } from '../rpc/index.ts';
import { failureOf, isPassing } from './failure.ts';
import { fromWire, type Position } from './position.ts';
import { encodeRecordSet } from './record-set.ts';
import { Route, type RouteOptions } from './route.ts';

/**
 * What became of an append. `committed`: it is in the stream, as durable as the stream's settings say.
 * `refused`: it never will be. `unknown`: it may be, now or later, once; a client that retries it may see it
 * twice.
 */
export type AppendOutcome =
  | { readonly kind: 'committed'; readonly position: Position }
  | { readonly kind: 'refused'; readonly error: GatewayError }
  | { readonly kind: 'unknown'; readonly error: GatewayError };

export interface WriterLimits {
  /** The most records in one set, of which all are committed or none. At most 8192, the gateway's limit. */
  readonly setRecordsMax: number;
  readonly setBytesMax: number;
  /** The most sets in flight at a time. */
  readonly setsMax: number;
  /** The bound on what waits or is in flight. Above it appends are refused: wait for `ready`. */
  readonly queueBytesMax: number;
  readonly queueRecordsMax: number;
}

const writerLimits: WriterLimits = {
  setRecordsMax: 1024,
  setBytesMax: 256 * 1024,
  setsMax: 8,
  queueBytesMax: 8 * 1024 * 1024,
  queueRecordsMax: 64 * 1024,
};

/**
 * While this many sets are in flight, appends gather until they are worth another set: a set costs as much as
 * a hundred small records.
 */
const smallSetsMax = 2;
const worthRecords = 128;
const worthBytes = 32 * 1024;

/** A gateway refuses a larger set permanently. */
const gatewaySetRecordsMax = 8192;

interface Waiting {
  readonly payload: Uint8Array;
  readonly resolve: (outcome: AppendOutcome) => void;
}

type SetAnswer = WriteResponse | { readonly lost: GatewayError };

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
  readonly #limits: WriterLimits;
  #queue: Waiting[] = [];
  readonly #underWay: SentSet[] = [];
  #queuedBytes = 0;
  #queuedRecords = 0;
  /** The bytes of the unsent records in #queue. */
  #unsentBytes = 0;
  #session = 1n;
  #fault: GatewayError | undefined;
  #isClosing = false;
  #pumping: Promise<void> | undefined;
  #gathered: Deferred<undefined> = deferred();
  #room: Deferred<undefined> | undefined;

  constructor(
    options: RouteOptions,
    stream: string,
    given: Partial<WriterLimits> & { readonly signal?: AbortSignal } = {},
  ) {
    const { signal, ...limits } = given;
    this.#stream = stream;
    const { setRecordsMax, ...rest } = { ...writerLimits, ...limits };
    this.#limits = { ...rest, setRecordsMax: Math.min(setRecordsMax, gatewaySetRecordsMax) };
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
    this.#queuedBytes += payload.length;
    this.#queuedRecords += 1;
    return new Promise((resolve) => {
      this.#queue.push({ payload, resolve });
      this.#unsentBytes += payload.length;
      if (this.#maySend()) this.#gathered.resolve(undefined);
      this.#pumping ??= this.#pump();
    });
  }

  /** Resolves when the writer accepts appends again, or never will. */
  async ready(): Promise<void> {
    while (this.#fault === undefined && this.#isFull(0)) {
      this.#room ??= deferred();
      await this.#room.promise;
    }
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
    if (bytes > recordBytesMax)
      return new GatewayError(
        'STREAM_INVALID',
        `${this.#stream}: a record has ${bytes} bytes of at most ${recordBytesMax}`,
        { facts: { ...facts, code: 'TOO_LARGE_RECORD' } },
      );
    if (this.#isFull(bytes))
      return new GatewayError('QUEUE_FULL', `${this.#stream}: as much waits as may: wait until it is ready`, {
        ...{ facts, retryable: true },
      });
    return undefined;
  }

  #isFull(bytes: number): boolean {
    const { queueBytesMax, queueRecordsMax } = this.#limits;
    return this.#queuedBytes + bytes > queueBytesMax || this.#queuedRecords >= queueRecordsMax;
  }

  async #pump(): Promise<void> {
    while (this.#queue.length > 0 || this.#underWay.length > 0) {
      // Appends that are answered together are settled together, and whatever is appended before the turn
      // ends is one set.
      if (this.#underWay[0]?.answered !== undefined) {
        await this.#settleOldest(this.#underWay[0].answered);
        continue;
      }
      if (this.#maySend()) {
        await turn();
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
    const { setsMax, setRecordsMax, setBytesMax } = this.#limits;
    const { length } = this.#underWay;
    if (this.#queue.length === 0 || this.#fault !== undefined || length >= setsMax) return false;
    const isFull = this.#queue.length >= setRecordsMax || this.#unsentBytes >= setBytesMax;
    const isWorthIt = this.#queue.length >= worthRecords || this.#unsentBytes >= worthBytes;
    return length < smallSetsMax || isFull || isWorthIt;
  }

  async #sendWhatMay(): Promise<void> {
    while (this.#maySend()) {
      // With nothing in flight, a lost connection has cost nothing yet.
      if (this.#underWay.length === 0 && !(await this.#connects())) return;
      const records = this.#takeSet();
      const sent: SentSet = { records, answer: this.#send(records), answered: undefined };
      void sent.answer.then((answer) => {
        sent.answered = answer;
      });
      this.#underWay.push(sent);
    }
  }

  async #connects(): Promise<boolean> {
    for (;;) {
      try {
        await this.#route.caller();
        return true;
      } catch (error) {
        try {
          await this.#route.afterLoss(error);
        } catch (final) {
          this.#fail(asFault(final));
          return false;
        }
      }
    }
  }

  #takeSet(): Waiting[] {
    const { setRecordsMax, setBytesMax } = this.#limits;
    let count = 0;
    for (let bytes = 0; count < this.#queue.length && count < setRecordsMax; count++) {
      bytes += this.#queue[count]!.payload.length + 4;
      if (count > 0 && bytes > setBytesMax) break;
    }
    const taken = this.#queue.slice(0, count);
    this.#queue = this.#queue.slice(count);
    for (const { payload } of taken) this.#unsentBytes -= payload.length;
    return taken;
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
    if ('lost' in answer) {
      this.#tell(records, { kind: 'unknown', error: answer.lost });
      return this.#failBehind(answer.lost);
    }
    const { header, dlsn } = answer;
    if (header.code === 'SUCCESS') {
      this.#route.progressed();
      return this.#tellCommitted(records, fromWire(dlsn!));
    }
    if (isPassing(header)) return this.#sendAgain(records, answer);
    const fault = failureOf(this.#stream, header);
    this.#tell(records, { kind: header.isUnknown === true ? 'unknown' : 'refused', error: fault });
    return this.#failBehind(fault);
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
        this.#tell(later.records, { kind: 'unknown', error: fault });
        this.#tell(again, { kind: 'refused', error: failureOf(this.#stream, header) });
        return this.#failBehind(fault);
      }
    }
    this.#session += 1n;
    this.#queue = [...again, ...this.#queue];
    for (const { payload } of again) this.#unsentBytes += payload.length;
    try {
      await this.#route.recover(header);
    } catch (error) {
      this.#fail(asFault(error));
    }
  }

  /** In-flight records were sent and may be in the stream, unless their answer says that they are not. */
  async #failBehind(fault: GatewayError): Promise<void> {
    this.#fault ??= fault;
    while (this.#underWay.length > 0) {
      const { records, answer } = this.#underWay.shift()!;
      const found = await answer;
      if ('lost' in found) this.#tell(records, { kind: 'unknown', error: found.lost });
      else if (found.header.code === 'SUCCESS') this.#tellCommitted(records, fromWire(found.dlsn!));
      else {
        const kind = found.header.isUnknown === true ? 'unknown' : 'refused';
        this.#tell(records, { kind, error: failureOf(this.#stream, found.header) });
      }
    }
    this.#fail(fault);
  }

  /** Anything that was never sent, or was refused, is refused. */
  #fail(fault: GatewayError): void {
    this.#fault ??= fault;
    this.#unsentBytes = 0;
    this.#tell(this.#queue.splice(0), { kind: 'refused', error: fault });
    this.#makeRoom();
  }

  #tellCommitted(records: readonly Waiting[], { segment, entry, slot }: Position): void {
    for (let index = 0; index < records.length; index++)
      records[index]!.resolve({ kind: 'committed', position: { segment, entry, slot: slot + index } });
    this.#settled(records);
  }

  #tell(records: readonly Waiting[], outcome: AppendOutcome): void {
    for (const { resolve } of records) resolve(outcome);
    this.#settled(records);
  }

  #settled(records: readonly Waiting[]): void {
    this.#queuedRecords -= records.length;
    for (const { payload } of records) this.#queuedBytes -= payload.length;
    this.#makeRoom();
  }

  #makeRoom(): void {
    if (this.#room === undefined || (this.#fault === undefined && this.#isFull(0))) return;
    this.#room.resolve(undefined);
    this.#room = undefined;
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function asFault(error: unknown): GatewayError {
  return error instanceof GatewayError
    ? error
    : new GatewayError('CONNECTION_CLOSED', describeError(error), { cause: error });
}
