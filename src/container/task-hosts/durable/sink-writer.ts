import {
  type BackoffLimits,
  backoffMs,
  type Clock,
  deferred,
  type JsonObject,
  type Logger,
  type RandomSource,
} from '../../../base/index.ts';
import type { AppendOutcome, DistributedLog, LogWriter, WriterOptions } from '../../../dlog/index.ts';
import { type RecordBatch, RecordSplitter } from '../../../tuple/index.ts';

export interface SinkWriterOptions {
  readonly stream: string;
  readonly settings: JsonObject;
  readonly writer: Partial<WriterOptions>;
  /** What is longer is appended in parts. */
  readonly recordBytesMax: number;
  readonly openLog: () => Promise<DistributedLog>;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
  /** Once for each append, when all of it is committed. `lssn`: of the segment that has its end. */
  readonly committed: (batch: RecordBatch, lssn: number) => void;
  readonly failed: (batch: RecordBatch) => void;
  readonly fault: (error: unknown) => void;
}

const retryBackoff: BackoffLimits = { firstMs: 50, maxMs: 10_000, factor: 2, jitter: 0.2 };
/** An owner that has gone without a word is waited for as long as its lease lasts, and looked at so often. */
const ownedLookMs = 250;
/** A stream that another has for longer than this is a fault. */
const ownedMsMax = 15_000;

/**
 * Owns one stream of the log and appends to it. What comes while it is not the owner waits (the caller bounds
 * it); what an owner that fails had not settled is failed at once, and a new one is opened after a backoff.
 *
 *   waiting ──opened──> owning ──an append is not committed──> waiting ...       run's signal: from anywhere
 *   to the end
 */
export class SinkWriter {
  readonly #options: SinkWriterOptions;
  readonly #splitter: RecordSplitter;
  #waiting: RecordBatch[] = [];
  #writer: LogWriter | undefined;
  #broken = deferred<Error>();
  #ownedByOtherSinceMs: number | undefined;
  #failures = 0;

  constructor(options: SinkWriterOptions) {
    const { recordBytesMax, random } = options;
    this.#options = options;
    this.#splitter = new RecordSplitter({ partBytesMax: recordBytesMax, salt: random.nextInt32() });
  }

  append(batch: RecordBatch): void {
    if (this.#writer === undefined) this.#waiting.push(batch);
    else this.#hand(batch, this.#writer);
  }

  /** Until the signal. Then what was appended is settled, and what waited fails. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random, fault } = this.#options;
    while (!signal.aborted) {
      let waitMs = 0;
      try {
        waitMs = await this.#own(signal);
      } catch (error) {
        if (hasEnded(signal)) break;
        fault(error);
        waitMs = backoffMs(this.#failures++, retryBackoff, random);
      }
      await clock.sleep(waitMs, signal).catch(() => undefined);
    }
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const batch of waiting) this.#options.failed(batch);
  }

  /** One ownership. Answers how long to wait before the next; rejects with what ended it. */
  async #own(signal: AbortSignal): Promise<number> {
    const { stream, settings } = this.#options;
    const log = await this.#options.openLog();
    await log.createStream(stream, settings);
    const opened = await log.openWriter(stream, { ...this.#options.writer, signal });
    if (opened.kind === 'owned') return this.#ownedByOther(opened.address);
    if (opened.kind === 'ended')
      throw new Error(`${stream} was sealed and takes nothing more: egret dlog delete ${stream}`);
    this.#ownedByOtherSinceMs = undefined;
    await this.#write(opened.writer, signal);
    return 0;
  }

  async #write(writer: LogWriter, signal: AbortSignal): Promise<void> {
    const { log, stream } = this.#options;
    log.info({ event: 'log-sink.owns', stream, epoch: writer.epoch });
    this.#broken = deferred<Error>();
    this.#writer = writer;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const batch of waiting) this.#hand(batch, writer);
    const stopped = deferred<undefined>();
    const stop = (): void => stopped.resolve(undefined);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    const error = await Promise.race([this.#broken.promise, stopped.promise]);
    signal.removeEventListener('abort', stop);
    this.#writer = undefined;
    await writer.close();
    if (error !== undefined) throw error;
  }

  #ownedByOther(address: string): number {
    const { clock, stream } = this.#options;
    const nowMs = clock.monotonicMs();
    this.#ownedByOtherSinceMs ??= nowMs;
    if (nowMs - this.#ownedByOtherSinceMs <= ownedMsMax) return ownedLookMs;
    this.#ownedByOtherSinceMs = undefined;
    throw new Error(`${stream} is written by another owner (${address === '' ? 'unknown' : address})`);
  }

  #hand(batch: RecordBatch, writer: LogWriter): void {
    if (batch.record.length > this.#options.recordBytesMax) this.#handParts(batch, writer);
    else void writer.append(batch.record).then((outcome) => this.#settle(batch, outcome));
  }

  #handParts(batch: RecordBatch, writer: LogWriter): void {
    // The same for all of them: a reader that begins among them finds the first by it.
    const transactionId = Math.max(writer.lastTransactionId, this.#options.clock.nowMs());
    const parts: Promise<AppendOutcome>[] = [];
    this.#splitter.split(batch.record, (part) => parts.push(writer.append(part, transactionId)));
    void Promise.all(parts).then((outcomes) => {
      const missing = outcomes.find(({ kind }) => kind !== 'committed');
      this.#settle(batch, missing ?? outcomes.at(-1)!);
    });
  }

  #settle(batch: RecordBatch, outcome: AppendOutcome): void {
    if (outcome.kind === 'committed') {
      this.#failures = 0;
      this.#options.committed(batch, outcome.dlsn.lssn);
      return;
    }
    this.#options.failed(batch);
    const why = outcome.kind === 'refused' ? `the log refused a record (${outcome.reason})` : '';
    this.#broken.resolve(outcome.error ?? new Error(why));
  }
}

/** A question to be asked again after each wait. */
function hasEnded(signal: AbortSignal): boolean {
  return signal.aborted;
}
