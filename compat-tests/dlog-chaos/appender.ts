import { setTimeout as sleep } from 'node:timers/promises';
import type { RandomSource } from '../../src/base/index.ts';
import { deserializeDlsn } from '../../src/dlog/index.ts';
import type { ResponseHeader, WriteResponse } from '../../src/rpc/index.ts';
import type { AppendEvent } from '../../src/testing/dlog/history.ts';
import { type Connection, connect, mayPass, portOf } from './client.ts';

export interface AppenderOptions {
  readonly name: string;
  readonly stream: string;
  /** New records a second. */
  readonly pace: number;
  /**
   * How long an answer may take; after that, the fate of all records in flight is unknown. A client that
   * waits longer than an owner is paused receives the stale answer of that owner, long after other owners
   * have written to the stream.
   */
  readonly timeoutMs: number;
  readonly random: RandomSource;
  readonly ports: () => readonly number[];
  readonly appends: AppendEvent[];
  readonly trouble: (what: string) => void;
}

const underWayMax = 48;
const burstMax = 12;
const paddingMax = 1500;

/**
 * Writes records of known ids in sessions, with many in flight. After a record that was not committed, it
 * waits for the rest and begins the next session. It never resends a record: each record has one event, whose
 * fate is what the answer said.
 */
export class Appender {
  readonly #options: AppenderOptions;
  #number = 0;
  #connections = 0;
  #isStopped = false;
  #goTo: number | undefined;
  #lastCommitMs = 0;
  /** The longest time between two acknowledgements. */
  longestSilenceMs = 0;

  constructor(options: AppenderOptions) {
    this.#options = options;
  }

  /** Resolves after {@link stop}, when everything sent has its fate. */
  async run(): Promise<void> {
    this.#lastCommitMs = Date.now();
    while (!this.#isStopped) {
      using connection = await this.#connect();
      if (connection === undefined) await sleep(100);
      else await this.#sessions(connection);
    }
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** Writes one record more, however often that takes; answers its id. After `run`. */
  async mark(limitMs: number): Promise<string> {
    const untilMs = Date.now() + limitMs;
    while (Date.now() < untilMs) {
      using connection = await this.#connect();
      const event =
        connection === undefined ? undefined : this.#send(connection, `mark${++this.#connections}`, 1n);
      await event?.answered;
      if (event?.append.fate === 'committed') return event.append.ids[0]!;
      await sleep(200);
    }
    throw new Error(`${this.#options.stream} takes no record ${limitMs / 1000} s after the last fault`);
  }

  async #connect(): Promise<Connection | undefined> {
    const ports = this.#options.ports();
    const port = this.#goTo ?? ports[Math.floor(this.#options.random.next() * ports.length)];
    this.#goTo = undefined;
    return connect(port, this.#options.timeoutMs);
  }

  /** One session after the other until the connection is to be left. */
  async #sessions(connection: Connection): Promise<void> {
    const name = `${this.#options.name}.${++this.#connections}`;
    for (let session = 1n; !this.#isStopped; session++) {
      const end = await this.#session(connection, name, session);
      if (end === undefined) return;
      this.#goTo = portOf(end);
      if (this.#goTo !== undefined) return;
      await sleep(20 + this.#options.random.next() * 200);
    }
  }

  /** Answers the header that ended it; undefined when the connection is gone. */
  async #session(connection: Connection, name: string, session: bigint): Promise<ResponseHeader | undefined> {
    const { pace, random } = this.#options;
    const underWay = new Set<Promise<void>>();
    let ended: { readonly header: ResponseHeader | undefined } | undefined;
    const goesOn = (): boolean => ended === undefined;
    while (goesOn() && !this.#isStopped) {
      const burst = 1 + Math.floor(random.next() * burstMax);
      for (let i = 0; i < burst; i++) {
        const { answered } = this.#send(connection, `${name}.${session}`, session);
        const settled: Promise<void> = answered.then((header) => {
          underWay.delete(settled);
          if (header === undefined || header.code !== 'SUCCESS') ended ??= { header };
        });
        underWay.add(settled);
      }
      await sleep((1000 * burst) / pace);
      while (underWay.size >= underWayMax && goesOn()) await Promise.race(underWay);
    }
    await Promise.all(underWay);
    return ended?.header;
  }

  #send(
    { call }: Connection,
    sessionName: string,
    session: bigint,
  ): { append: AppendEvent; answered: Promise<ResponseHeader | undefined> } {
    const { name, stream, appends, random } = this.#options;
    const id = `${name}:${++this.#number}`;
    const append: AppendEvent = { session: sessionName, ids: [id], fate: 'pending' };
    appends.push(append);
    const padding = 'x'.repeat(Math.floor(random.next() ** 3 * paddingMax));
    const data = Buffer.from(`${id} ${padding}`);
    const answered = call.writeWithContext({ stream, data, ctx: { session } }).then(
      (answer) => this.#settle(append, answer),
      () => {
        append.fate = 'unknown';
        return undefined;
      },
    );
    return { append, answered };
  }

  #settle(append: AppendEvent, { header, dlsn }: WriteResponse): ResponseHeader {
    if (header.code === 'SUCCESS') {
      append.fate = 'committed';
      append.first = deserializeDlsn(dlsn!);
      const nowMs = Date.now();
      this.longestSilenceMs = Math.max(this.longestSilenceMs, nowMs - this.#lastCommitMs);
      this.#lastCommitMs = nowMs;
      return header;
    }
    append.fate = header.isUnknown === true ? 'unknown' : 'refused';
    if (!mayPass(header))
      this.#options.trouble(`write to ${this.#options.stream}: ${header.code} ${header.errMsg}`);
    return header;
  }
}
