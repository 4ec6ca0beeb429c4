import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeError, seededRandom, systemClock, waitFor } from '../../src/base/index.ts';
import { connect } from './client.ts';
import { flipBit, readDamaged } from './flipped-bit.ts';
import { type DlogChaosOptions, weightsOf } from './options.ts';
import { RunStream, type StreamCounts } from './run-stream.ts';
import { Scene } from './scene.ts';
import { type PlannedDlogFault, planDlogFaults } from './schedule.ts';
import { readAll } from './tailer.ts';

export interface DlogChaosRun {
  readonly faults: readonly (PlannedDlogFault & { readonly isDone: boolean })[];
  readonly streams: ReadonlyMap<string, StreamCounts>;
  /** Processes that owned streams, one after the other. */
  readonly owners: number;
  /** What the log did against its word. */
  readonly violations: readonly string[];
  /** What else went wrong: then nothing is proved. */
  readonly troubles: readonly string[];
  /** Where the bit was flipped, when it was. */
  readonly flipped: string | undefined;
  readonly noDisk: string | undefined;
  /** Histories, logs, records and Redis of a run that failed. */
  readonly kept: string | undefined;
}

const streamNames = ['chaos/a', 'chaos/b'];
/** Small, so that a run has many segments. */
const segmentBytes = 64 * 1024;
/** What may pass after the last fault until all is as it was. */
const recoveryMs = 60_000;
const startMs = 30_000;
const troublesMax = 20;

/**
 * Does what a seed stands for to real processes, and judges what they said and what is there in the end.
 * After an abort no other fault begins, and what there is is judged. Never rejects: what goes wrong is in the
 * answer.
 */
export async function runDlogChaos(
  options: DlogChaosOptions,
  say: (line: string) => void,
  signal: AbortSignal = new AbortController().signal,
): Promise<DlogChaosRun> {
  const troubles: string[] = [];
  const trouble = (what: string): void => {
    if (troubles.length < troublesMax) troubles.push(what);
  };
  const run = new Run(options, { say, trouble });
  try {
    await run.go(signal);
  } catch (error) {
    trouble(describeError(error));
  }
  return run.end(troubles);
}

class Run {
  readonly #options: DlogChaosOptions;
  readonly #say: (line: string) => void;
  readonly #trouble: (what: string) => void;
  readonly #scene: Scene;
  readonly #streams: readonly RunStream[];
  readonly #violations: string[] = [];
  readonly #faults: (PlannedDlogFault & { isDone: boolean })[] = [];
  #flipped: string | undefined;
  #hasStarted = false;

