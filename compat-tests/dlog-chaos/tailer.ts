import { setTimeout as sleep } from 'node:timers/promises';
import type { RandomSource } from '../../src/base/index.ts';
import { deserializeDlsn } from '../../src/dlog/index.ts';
import type { ReadFrom, ReadRecord, ReadResponse } from '../../src/rpc/index.ts';
import type { ReadRun, Sighting } from '../../src/testing/dlog/history.ts';
import { type Connection, connect, mayPass } from './client.ts';

export interface TailerOptions {
  readonly stream: string;
  /** How likely it is, after each answer, that it begins again at the start. */
  readonly restarts: number;
  readonly random: RandomSource;
  readonly ports: () => readonly number[];
  readonly runs: ReadRun[];
  readonly trouble: (what: string) => void;
}

const timeoutMs = 6000;
const waitMs = 500;
const limits = { recordsMax: 500, bytesMax: 256 * 1024 };
const earliest: ReadFrom = { kind: 'earliest', value: true };

/** Follows a stream through any owner. When that owner fails, it resumes at its position with another one. */
export class Tailer {
  readonly #options: TailerOptions;
  #from: ReadFrom = earliest;
  #run: ReadRun = [];
  #isStopped = false;
  #lastId = '';

  constructor(options: TailerOptions) {
    this.#options = options;
    options.runs.push(this.#run);
  }

  async run(): Promise<void> {
    while (!this.#isStopped) {
      using connection = await this.#connect();
      if (connection === undefined) await sleep(100);
      else await this.#follow(connection);
    }
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** Whether it has come to that record. */
  hasSeen(id: string): boolean {
    return this.#lastId === id;
  }

  #connect(): Promise<Connection | undefined> {
    const ports = this.#options.ports();
    return connect(ports[Math.floor(this.#options.random.next() * ports.length)], timeoutMs);
  }

  async #follow({ call }: Connection): Promise<void> {
    const { stream, random, restarts, trouble } = this.#options;
    while (!this.#isStopped) {
      const answer = await call.read({ stream, start: this.#from, ...limits, waitMs }).catch(() => undefined);
      if (answer === undefined) return;
      const { header } = answer;
      if (header.code !== 'SUCCESS') {
        if (!mayPass(header)) trouble(`read of ${stream}: ${header.code} ${header.errMsg}`);
        await sleep(100);
        return;
      }
      this.#take(answer);
      if (random.next() < restarts) this.#begin(earliest);
    }
  }

  #take({ records = [], nextDlsn, moved }: ReadResponse): void {
    if (moved === true) this.#begin({ kind: 'dlsn', value: nextDlsn! });
    for (const record of records) this.#run.push(sightingOf(record));
    this.#lastId = this.#run.at(-1)?.id ?? '';
    this.#from = { kind: 'dlsn', value: nextDlsn! };
  }

  #begin(from: ReadFrom): void {
    this.#run = [];
    this.#from = from;
    this.#options.runs.push(this.#run);
  }
}

export function sightingOf({ dlsn, payload, sequenceId, transactionId }: ReadRecord): Sighting {
  const text = payload.toString();
  return {
    dlsn: deserializeDlsn(dlsn),
    id: text.slice(0, text.indexOf(' ')),
    sequenceId: Number(sequenceId),
    transactionId: Number(transactionId),
  };
}

/**
 * All that is there, until a record or, without one, the end. Rejects with what the log says when it cannot
 * be read.
 */
export async function readAll(port: number, stream: string, untilId?: string): Promise<ReadRun> {
  using connection = await connect(port, timeoutMs);
  if (connection === undefined) throw new Error(`no owner listens on port ${port}`);
  const found: ReadRun = [];
  let from = earliest;
  for (;;) {
    const {
      header,
      records = [],
      nextDlsn,
    } = await connection.call.read({ stream, start: from, ...limits, waitMs });
    if (header.code !== 'SUCCESS') throw new ReadFailure(`${header.code} ${header.errMsg}`, found);
    found.push(...records.map(sightingOf));
    if (untilId === undefined ? records.length === 0 : found.at(-1)?.id === untilId) return found;
    from = { kind: 'dlsn', value: nextDlsn! };
  }
}

/** The log could not be read on, after what was read before. */
export class ReadFailure extends Error {
  readonly before: ReadRun;

  constructor(message: string, before: ReadRun) {
    super(message);
    this.before = before;
  }
}
