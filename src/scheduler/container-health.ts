import { statSync } from 'node:fs';
import { utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, describeError, type Logger } from '../base/index.ts';
import { isStopped, Liveness } from '../child/index.ts';
import { aliveEveryMs, aliveFileName } from '../records/index.ts';
import type { ProcessRecord } from './node-files.ts';

export interface HealthLimits {
  /** `egret.container.timeout.secs`; Infinity: silence does not matter. */
  readonly silentMsMax: number;
  /** `egret.process.stopped.secs`; Infinity: a stopped process may stay so. */
  readonly stoppedMsMax: number;
}

export interface HealthDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits: HealthLimits;
  /** A file of ours on the disk of the containers' directories. */
  readonly probeFile: string;
  /** The containers whose process runs now. */
  readonly running: () => readonly WatchedContainer[];
}

export interface WatchedContainer {
  readonly process: ProcessRecord;
  /** An earlier gateway started it: it may be of a version that gives no signs of life. */
  readonly isAdopted: boolean;
  /** Where its sign of life is. */
  readonly workDir: string;
  /** Ends it now, its hosts too, and says why; it is started again as after any death. */
  replace(why: string): void;
}

const lookEveryMs = 1000;
const lookGapMsMax = 3000;
/** How long a container may take until its first sign of life: Node is loaded, leftovers are ended. */
const firstMsMax = 60_000;

interface Patient {
  readonly liveness: Liveness;
  seenMs: number | undefined;
}

/**
 * Finds containers that run and do nothing: stopped by a signal, in an endless loop, in a dead lock. Each
 * touches a file once a second; we look at its time, and touch a file of ours on the same disk before each
 * check. So whatever keeps the containers of this machine from giving signs (a disk that hangs, a suspended
 * machine, the whole node being starved) makes these checks late as well, and a late check never counts
 * against a container (see Liveness).
 */
export class ContainerHealth implements Disposable {
  readonly #deps: HealthDeps;
  readonly #patients = new Map<string, Patient>();
  #timer: Disposable;
  #isClosed = false;

  constructor(deps: HealthDeps) {
    this.#deps = deps;
    this.#timer = deps.clock.after(lookEveryMs, () => void this.#round());
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#timer[Symbol.dispose]();
  }

  /** Never rejects. A round that hangs is not overtaken by the next one. */
  async #round(): Promise<void> {
    await this.#touch();
    if (this.#isClosed) return;
    this.#look();
    this.#timer = this.#deps.clock.after(lookEveryMs, () => void this.#round());
  }

  async #touch(): Promise<void> {
    const { clock, log, probeFile } = this.#deps;
    const now = new Date(clock.nowMs());
    try {
      await utimes(probeFile, now, now).catch(() => writeFile(probeFile, ''));
    } catch (error) {
      log.debug({ event: 'health.not-touched', file: probeFile, reason: describeError(error) });
    }
  }

  #look(): void {
    const running = this.#deps.running();
    const incarnations = new Set(running.map(({ process }) => process.incarnation));
    for (const known of this.#patients.keys()) if (!incarnations.has(known)) this.#patients.delete(known);
    for (const container of running) this.#lookAt(container);
  }

  #lookAt(container: WatchedContainer): void {
    const { limits, clock } = this.#deps;
    const { pid, incarnation } = container.process;
    const nowMs = clock.monotonicMs();
    const patient = this.#patients.get(incarnation) ?? this.#admit(container, nowMs);
    const touchedMs = timeOf(join(container.workDir, aliveFileName));
    if (touchedMs !== undefined && touchedMs !== patient.seenMs) patient.liveness.heard(nowMs);
    patient.seenMs = touchedMs ?? patient.seenMs;
    const verdict = patient.liveness.look(nowMs, isStopped(pid));
    if (verdict === 'alive') return;
    this.#patients.delete(incarnation);
    container.replace(
      verdict === 'stopped'
        ? `was stopped by a signal for ${limits.stoppedMsMax / 1000} s (egret.process.stopped.secs) and was killed`
        : `gave no sign of life for ${limits.silentMsMax / 1000} s (egret.container.timeout.secs) and was killed`,
    );
  }

  #admit(container: WatchedContainer, nowMs: number): Patient {
    const { silentMsMax, stoppedMsMax } = this.#deps.limits;
    const first = container.isAdopted || silentMsMax === Number.POSITIVE_INFINITY;
    const patient: Patient = {
      liveness: new Liveness(
        {
          ...{ silentMsMax: Math.max(silentMsMax, 2 * aliveEveryMs), stoppedMsMax, lookGapMsMax },
          firstMsMax: first ? Number.POSITIVE_INFINITY : Math.max(firstMsMax, silentMsMax),
        },
        nowMs,
      ),
      seenMs: undefined,
    };
    this.#patients.set(container.process.incarnation, patient);
    return patient;
  }
}

function timeOf(file: string): number | undefined {
  try {
    return statSync(file, { throwIfNoEntry: false })?.mtimeMs;
  } catch {
    return undefined; // its directory is being made or taken away
  }
}
