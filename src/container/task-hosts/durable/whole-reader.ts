import {
  compareDlsn,
  type DistributedLog,
  type Dlsn,
  type LogReader,
  type LogRecord,
  type ReadResult,
} from '../../../dlog/index.ts';
import { isContinuation, RecordJoiner } from '../../../tuple/index.ts';

export interface WholeReaderOptions {
  readonly log: DistributedLog;
  readonly stream: string;
  /** Undefined: from the beginning of what is kept. */
  readonly from: Dlsn | undefined;
  /** Called for a part that no sink wrote; the reader skips that part. */
  readonly broken: (error: unknown) => void;
}

/**
 * Reads a durable stream. What was written in parts comes whole, at the position of its last part; what a
 * writer left without its last part never comes. A position among the parts of a whole is before it: their
 * first is looked for.
 */
export class WholeReader {
  readonly #options: WholeReaderOptions;
  readonly #joiner = new RecordJoiner();
  #reader: LogReader;
  #isFirst = true;
  #wholes: LogRecord[] = [];

  private constructor(options: WholeReaderOptions, reader: LogReader) {
    this.#options = options;
    this.#reader = reader;
  }

  /** Rejects as LogReader.open does. */
  static async open(options: WholeReaderOptions): Promise<WholeReader> {
    const { log, stream, from } = options;
    const reader = await log.openReader(stream, from === undefined ? 'earliest' : { dlsn: from });
    return new WholeReader(options, reader);
  }

  /** As LogReader.read; `idle` also when all that was read are parts whose last is still to come. */
  async read(limits: Parameters<LogReader['read']>[0]): Promise<ReadResult> {
    const result = await this.#reader.read(limits);
    if (result.kind === 'moved') this.#joiner.reset();
    if (result.kind !== 'records') return result;
    const first = result.records[0]!;
    if (this.#isFirst && isContinuation(first.payload)) await this.#goBack(first);
    else for (const record of result.records) this.#take(record);
    this.#isFirst = false;
    const records = this.#wholes;
    this.#wholes = [];
    return records.length === 0 ? { kind: 'idle', idleForMs: 0 } : { kind: 'records', records };
  }

  close(): Promise<void> {
    return this.#reader.close();
  }

  #take(record: LogRecord): void {
    const { from, broken } = this.#options;
    try {
      const whole = this.#joiner.take(record.payload);
      if (whole === undefined || (from !== undefined && compareDlsn(record, from) < 0)) return;
      this.#wholes.push(whole === record.payload ? record : { ...record, payload: whole });
    } catch (error) {
      broken(error);
    }
  }

  /**
   * The parts of a whole have one transaction id: the first of them is not before the first record that has
   * it.
   */
  async #goBack({ transactionId }: LogRecord): Promise<void> {
    const { log, stream } = this.#options;
    const reader = await log.openReader(stream, { transactionId });
    await this.#reader.close();
    this.#reader = reader;
  }
}