  constructor(
    options: DlogChaosOptions,
    tell: { readonly say: (line: string) => void; readonly trouble: (what: string) => void },
  ) {
    this.#options = options;
    this.#say = tell.say;
    this.#trouble = tell.trouble;
    this.#scene = new Scene(tell.trouble);
    const { pace, minutes } = options;
    this.#streams = streamNames.map(
      (name, index) =>
        new RunStream(name, {
          ...{ seed: options.seed + index, pace, trouble: tell.trouble },
          // about as often in a long run as in a short one
          restarts: 0.002 / Math.max(1, minutes),
          ports: () => this.#scene.ports(),
        }),
    );
  }

  async go(signal: AbortSignal): Promise<void> {
    const { minutes, seed, everyMs } = this.#options;
    await this.#scene.open(this.#options);
    if (this.#scene.noDisk !== undefined) this.#say(`the disk is never full: ${this.#scene.noDisk}`);
    await this.#makeStreams();
    await this.#allOwners();
    for (const stream of this.#streams) stream.start();
    this.#hasStarted = true;
    const lengthMs = minutes * 60_000;
    const weights = weightsOf(this.#options);
    await this.#inflict(planDlogFaults({ seed, lengthMs, everyMs, weights }), { lengthMs, signal });
    this.#say('faults are over');
    await this.#judge();
    if (this.#options.flipsBit && this.#options.storage === 'local') await this.#damage();
  }

  /** Whatever happened, nothing stays but what explains a failure. */
  async end(troubles: readonly string[]): Promise<DlogChaosRun> {
    if (this.#hasStarted) {
      // what has ended already ends at once
      for (const stream of this.#streams) await stream.end().catch(() => undefined);
    }
    await this.#scene.close();
    const isClean = this.#violations.length === 0 && troubles.length === 0;
    if (!isClean) this.#writeEvidence();
    const kept = this.#scene.remove(!isClean);
    return {
      faults: this.#faults,
      streams: new Map(this.#streams.map((stream) => [stream.name, stream.counts()])),
      owners: this.#scene.owners.reduce((sum, { lives }) => sum + lives, 0),
      violations: this.#violations,
      troubles,
      flipped: this.#flipped,
      noDisk: this.#scene.noDisk,
      kept,
    };
  }

  async #makeStreams(): Promise<void> {
    const { durability } = this.#options;
    const port = await this.#anyPort();
    using connection = (await connect(port, startMs))!;
    for (const stream of streamNames) {
      const settings = { durability, segmentBytes: BigInt(segmentBytes) };
      const { header } = await connection.call.createWith({ stream, settings });
      if (header.code !== 'SUCCESS') throw new Error(`${stream} cannot be made: ${header.errMsg}`);
    }
  }

  async #allOwners(): Promise<void> {
    const { owners } = this.#scene;
    const haveAll = (): true | undefined => (this.#scene.ports().length === owners.length ? true : undefined);
    await waitFor('every owner', haveAll, { clock: systemClock, limitMs: startMs, everyMs: 50 });
  }

  #anyPort(): Promise<number> {
    return waitFor('an owner', () => this.#scene.ports()[0], {
      ...{ clock: systemClock, limitMs: startMs, everyMs: 50 },
    });
  }

  async #inflict(
    plan: readonly PlannedDlogFault[],
    { lengthMs, signal }: { readonly lengthMs: number; readonly signal: AbortSignal },
  ): Promise<void> {
    const beginMs = Date.now();
    const until = (atMs: number): Promise<void> =>
      sleep(Math.max(0, beginMs + atMs - Date.now()), undefined, { signal }).catch(() => undefined);
    const running: Promise<void>[] = [];
    let saidMs = 0;
    for (const fault of plan) {
      await until(fault.atMs);
      if (signal.aborted) break;
      running.push(this.#one(fault));
      if (fault.atMs - saidMs < 15_000) continue;
      saidMs = fault.atMs;
      const committed = this.#streams.reduce((sum, stream) => sum + stream.counts().committed, 0);
      this.#say(`${this.#faults.length} faults, ${committed} records acknowledged`);
    }
    await until(lengthMs);
    await Promise.all(running);
  }

  async #one(fault: PlannedDlogFault): Promise<void> {
    const done = { ...fault, isDone: false };
    this.#faults.push(done);
    try {
      done.isDone = await this.#scene.inflict(fault);
    } catch (error) {
      // a process that ended meanwhile is none
      if ((error as { code?: unknown }).code !== 'ESRCH')
        this.#trouble(`${fault.kind}: ${describeError(error)}`);
    }
  }

  async #judge(): Promise<void> {
    for (const stream of this.#streams) {
      const last = await stream.settle(recoveryMs);
      const limits = { clock: systemClock, limitMs: recoveryMs, everyMs: 50 };
      await waitFor(
        `the readers of ${stream.name} to come to the last record`,
        () => stream.haveSeen(last) || undefined,
        limits,
      ).catch((error: unknown) => this.#trouble(describeError(error)));
      await stream.endReading();
      const final = await readAll(await this.#anyPort(), stream.name, last);
      this.#violations.push(...stream.judge(final));
      this.#say(`${stream.name}: ${final.length} records`);
    }
  }

  /**
   * Flips one bit of a sealed segment; every reader must receive an error. Owners that already run have
   * cached what they read, so they are killed first.
   */
  async #damage(): Promise<void> {
    const { name, evidence } = this.#streams[0]!;
    const port = await this.#anyPort();
    using connection = (await connect(port, recoveryMs))!;
    const { segments = [] } = await connection.call.describe({ stream: name });
    for (const owner of this.#scene.owners) owner.end('SIGKILL', 0);
    const directory = join(this.#scene.disk, 'dlog', ...name.split('/'));
    this.#flipped = flipBit(directory, segments, seededRandom(this.#options.seed));
    if (this.#flipped === undefined) return;
    await waitFor(
      'an owner that has read nothing yet',
      () => this.#scene.ports().find((each) => each !== port),
      {
        ...{ clock: systemClock, limitMs: startMs, everyMs: 50 },
      },
    );
    this.#violations.push(...(await readDamaged(await this.#anyPort(), name, evidence.final)));
  }

  #writeEvidence(): void {
    for (const { name, evidence } of this.#streams)
      writeFileSync(join(this.#scene.directory, `${name.replace('/', '-')}.json`), JSON.stringify(evidence));
    writeFileSync(join(this.#scene.directory, 'faults.json'), JSON.stringify(this.#faults, undefined, 1));
  }
}
