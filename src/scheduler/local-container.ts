import assert from 'node:assert/strict';
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  type BackoffLimits,
  backoffMs,
  type Clock,
  describeError,
  type Logger,
  type RandomSource,
} from '../base/index.ts';
import {
  describeExit,
  endContained,
  endProcess,
  endRecordedProcesses,
  isSameProcess,
  spawnDetached,
  watchProcess,
} from '../child/index.ts';
import type { ContainerRecord, ContainerSpec } from '../records/index.ts';
import type { PackingPlan } from '../topology/index.ts';
import type { WatchedContainer } from './container-health.ts';
import { digestContainer, type NodeFiles, type ProcessRecord } from './node-files.ts';
import {
  type ContainerName,
  type ContainerPhase,
  type ContainerView,
  containerSuccessors,
} from './reconcile.ts';

/** The program that runs a container; the spec file is added as its last argument. */
export interface ContainerCommand {
  readonly command: string;
  readonly args: readonly string[];
}

export interface ContainerDeps {
  readonly files: NodeFiles;
  readonly command: ContainerCommand;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
  readonly restartLimits: BackoffLimits;
  /** A container that ran this long counts as sound: its next restart is quick again. */
  readonly soundAfterMs: number;
  /** It ended without being asked to, or could not be started. */
  readonly onDeath: (container: LocalContainer, death: ContainerDeath) => void;
}

export interface ContainerDeath {
  readonly how: string;
  /** False for an orderly end (exit code 0) that this gateway did not ask for. */
  readonly isFault: boolean;
  readonly spec: ContainerSpec;
  readonly restartInMs: number;
  /** Since the topology was submitted. */
  readonly restarts: number;
  /** Since it last ran for a while without one. */
  readonly failuresInARow: number;
}

/** How much longer than the grace of its hosts a process may take to end. */
const endMarginMs = 2000;
const lastOutputBytesMax = 2048;

/**
 * One container of this node through all its processes, of which at most one runs at a time. reconcile.ts
 * draws its phases.
 */
export class LocalContainer implements ContainerView {
  readonly topologyId: string;
  readonly containerId: number;
  /** When it may be started, while it is waiting. */
  startAtMs = 0;
  digest = '';
  /** As it should be in the state store. Invariant: defined from the first start on. */
  record: ContainerRecord | undefined;
  /** True while the state store may hold another record. Invariant: false while `record` is undefined. */
  isUnrecorded = false;
  #phase: ContainerPhase = 'waiting';
  readonly #deps: ContainerDeps;
  readonly #log: Logger;
  /** Invariant: defined while it is running, until `leave`; undefined while it is waiting or clearing. */
  #process: ProcessRecord | undefined;
  /** The spec it was started with, with the newest plan in it. Invariant: its file is never newer. */
  #spec: ContainerSpec | undefined;
  #isAdopted = false;
  /**
   * Why the gateway killed its process. Invariant: defined only between the kill and the end of that process.
   */
  #verdict: string | undefined;
  #watch: Disposable | undefined;
  /** Invariant: it never falls while the topology lives, over all gateways. */
  #restarts: number;
  /** Invariant: 0 <= failures <= restarts. 0 again after a sound run. */
  #failuresInARow = 0;
  #lastExit: string;
  #outputStart = 0;
  #ending: Promise<void> | undefined;

  constructor(name: ContainerName, before: ContainerRecord | undefined, deps: ContainerDeps) {
    this.topologyId = name.topologyId;
    this.containerId = name.containerId;
    this.#deps = deps;
    this.#log = deps.log.child({ topology: name.topologyId, container: name.containerId });
    this.record = before;
    this.#restarts = before?.restarts ?? 0;
    this.#lastExit = before?.lastExit ?? '';
  }

  get phase(): ContainerPhase {
    return this.#phase;
  }

