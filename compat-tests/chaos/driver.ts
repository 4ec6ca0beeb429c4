import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeError } from '../../src/base/index.ts';
import { AckTimes, Checker, planFaults, type Verdict } from '../../src/testing/chaos/index.ts';
import { ask, killTopology } from '../nimbus.ts';
import { eventually } from '../records.ts';
import { mountSmallDisk, unmountSmallDisk } from '../small-disk.ts';
import { openTarget, restartGateway, target } from '../target.ts';
import { endAll, keep } from './closing.ts';
import { type DoneFault, FaultRunner } from './fault-runner.ts';
import type { Scene } from './inflict.ts';
import { Journals } from './journals.ts';
import { type ChaosOptions, weightsOf } from './options.ts';
import { places, submitChaos } from './topologies.ts';
import { type Memory, memoryByKind } from './victims.ts';

export interface ChaosRun {
  readonly verdict: Verdict;
  /** What went wrong beside the verdict: a fault that could not be taken back, a process left behind. */
  readonly troubles: readonly string[];
  readonly faults: readonly DoneFault[];
  readonly acks: AckTimes;
  /** The end of the faults: ids run out after it. */
  readonly disturbedToMs: number;
  readonly memory: { readonly start: Memory; readonly end: Memory };
  /** Where the journals and logs of a failed run are. */
  readonly kept: string | undefined;
}

const readEveryMs = 250;
/** How long a gateway may take to restore a topology. */
const restoreMs = 8000;
const progressMs = 5000;
const diskMebibytes = 192;
/** Longer than any fault and the message timeouts after it. */
const stallMs = 90_000;

/**
 * Starts a gateway and a topology, does a seed's faults to them, and judges. Leaves nothing behind but what
 * it keeps.
 */
export async function runChaos(options: ChaosOptions, say: (line: string) => void): Promise<ChaosRun> {
  const chaos = new Chaos(options, say);
  await chaos.open();
  await chaos.attempt('the run', () => chaos.play());
  return chaos.close();
}

class Chaos {
  readonly #options: ChaosOptions;
  readonly #say: (line: string) => void;
  readonly #checker = new Checker(places);
  readonly #acks = new AckTimes(Date.now());
  readonly #troubles: string[] = [];
  readonly #name: string;
  #journals!: Journals;
  #faults!: FaultRunner;
  #scene!: Scene;
  #out = '';
  #isMounted = false;
  #disturbedToMs = 0;
  #memory: { start: Memory; end: Memory } = { start: new Map(), end: new Map() };

  constructor(options: ChaosOptions, say: (line: string) => void) {
    this.#options = options;
    this.#say = say;
    this.#name = `chaos-${options.topology}-${process.pid}`;
  }

