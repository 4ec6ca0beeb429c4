import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { describeError, systemClock } from '../../src/base/index.ts';
import type { OpenSubject } from './subject.ts';

export interface Load {
  readonly recordBytes: number;
  readonly streams: number;
  /** The sum over all streams. */
  readonly outstanding: number;
  /** Tailing readers of each stream. */
  readonly readers: number;
}

export interface LoadResult {
  readonly recordsPerSec: number;
  readonly ack: Percentiles;
  /** From the time a record was meant to be sent to when a tailing reader has it. */
  readonly tail: Percentiles | undefined;
  /** With warming up. */
  readonly recordsInAll: number;
  readonly elapsedMs: number;
}

export interface Percentiles {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
}

const timeBytes = 8;

/**
 * Keeps as many appends outstanding as the load says, each followed by the next when it is acknowledged.
 * Latency is from the append to its acknowledgement.
 */
export async function closedLoop(
  subject: OpenSubject,
  load: Load,
  times: { readonly warmMs: number; readonly windowMs: number },
): Promise<LoadResult> {
  const meter = new Meter();
  const tails = await openTails(subject, load, meter);
  let isOver = false;
  const slots = Array.from({ length: load.outstanding }, async (_, index) => {
    const payload = record(load.recordBytes);
    while (!isOver) {
      const sentMs = performance.now();
      payload.writeDoubleLE(sentMs, 0);
      await subject.append(index % load.streams, payload);
      meter.acked(sentMs);
    }
  });
  const all = Promise.all(slots);
  await Promise.race([all, systemClock.sleep(times.warmMs)]);
  meter.start();
  await Promise.race([all, systemClock.sleep(times.windowMs)]);
  const result = meter.result();
  isOver = true;
  await all;
  for (const tail of tails) await tail[Symbol.asyncDispose]();
  return result;
}

/**
 * Sends at a fixed rate whatever the answers do. Latency is from when a record was meant to be sent: a log
 * that stalls is charged for everything that waited meanwhile.
 */
export async function openLoop(
  subject: OpenSubject,
  load: Load & { readonly recordsPerSec: number },
  times: { readonly warmMs: number; readonly windowMs: number },
): Promise<LoadResult> {
  const meter = new Meter();
  const tails = await openTails(subject, load, meter);
  const beginMs = performance.now();
  const endMs = beginMs + times.warmMs + times.windowMs;
  let sent = 0;
  let outstanding = 0;
  let isMeasuring = false;
  let fault: Error | undefined;
  while (performance.now() < endMs && fault === undefined) {
    const nowMs = performance.now();
    if (!isMeasuring && nowMs >= beginMs + times.warmMs) {
      isMeasuring = true;
      meter.start();
    }
    const due = Math.floor(((nowMs - beginMs) * load.recordsPerSec) / 1000);
    while (sent < due && outstanding < openOutstandingMax) {
      const meantMs = beginMs + (sent * 1000) / load.recordsPerSec;
      const payload = record(load.recordBytes);
      payload.writeDoubleLE(meantMs, 0);
      outstanding += 1;
      subject.append(sent % load.streams, payload).then(
        () => {
          outstanding -= 1;
          meter.acked(meantMs);
        },
        (error: unknown) => {
          fault = new Error(describeError(error), { cause: error });
        },
      );
      sent += 1;
    }
    await turn();
  }
  const result = meter.result();
  while (outstanding > 0 && fault === undefined) await turn();
  for (const tail of tails) await tail[Symbol.asyncDispose]();
  if (fault !== undefined) throw fault;
  return result;
}

/** Records wait in the sender above it, on their clock. */
const openOutstandingMax = 16_384;

async function openTails(subject: OpenSubject, load: Load, meter: Meter): Promise<AsyncDisposable[]> {
  const tails: AsyncDisposable[] = [];
  for (let stream = 0; stream < load.streams; stream++)
    for (let reader = 0; reader < load.readers; reader++)
      tails.push(await subject.tail(stream, (payload) => meter.tailed(payload)));
  return tails;
}

function record(bytes: number): Buffer {
  return Buffer.alloc(Math.max(bytes, timeBytes), 'r');
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

class Meter {
  readonly #openedMs = performance.now();
  #acked = 0;
  #ack: RecordableHistogram | undefined;
  #tail: RecordableHistogram | undefined;
  #startedMs = 0;

  start(): void {
    this.#ack = createHistogram();
    this.#tail = createHistogram();
    this.#startedMs = performance.now();
  }

  acked(sinceMs: number): void {
    this.#acked += 1;
    this.#ack?.record(nanoseconds(performance.now() - sinceMs));
  }

  tailed(payload: Uint8Array): void {
    if (this.#tail === undefined) return;
    const sentMs = new DataView(payload.buffer, payload.byteOffset, timeBytes).getFloat64(0, true);
    if (sentMs >= this.#startedMs) this.#tail.record(nanoseconds(performance.now() - sentMs));
  }

  result(): LoadResult {
    const seconds = (performance.now() - this.#startedMs) / 1000;
    const [ack, tail] = [this.#ack!, this.#tail!];
    this.#ack = this.#tail = undefined;
    return {
      recordsPerSec: ack.count / seconds,
      recordsInAll: this.#acked,
      elapsedMs: performance.now() - this.#openedMs,
      ack: percentiles(ack),
      tail: tail.count === 0 ? undefined : percentiles(tail),
    };
  }
}

function nanoseconds(ms: number): number {
  return Math.max(1, Math.round(ms * 1e6));
}

function percentiles(histogram: RecordableHistogram): Percentiles {
  const ms = (percentile: number): number => histogram.percentile(percentile) / 1e6;
  return { p50Ms: ms(50), p99Ms: ms(99), p999Ms: ms(99.9), maxMs: histogram.max / 1e6 };
}
