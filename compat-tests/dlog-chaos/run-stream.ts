import type { RandomSource } from '../../src/base/index.ts';
import { seededRandom } from '../../src/base/index.ts';
import { type AppendEvent, type ReadRun, violationsOf } from '../../src/testing/dlog/history.ts';
import { Appender } from './appender.ts';
import { Tailer } from './tailer.ts';

/** Less and more than what owners are stopped for, and both more than a busy machine takes. */
const impatientMs = 3000;
const patientMs = 30_000;

export interface StreamCounts {
  readonly committed: number;
  readonly refused: number;
  readonly unknown: number;
  /** How many of the unknown records were found in the stream. */
  readonly unknownFound: number;
  readonly read: number;
  readonly longestSilenceMs: number;
}

/** What is done to one stream of a run, and everything that was seen of it. */
export class RunStream {
  readonly name: string;
  readonly #appends: AppendEvent[] = [];
  readonly #runs: ReadRun[] = [];
  readonly #appenders: readonly Appender[];
  readonly #tailers: readonly Tailer[];
  #running: Promise<unknown> | undefined;
  #following: Promise<unknown> | undefined;
  #final: ReadRun = [];

  constructor(
    name: string,
    options: {
      readonly seed: number;
      readonly pace: number;
      readonly restarts: number;
      readonly ports: () => readonly number[];
      readonly trouble: (what: string) => void;
    },
  ) {
    this.name = name;
    const { seed, pace, restarts, ports, trouble } = options;
    const random = (index: number): RandomSource => seededRandom(seed ^ (0x9e37 * (index + 1)));
    this.#appenders = [impatientMs, patientMs].map(
      (timeoutMs, index) =>
        new Appender({
          ...{ name: `${name.at(-1)}${index}`, stream: name, pace, timeoutMs, ports, trouble },
          ...{ random: random(index), appends: this.#appends },
        }),
    );
    this.#tailers = [0, restarts].map(
      (each, index) =>
        new Tailer({
          ...{ stream: name, restarts: each, random: random(10 + index), ports, trouble, runs: this.#runs },
        }),
    );
  }

  start(): void {
    this.#running = Promise.all(this.#appenders.map((appender) => appender.run()));
    this.#following = Promise.all(this.#tailers.map((tailer) => tailer.run()));
  }

  /** Everything that was sent has its fate then, and one last record is there, whose id is answered. */
  async settle(limitMs: number): Promise<string> {
    for (const appender of this.#appenders) appender.stop();
    await this.#running;
    return this.#appenders[0]!.mark(limitMs);
  }

  /** Whether all who follow have come to that record. */
  haveSeen(id: string): boolean {
    return this.#tailers.every((tailer) => tailer.hasSeen(id));
  }

  async endReading(): Promise<void> {
    for (const tailer of this.#tailers) tailer.stop();
    await this.#following;
  }

  /** Stops all appenders and readers, however far the run has come. */
  async end(): Promise<void> {
    for (const appender of this.#appenders) appender.stop();
    await this.#running;
    await this.endReading();
  }

  /** `final`: all that is there in the end. */
  judge(final: ReadRun): string[] {
    this.#final = final;
    const { appends, runs } = this.evidence;
    return violationsOf({ appends: [...appends], runs: [...runs], final, mark: undefined });
  }

  get evidence(): {
    readonly appends: readonly AppendEvent[];
    readonly runs: readonly ReadRun[];
    readonly final: ReadRun;
  } {
    return { appends: this.#appends, runs: this.#runs, final: this.#final };
  }

  counts(): StreamCounts {
    const of = (fate: AppendEvent['fate']): AppendEvent[] =>
      this.#appends.filter((each) => each.fate === fate);
    const there = new Set(this.#final.map(({ id }) => id));
    const unknown = of('unknown');
    return {
      committed: of('committed').length,
      refused: of('refused').length,
      unknown: unknown.length,
      unknownFound: unknown.filter(({ ids }) => there.has(ids[0]!)).length,
      read: this.#runs.reduce((sum, run) => sum + run.length, 0),
      longestSilenceMs: Math.max(...this.#appenders.map((appender) => appender.longestSilenceMs)),
    };
  }
}
