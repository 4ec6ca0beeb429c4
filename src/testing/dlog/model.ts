import { errorCode, type RandomSource, seededRandom } from '../../base/index.ts';
import { MemoryStore } from '../../coordination/index.ts';
import type { LogRecord, LogWriter } from '../../dlog/index.ts';
import { ManualClock } from '../manual-clock.ts';
import { type AppendEvent, type History, type ReadRun, type Sighting, violationsOf } from './history.ts';
import { type Medium, type MediumKind, mediumOf } from './medium.ts';
import { ModelProcess } from './model-process.ts';

const stream = 'model/s';
const stepsPerRun = 2500;
const options = { rollBytes: 1500, leaseTtlMs: 3000, groupBytesMax: 2000 };

export interface ModelResult {
  readonly violations: readonly string[];
  readonly committed: number;
  readonly reads: number;
  readonly owners: number;
  readonly powerCuts: number;
}

/**
 * Runs owners and readers of one stream over a disk (or a Kafka broker), a clock and a state store that do
 * their worst, all from one seed: paused and killed processes, power cuts that tear and lose writes, failing
 * disks, records that arrive late, a state store emptied and rolled back. In the end all faults stop, and
 * every answer that an owner or reader got is checked against what the log holds.
 */
export async function runModel(seed: number, medium: MediumKind = 'disk'): Promise<ModelResult> {
  const model = new Model(seed, medium);
  return model.run();
}

class Model {
  readonly #random: RandomSource;
  readonly #clock = new ManualClock();
  readonly #store: MemoryStore;
  readonly #medium: Medium;
  readonly #appends: AppendEvent[] = [];
  readonly #runs: ReadRun[] = [];
  readonly #violations: string[] = [];
  #processes: ModelProcess[] = [];
  #started = 0;
  #owners = 0;
  #powerCuts = 0;
  #goBack: () => void;
  #isCalm = false;

  constructor(seed: number, medium: MediumKind) {
    this.#random = seededRandom(seed);
    this.#store = new MemoryStore(this.#clock);
    this.#medium = mediumOf(medium, this.#random);
    this.#goBack = this.#store.snapshot();
  }

