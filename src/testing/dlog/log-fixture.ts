import assert from 'node:assert/strict';
import { seededRandom, silentLog } from '../../base/index.ts';
import { MemoryStore } from '../../coordination/index.ts';
import {
  type AppendOutcome,
  DistributedLog,
  LocalStorage,
  type LogReader,
  type LogRecord,
  type LogWriter,
  type WriterOptions,
} from '../../dlog/index.ts';
import { ManualClock } from '../manual-clock.ts';
import { SimulatedDisk } from './simulated-disk.ts';

/** A log on a simulated disk, and as many processes that use it as a test wants. */
export class LogFixture {
  readonly clock = new ManualClock();
  readonly store = new MemoryStore(this.clock);
  readonly disk: SimulatedDisk;
  readonly storage: LocalStorage;
  readonly #seed: number;
  #processes = 0;

  constructor(seed = 1) {
    this.#seed = seed;
    this.disk = new SimulatedDisk(seededRandom(seed));
    const fs = this.disk.fileSystem({ turn: () => Promise.resolve() });
    this.storage = new LocalStorage({ directory: '/log', random: seededRandom(seed), fs });
  }

  /** Long enough for an idle writer to tell other processes what is committed, short enough for its lease. */
  async pause(): Promise<void> {
    await turns();
    this.clock.advance(20);
    await turns();
  }

  /** What another process would have. */
  process(streamsMax?: number): DistributedLog {
    const { clock, store, storage } = this;
    const random = seededRandom(this.#seed * 1000 + ++this.#processes);
    const deps = { storage, store, clock, random, log: silentLog };
    return new DistributedLog(streamsMax === undefined ? deps : { ...deps, streamsMax });
  }
}

/** Gives everything that can run a few event-loop turns. */
export async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

export async function opened(
  log: DistributedLog,
  stream: string,
  options: Partial<WriterOptions> = {},
): Promise<LogWriter> {
  const result = await log.openWriter(stream, options);
  assert(result.kind === 'opened', result.kind);
  return result.writer;
}

export async function committed(
  outcome: Promise<AppendOutcome>,
): Promise<AppendOutcome & { readonly kind: 'committed' }> {
  const found = await outcome;
  assert(found.kind === 'committed', `${found.kind}: ${JSON.stringify(found)}`);
  return found;
}

/** All that is there now. */
export async function readAll(reader: LogReader): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  for (;;) {
    const result = await reader.read();
    if (result.kind !== 'records') return records;
    records.push(...result.records);
  }
}

export function texts(records: readonly LogRecord[]): string[] {
  return records.map((record) => record.payload.toString());
}