  /** Its gateway has a disk of its own where one can be had: it is to be full at times. */
  async open(): Promise<void> {
    const { gateway, workers } = this.#options;
    const { localDir, scratch } = await openTarget({
      args: gateway.flatMap((setting) => ['-c', setting]),
      prepare: (dir) => {
        const refusal = mountSmallDisk(dir, diskMebibytes);
        this.#isMounted = refusal === undefined;
        if (refusal !== undefined) this.#say(`no disk will be full: mount says ${refusal}`);
      },
    });
    if (localDir === undefined)
      throw new Error('chaos needs a gateway of its own: unset EGRET_COMPAT_NIMBUS');
    this.#out = join(scratch, 'journals');
    mkdirSync(this.#out);
    const bringBack = (): Promise<string> => this.#bringBack();
    this.#scene = { localDir, topology: this.#name, workers, bringBack, taken: new Set() };
    this.#journals = new Journals(this.#out, this.#checker, this.#acks);
    this.#faults = new FaultRunner(this.#scene, (what) => this.#trouble(what));
  }

  async play(): Promise<void> {
    await this.#submit();
    await this.#until('the first 50 acks', 120_000, () => this.#checker.acked >= 50);
    this.#memory = { start: await memoryByKind(), end: new Map() };
    await this.#disturb();
    await this.attempt('putting things right', () => this.#heal());
    writeFileSync(join(this.#out, 'stop'), '');
    await this.attempt('the rest', () =>
      this.#until('an ack of every id', this.#options.drainSecs * 1000, () => this.#checker.pending === 0),
    );
    this.#memory = { ...this.#memory, end: await memoryByKind() };
  }

  /** Judges, keeps the journals and logs of a failure, ends everything and looks for what was left behind. */
  async close(): Promise<ChaosRun> {
    const { scratch } = await target();
    this.#journals.read();
    this.#journals.close();
    const verdict = this.#checker.verdict();
    // a fault may kill a container; what ends with an error has one of its own
    // a fault may kill a container; what ends with an error has one of its own
    for (const line of readFileSync(join(this.#scene.localDir, 'logs', 'gateway.log'), 'utf8').split('\n'))
      if (/"event":"container.died".*"how":"exited with code [1-9]/.test(line))
        this.#trouble(`a container ended by itself: ${line}`);
    writeFileSync(join(this.#out, 'faults.json'), JSON.stringify(this.#faults.done, undefined, 2));
    const kept = verdict.isKept && this.#troubles.length === 0 ? undefined : keep(scratch);
    await this.attempt('killing the topology', () => killTopology(this.#name, 0));
    await this.attempt('the end of its files', () =>
      eventually('an end of its files', () => (hasFiles(this.#scene.localDir) ? undefined : true)),
    );
    for (const trouble of await endAll(() => this.#unmount())) this.#trouble(trouble);
    return {
      ...{ verdict, kept, troubles: this.#troubles, memory: this.#memory },
      ...{ faults: this.#faults.done, acks: this.#acks, disturbedToMs: this.#disturbedToMs },
    };
  }

  /** Records the failure of one part of the run as a trouble; the following parts still run. */
  async attempt(what: string, part: () => Promise<unknown>): Promise<void> {
    try {
      await part();
    } catch (error) {
      this.#trouble(`${what}: ${describeError(error)}`);
    }
  }

  async #submit(): Promise<void> {
    const { topology: shape, workers, pace, conf } = this.#options;
    await submitChaos({ shape, name: this.#name, workers, out: this.#out, pace, conf });
  }

  /**
   * A record that was lost with all of Redis is its user's to submit again, if the gateway does not bring it
   * back.
   */
  async #bringBack(): Promise<string> {
    const isListed = (): Promise<boolean | undefined> =>
      ask((nimbus) => nimbus.getTopologySummaries({})).then(
        (rows) => rows.some(({ name }) => name === this.#name),
        () => undefined,
      );
    for (let round = 0; round < restoreMs / readEveryMs; round++) {
      await sleep(readEveryMs);
      // its containers look for the record every few seconds
      if (round * readEveryMs > 5000 && (await isListed()) === true) return 'came back';
    }
    await eventually('a submission after the flush', () =>
      this.#submit().then(
        () => true,
        async () => ((await isListed()) === true ? true : undefined),
      ),
    );
    return 'submitted again';
  }

  async #disturb(): Promise<void> {
    const { seed, minutes, everyMs } = this.#options;
    const weights = weightsOf(this.#options);
    if (!this.#isMounted) weights.delete('disk full');
    const schedule = planFaults({ seed, lengthMs: minutes * 60_000, weights, everyMs });
    const over = new AbortController();
    const faults = this.#faults.run(schedule, over.signal);
    const endMs = Date.now() + minutes * 60_000;
    let [acked, ackedMs] = [this.#checker.acked, Date.now()];
    await this.#until('the end of the faults', minutes * 60_000 + 60_000, () => {
      if (this.#checker.acked > acked) [acked, ackedMs] = [this.#checker.acked, Date.now()];
      if (Date.now() - ackedMs > stallMs) {
        this.#trouble(`no id was acked for ${stallMs / 1000} s`);
        return true;
      }
      return Date.now() >= endMs;
    });
    over.abort();
    await faults;
    this.#disturbedToMs = Date.now();
  }

  /** After the last fault: the gateway runs, knows the topology, and the topology is active. */
  async #heal(): Promise<void> {
    const { gateway } = await target();
    if (gateway!.exitCode !== null || gateway!.signalCode !== null) {
      this.#trouble(`the gateway had ended with ${gateway!.exitCode ?? gateway!.signalCode} by itself`);
      await restartGateway();
    }
    await eventually('an answer of the gateway', () =>
      ask((nimbus) => nimbus.activate({ name: this.#name })).then(
        () => true,
        () => undefined,
      ),
    );
  }

  /** Waits for a condition, reads the journals and tells how it goes meanwhile. */
  async #until(what: string, limitMs: number, isSo: () => boolean): Promise<void> {
    const untilMs = Date.now() + limitMs;
    for (let saidMs = 0; ; await sleep(readEveryMs)) {
      this.#journals.read();
      if (isSo()) return;
      if (Date.now() > untilMs) throw new Error(`waited ${limitMs / 1000} s for ${what}`);
      if (Date.now() - saidMs < progressMs) continue;
      saidMs = Date.now();
      const { acked, pending, replays } = this.#checker;
      const done = this.#faults.done.filter(({ isDone }) => isDone).length;
      this.#say(
        `waiting for ${what}: ${acked} acked, ${pending} pending, ${replays} replays, ${done} faults`,
      );
    }
  }

  #trouble(what: string): void {
    this.#say(`trouble: ${what}`);
    this.#troubles.push(what);
  }

  #unmount(): void {
    if (this.#isMounted) unmountSmallDisk(this.#scene.localDir);
    this.#isMounted = false;
  }
}

function hasFiles(localDir: string): boolean {
  return ['supervisor/stormdist', 'containers']
    .map((dir) => join(localDir, dir))
    .some((dir) => existsSync(dir) && readdirSync(dir).length > 0);
}