  /** Takes over a process that an earlier gateway started. False when that process no longer runs. */
  adopt(spec: ContainerSpec, process: ProcessRecord): boolean {
    if (!isSameProcess(process.pid, process.processStart)) return false;
    this.digest = digestContainer(spec);
    this.#spec = spec;
    this.#runs(process);
    this.#isAdopted = true;
    this.#watch = watchProcess(process, this.#deps.clock, () => {
      const how = 'ended (exit status unknown: an earlier gateway started it)';
      void this.#died(process, { how, isFault: true });
    });
    this.#log.info({ event: 'container.adopted', pid: process.pid });
    return true;
  }

  /** Starts a process. Never rejects: a failure to start is handled as a death. */
  async start(spec: ContainerSpec): Promise<void> {
    const { files, command, clock } = this.#deps;
    this.#enter('starting');
    this.#spec = spec;
    this.digest = digestContainer(spec);
    const outputFile = join(spec.logDir, 'container.out');
    try {
      files.writeSpec(spec);
      this.#outputStart = sizeOf(outputFile);
      const started = await spawnDetached({
        name: `container ${spec.containerId} of ${spec.topologyId}`,
        command: command.command,
        args: [...command.args, files.specFileOf(spec)],
        cwd: files.dirOf(spec),
        outputFile,
        containment: spec.containment,
      });
      const { pid, processStart, keeper } = started;
      const process = {
        ...{ pid, processStart, incarnation: spec.incarnation, startedAtMs: clock.nowMs() },
        ...(keeper === undefined ? {} : { keeper }),
      };
      this.#runs(process);
      void started.exited.then((exit) => {
        const how = `${describeExit(exit)}${lastOutput(outputFile, this.#outputStart)}`;
        return this.#died(process, { how, isFault: exit.code !== 0 });
      });
      files.writeProcess(spec, process);
      this.#log.info({
        event: 'container.started',
        pid,
        slotPort: slotPortOf(spec),
        restarts: this.#restarts,
      });
    } catch (error) {
      // A process without its file could not be identified later: it is ended rather than lost.
      const process = this.#process;
      if (process !== undefined) await endProcess(process, { graceMs: 0, clock });
      await this.#died(process, {
        how: `could not be started: ${describeError(error)}`,
        isFault: true,
      });
    }
  }

  /**
   * The process takes a newer plan over from its topology master. Its spec file says so for a gateway that
   * adopts it.
   */
  follow(plan: PackingPlan): void {
    if (this.#phase !== 'running' || this.#spec === undefined || this.#spec.plan.version >= plan.version)
      return;
    this.#spec = { ...this.#spec, plan };
    try {
      this.#deps.files.writeSpec(this.#spec);
    } catch (error) {
      this.#log.warn({ event: 'container.spec-not-written', reason: describeError(error) });
    }
  }

  /**
   * Sends SIGTERM, and SIGKILL after the grace of its hosts and a margin; then ends what it left behind.
   * Idempotent.
   */
  end(graceMs: number): Promise<void> {
    this.#ending ??= this.#end(graceMs + endMarginMs);
    return this.#ending;
  }

  /** Ends it at once, without a grace. */
  async kill(): Promise<void> {
    const process = this.#process;
    if (process !== undefined) await endProcess(process, { graceMs: 0, clock: this.#deps.clock });
  }

  /** Its process and how to replace it, while it runs. */
  get watched(): WatchedContainer | undefined {
    const process = this.#process;
    if (this.#phase !== 'running' || process === undefined) return undefined;
    return {
      process,
      isAdopted: this.#isAdopted,
      workDir: this.#deps.files.workDirOf(this),
      replace: (why) => {
        this.#verdict = why;
        this.#log.warn({ event: 'container.stuck', pid: process.pid, why });
        void this.kill();
      },
    };
  }

  /** Stops supervising it; the process continues to run. */
  leave(): void {
    this.#watch?.[Symbol.dispose]();
    this.#process = undefined;
  }

  async #end(limitMs: number): Promise<void> {
    const { clock, files } = this.#deps;
    const process = this.#process;
    this.#enter('ending');
    this.#watch?.[Symbol.dispose]();
    if (process !== undefined) {
      const result = await endProcess(process, { graceMs: limitMs, clock });
      const level = result === 'killed' || result === 'stuck' ? 'warn' : 'info';
      this.#log[level]({ event: 'container.ended', pid: process.pid, result });
    }
    await this.#endLeftovers(process);
    files.remove(this);
  }

  #runs(process: ProcessRecord): void {
    this.#process = process;
    this.#isAdopted = false;
    this.#verdict = undefined;
    this.#enter('running');
    this.record = { ...process, restarts: this.#restarts, lastExit: this.#lastExit };
    this.isUnrecorded = true;
  }

  async #died(
    process: ProcessRecord | undefined,
    end: { readonly how: string; readonly isFault: boolean },
  ): Promise<void> {
    if (!this.#canDie() || this.#process !== process) return;
    const { clock, random, restartLimits, soundAfterMs } = this.#deps;
    this.#watch?.[Symbol.dispose]();
    this.#process = undefined;
    this.#enter('clearing');
    const ranMs = process === undefined ? 0 : clock.nowMs() - process.startedAtMs;
    if (ranMs >= soundAfterMs) this.#failuresInARow = 0;
    const restartInMs = backoffMs(this.#failuresInARow, restartLimits, random);
    this.#failuresInARow += 1;
    this.#restarts += 1;
    const how = this.#verdict ?? end.how;
    const isFault = end.isFault || this.#verdict !== undefined;
    this.#verdict = undefined;
    this.#lastExit = how;
    if (this.record !== undefined) this.record = { ...this.record, restarts: this.#restarts, lastExit: how };
    this.isUnrecorded = this.record !== undefined;
    this.#log.warn({ event: 'container.died', pid: process?.pid, how, restartInMs });
    await this.#endLeftovers(process);
    this.#enter('waiting');
    this.startAtMs = clock.nowMs() + restartInMs;
    this.#deps.onDeath(this, {
      ...{ how, isFault, spec: this.#spec!, restartInMs },
      restarts: this.#restarts,
      failuresInARow: this.#failuresInARow,
    });
  }

  /** Ends the hosts of a container that was killed, which could not end them itself. */
  async #endLeftovers(process: ProcessRecord | undefined): Promise<void> {
    try {
      const { clock, files } = this.#deps;
      if (process !== undefined) await endProcess(process, { graceMs: 0, clock });
      const count = await endRecordedProcesses(files.pidDirOf(this), { graceMs: 0, clock });
      if (count > 0) this.#log.warn({ event: 'container.leftovers-ended', processes: count });
      const { keeper } = process ?? files.readProcess(this) ?? {};
      const { containment } = this.#spec ?? files.readSpec(this) ?? {};
      await endContained({ keeper, containment }, { clock, log: this.#log });
    } catch (error) {
      this.#log.error({ event: 'container.leftovers-not-ended', error });
    }
  }

  #canDie(): boolean {
    return this.#phase === 'starting' || this.#phase === 'running';
  }

  #enter(phase: ContainerPhase): void {
    const successors: readonly ContainerPhase[] = containerSuccessors[this.#phase];
    assert(successors.includes(phase), `a container does not go from ${this.#phase} to ${phase}`);
    this.#log.debug({ event: 'container.phase', from: this.#phase, to: phase });
    this.#phase = phase;
  }
}

/** The slot a container occupies, 0 for the topology master, which needs none. */
export function slotPortOf(spec: Pick<ContainerSpec, 'containerId' | 'plan'>): number {
  return spec.plan.containers.find((container) => container.containerId === spec.containerId)?.slotPort ?? 0;
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/** What the process last printed outside its log: usually the reason why it could not start. */
function lastOutput(file: string, start: number): string {
  try {
    const descriptor = openSync(file, 'r');
    try {
      const end = fstatSync(descriptor).size;
      const from = Math.max(start, end - lastOutputBytesMax);
      const bytes = Buffer.alloc(Math.max(0, end - from));
      readSync(descriptor, bytes, 0, bytes.length, from);
      const text = bytes.toString('utf8').trim();
      return text === '' ? '' : `: ${text}`;
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return ''; // the log directory was removed; how it ended is known without its output
  }
}
