import { setTimeout as sleep } from 'node:timers/promises';
import { describeError } from '../../src/base/index.ts';
import { connectThrift, DistributedLogService, Nimbus } from '../../src/rpc/index.ts';
import type { Ports } from './gateway.ts';

const everyMs = 20;
const timeoutMs = 60_000;
const addressKeys = 'nimbus.thrift.port, egret.dlog.port';
const stream = 'good/a';

/** Latencies of one kind of call, in milliseconds. */
export interface Latencies {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly worstMs: number;
}

/**
 * A client that behaves: it asks Nimbus who leads and the log whether it is there, each every 20 ms on a
 * connection of its own, and appends a record ten times a second. What was acknowledged must be readable in
 * the end.
 */
export class GoodClient {
  readonly troubles: string[] = [];
  readonly #over = new AbortController();
  readonly #latencies = new Map<string, number[]>();
  readonly #written: string[] = [];
  #work: Promise<unknown> = Promise.resolve();
  #asked = 0;

  start({ nimbus, dlog }: Ports): void {
    const options = { timeoutMs, addressKeys };
    const host = '127.0.0.1';
    this.#work = Promise.all([
      this.#repeat('getLeader', everyMs, async () => {
        const client = await connectThrift(Nimbus, { host, port: nimbus }, options);
        return { ask: () => client.call.getLeader({}), close: () => client.close() };
      }),
      this.#repeat('handshake', everyMs, async () => {
        const client = await connectThrift(DistributedLogService, { host, port: dlog }, options);
        return { ask: () => client.call.handshake({}), close: () => client.close() };
      }),
      this.#repeat('append', 100, async () => {
        const client = await connectThrift(DistributedLogService, { host, port: dlog }, options);
        await client.call.create({ stream, ctx: {} });
        return {
          ask: async () => {
            const text = `record ${this.#written.length}`;
            const { header } = await client.call.write({ stream, data: Buffer.from(text) });
            if (header.code !== 'SUCCESS') throw new Error(`${header.code}: ${header.errMsg ?? ''}`);
            this.#written.push(text);
          },
          close: () => client.close(),
        };
      }),
    ]);
  }

  /** 99 % of the calls of getLeader since the last time that this was asked took at most so long, in ms. */
  recentP99Ms(): number {
    const values = this.#latencies.get('getLeader') ?? [];
    const from = this.#asked;
    this.#asked = values.length;
    return summary(values.slice(from)).p99Ms;
  }

  /** Ends the calls; answers the latencies since the start by call. */
  async stop(): Promise<ReadonlyMap<string, Latencies>> {
    this.#over.abort();
    await this.#work;
    return new Map([...this.#latencies].map(([name, values]) => [name, summary(values)]));
  }

  /** Reads the stream from its beginning; a trouble for each acknowledged record that is not there. */
  async verify({ dlog }: Ports): Promise<void> {
    using client = await connectThrift(
      DistributedLogService,
      { host: '127.0.0.1', port: dlog },
      { timeoutMs, addressKeys },
    );
    const found = new Set<string>();
    let start: Parameters<typeof client.call.read>[0]['start'] = { kind: 'earliest', value: true };
    for (;;) {
      const answer = await client.call.read({
        stream,
        start,
        recordsMax: 1000,
        bytesMax: 100_000,
        waitMs: 0,
      });
      if (answer.header.code !== 'SUCCESS') {
        this.troubles.push(`reading back: ${answer.header.code} ${answer.header.errMsg ?? ''}`);
        return;
      }
      for (const { payload } of answer.records ?? []) found.add(payload.toString());
      if ((answer.records ?? []).length === 0) break;
      start = { kind: 'dlsn', value: answer.nextDlsn! };
    }
    const lost = this.#written.filter((text) => !found.has(text));
    if (lost.length > 0)
      this.troubles.push(`${lost.length} acknowledged records are gone, first: ${lost[0]}`);
  }

  async #repeat(
    name: string,
    pauseMs: number,
    open: () => Promise<{ readonly ask: () => Promise<unknown>; readonly close: () => void }>,
  ): Promise<void> {
    const latencies: number[] = [];
    this.#latencies.set(name, latencies);
    let client: Awaited<ReturnType<typeof open>> | undefined;
    while (!this.#over.signal.aborted) {
      const beganMs = performance.now();
      try {
        client ??= await open();
        await client.ask();
      } catch (error) {
        this.troubles.push(`${name}: ${describeError(error)}`);
        client?.close();
        client = undefined;
      }
      latencies.push(performance.now() - beganMs);
      await sleep(pauseMs);
    }
    client?.close();
  }
}

function summary(values: readonly number[]): Latencies {
  const sorted = [...values].sort((left, right) => left - right);
  const at = (part: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
  return { count: sorted.length, p50Ms: at(0.5), p99Ms: at(0.99), worstMs: sorted.at(-1) ?? 0 };
}