  async run(): Promise<ModelResult> {
    const first = this.#start();
    const created = first.log.createStream(stream);
    await this.#until(created);
    for (let step = 0; step < stepsPerRun; step++) {
      if (this.#chance(0.03)) this.#disturb();
      await this.#step();
    }
    const { final, mark } = await this.#calm();
    const history: History = { appends: this.#appends, runs: this.#runs, final, mark };
    return {
      violations: [...this.#violations, ...violationsOf(history)],
      committed: this.#appends.filter(({ fate }) => fate === 'committed').length,
      reads: this.#runs.reduce((sum, run) => sum + run.length, 0),
      owners: this.#owners,
      powerCuts: this.#powerCuts,
    };
  }

  /** Everybody who was there is gone; one owner more, who may write, and one reader, who reads all. */
  async #calm(): Promise<Pick<History, 'final' | 'mark'>> {
    this.#isCalm = true;
    this.#medium.calm();
    if (this.#chance(0.5)) this.#cutPower();
    for (const process of this.#processes) process.kill();
    this.#processes = [];
    this.#clock.advance(60_000);
    const process = this.#add();
    const end = async (): Promise<Pick<History, 'final' | 'mark'>> => {
      const opened = await process.log.openWriter(stream, options);
      if (opened.kind !== 'opened') throw new Error(`no owner can write any more: ${opened.kind}`);
      const outcome = await opened.writer.append(Buffer.from('the end'));
      if (outcome.kind !== 'committed') throw new Error(`nothing can be written any more: ${outcome.kind}`);
      const reader = await process.log.openReader(stream, 'earliest');
      const { next } = reader;
      const final: ReadRun = [];
      for (;;) {
        const result = await reader.read();
        if (result.kind === 'records') final.push(...result.records.map(sighting));
        else if (result.kind === 'idle') return { final, mark: next };
      }
    };
    return this.#until(end());
  }

  /** Steps until that is settled. */
  async #until<T>(work: Promise<T>): Promise<T> {
    let isOver = false;
    const over = (): void => {
      isOver = true;
    };
    work.then(over, over);
    for (let step = 0; !isOver; step++) {
      if (step > 20_000) throw new Error('the model makes no progress');
      await this.#step();
    }
    return work;
  }

  async #step(): Promise<void> {
    this.#medium.step();
    const ready = this.#processes.filter((process) => process.canStep);
    const process = ready[this.#below(ready.length)];
    process?.step(this.#below(4));
    if (process === undefined || this.#chance(0.1)) this.#clock.advance(this.#below(40));
    // Twice: a writer waits for one turn of the loop before it looks at its queue.
    for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
  }

  #disturb(): void {
    const process = this.#processes[this.#below(this.#processes.length)];
    const acts: (() => void)[] = [
      () => void this.#start(),
      () => void this.#start(),
      () => void this.#start(),
      () => process?.pause(),
      () => process?.pause(),
      () => {
        for (const each of this.#processes) each.resume();
      },
      () => process?.kill(),
      () => this.#clock.advance(this.#below(8000)),
      () => void this.#store.removeAll(''),
      () => {
        this.#goBack = this.#store.snapshot();
      },
      () => this.#goBack(),
      () => this.#medium.fail(),
      () => (this.#chance(0.3) ? this.#cutPower() : undefined),
    ];
    acts[this.#below(acts.length)]!();
    this.#processes = this.#processes.filter((each) => !each.isDead);
  }

  #cutPower(): void {
    this.#powerCuts += 1;
    for (const process of this.#processes) process.kill();
    this.#processes = [];
    this.#medium.cutPower();
  }

  #add(): ModelProcess {
    const world = { medium: this.#medium, store: this.#store, clock: this.#clock, random: this.#random };
    const process = new ModelProcess(world, `p${++this.#started}`, (error) => this.#note(error));
    this.#processes.push(process);
    return process;
  }

  #start(): ModelProcess {
    const process = this.#add();
    if (this.#processes.length > 5) this.#processes[0]!.kill();
    const life = this.#chance(0.6) ? this.#own(process) : this.#read(process);
    life.catch((error: unknown) => this.#note(error));
    return process;
  }

  /** What the outside did is no fault of the log's; what says that records are missing is. */
  #note(error: unknown): void {
    const code = errorCode(error);
    const isOutside = [
      'STATE_UNAVAILABLE',
      'LEASE_LOST',
      'SEGMENT_FENCED',
      'SEGMENT_POISONED',
      'STORAGE_UNAVAILABLE',
      'EIO',
      'ENOSPC',
    ];
    const isBefore = code === 'STREAM_UNKNOWN' && this.#owners === 0;
    if (!isBefore && (code === undefined || !isOutside.includes(code)))
      this.#violations.push(`error: ${String(error)}`);
  }

  async #own(process: ModelProcess): Promise<void> {
    for (let tries = 0; !this.#isCalm; tries++) {
      await process.turn();
      const opened = await process.log.openWriter(stream, options);
      if (opened.kind !== 'opened') continue;
      this.#owners += 1;
      const session = `${process.name}.${tries}`;
      for (let count = 0; opened.writer.state === 'open'; count++) {
        await process.turn();
        this.#append(opened.writer, { session, count });
        if (this.#chance(0.02)) await this.#truncate(process);
        if (this.#chance(0.02)) await opened.writer.close();
      }
      await opened.writer.close();
    }
  }

  #append(writer: LogWriter, by: { readonly session: string; readonly count: number }): void {
    const size = this.#chance(0.3) ? 1 + this.#below(4) : 1;
    const ids = Array.from({ length: size }, (_, index) => `${by.session}/${by.count}/${index}`);
    const payloads = ids.map((id) => Buffer.from(`${id} ${'.'.repeat(this.#below(200))}`));
    const event: AppendEvent = { session: by.session, ids, fate: 'pending' };
    this.#appends.push(event);
    void (size === 1 ? writer.append(payloads[0]!) : writer.appendBatch(payloads)).then((outcome) => {
      event.fate = outcome.kind;
      if (outcome.kind === 'committed') event.first = outcome.dlsn;
    });
  }

  async #truncate(process: ModelProcess): Promise<void> {
    try {
      const tail = await process.log.tail(stream);
      if (tail.lssn > 3) await process.log.truncate(stream, { lssn: tail.lssn - 2, entry: 0, slot: 0 });
    } catch (error) {
      this.#note(error);
    }
  }

  async #read(process: ModelProcess): Promise<void> {
    await process.turn();
    const reader = await process.log.openReader(stream, 'earliest');
    let run: ReadRun = [];
    this.#runs.push(run);
    while (!this.#isCalm) {
      await process.turn();
      const result = await reader.read({ recordsMax: 1 + this.#below(5) });
      if (result.kind === 'records') run.push(...result.records.map(sighting));
      if (result.kind === 'moved') {
        run = [];
        this.#runs.push(run);
      }
    }
  }

  #chance(share: number): boolean {
    return this.#random.next() < share;
  }

  #below(limit: number): number {
    return Math.floor(this.#random.next() * limit);
  }
}

function sighting(record: LogRecord): Sighting {
  const { lssn, entry, slot, sequenceId, transactionId } = record;
  const id = record.payload.toString().split(' ')[0]!;
  return { dlsn: { lssn, entry, slot }, id, sequenceId, transactionId };
}
