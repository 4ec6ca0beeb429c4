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
import type { ContainerName, ContainerPhase, ContainerView } from './reconcile.ts';

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
  /** A container that ran this long is in order: its next restart is quick again. */
  readonly soundAfterMs: number;
  /** It ended, or could not be started, without being asked to. */
  readonly onDeath: (container: LocalContainer, death: ContainerDeath) => void;
}

export interface ContainerDeath {
  readonly how: string;
  /** False for an orderly end that nobody here asked for (exit code 0). */
  readonly isFault: boolean;
  readonly spec: ContainerSpec;
  readonly restartInMs: number;
  /** Since the topology was submitted. */
  readonly restarts: number;
  /** Since it last ran for a while without one. */
  readonly failuresInARow: number;
}

/** A process that is ended gets this beyond the grace that it gives its own hosts. */
const endMarginMs = 2000;
const lastOutputBytesMax = 2048;

/** One container of this node through all its processes. Two of them never run at a time. See reconcile.ts for its phases. */
export class LocalContainer implements ContainerView {
  readonly topologyId: string;
  readonly containerId: number;
  phase: ContainerPhase = 'waiting';
  startAtMs = 0;
  digest = '';
  /** As it should be in the state store; undefined before the first start. */
  record: ContainerRecord | undefined;
  /** True while the state store has another. */
  isUnrecorded = false;
  readonly #deps: ContainerDeps;
  readonly #log: Logger;
  #process: ProcessRecord | undefined;
  /** What it runs by: the spec it was started with, with the newest plan in it. */
  #spec: ContainerSpec | undefined;
  #isAdopted = false;
  /** Why we killed its process, until its end is known. */
  #verdict: string | undefined;
  #watch: Disposable | undefined;
  #restarts: number;
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

  /** Takes over a process that an earlier gateway started. False when there is no such process any more. */
  adopt(spec: ContainerSpec, process: ProcessRecord): boolean {
    if (!isSameProcess(process.pid, process.processStart)) return false;
    this.digest = digestContainer(spec);
    this.#spec = spec;
    this.#runs(process);
    this.#isAdopted = true;
    this.#watch = watchProcess(process, this.#deps.clock, () => {
      const how = 'ended (how is unknown: an earlier gateway started it)';
      void this.#died(process, { how, isFault: true });
    });
    this.#log.info({ event: 'container.adopted', pid: process.pid });
    return true;
  }

  /** Starts a process. Never rejects: what fails is a death like another. */
  async start(spec: ContainerSpec): Promise<void> {
    const { files, command, clock } = this.#deps;
    this.phase = 'starting';
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
      // A process without its record could not be known again: it is ended rather than lost.
      const process = this.#process;
      if (process !== undefined) await endProcess(process, { graceMs: 0, clock });
      await this.#died(process, {
        how: `could not be started: ${describeError(error)}`,
        isFault: true,
      });
    }
  }

  /** The running process takes over a newer plan from its topology master; its spec is to say so, to whoever adopts it. */
  follow(plan: PackingPlan): void {
    if (this.phase !== 'running' || this.#spec === undefined || this.#spec.plan.version >= plan.version)
      return;
    this.#spec = { ...this.#spec, plan };
    try {
      this.#deps.files.writeSpec(this.#spec);
    } catch (error) {
      this.#log.warn({ event: 'container.spec-not-written', reason: describeError(error) });
    }
  }

  /** SIGTERM, the grace of its hosts and a margin, SIGKILL; then whatever it left behind. Idempotent. */
  end(graceMs: number): Promise<void> {
    this.#ending ??= this.#end(graceMs + endMarginMs);
    return this.#ending;
  }

  /** While it is being ended: its grace is over. */
  async kill(): Promise<void> {
    const process = this.#process;
    if (process !== undefined) await endProcess(process, { graceMs: 0, clock: this.#deps.clock });
  }

  /** Its process and how to replace it, while it runs. */
  get watched(): WatchedContainer | undefined {
    const process = this.#process;
    if (this.phase !== 'running' || process === undefined) return undefined;
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

  /** Stops looking after it; the process stays. */
  leave(): void {
    this.#watch?.[Symbol.dispose]();
    this.#process = undefined;
  }

  async #end(limitMs: number): Promise<void> {
    const { clock, files } = this.#deps;
    const process = this.#process;
    this.phase = 'ending';
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
    this.phase = 'running';
    this.record = { ...process, restarts: this.#restarts, lastExit: this.#lastExit };
    this.isUnrecorded = true;
  }

  async #died(
    process: ProcessRecord | undefined,
    end: { readonly how: string; readonly isFault: boolean },
  ): Promise<void> {
    if (this.phase === 'ending' || this.phase === 'waiting' || this.#process !== process) return;
    const { clock, random, restartLimits, soundAfterMs } = this.#deps;
    this.#watch?.[Symbol.dispose]();
    this.#process = undefined;
    this.phase = 'starting'; // not to be started before its leftovers are gone
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
    if (!this.#isStarting()) return;
    this.phase = 'waiting';
    this.startAtMs = clock.nowMs() + restartInMs;
    this.#deps.onDeath(this, {
      ...{ how, isFault, spec: this.#spec!, restartInMs },
      restarts: this.#restarts,
      failuresInARow: this.#failuresInARow,
    });
  }

  /** A container that was killed could not end its hosts. */
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

  #isStarting(): boolean {
    return this.phase === 'starting';
  }
}

/** The slot a container occupies, 0 for the topology master, which needs none. */
export function slotPortOf(spec: Pick<ContainerSpec, 'containerId' | 'plan'>): number {
  return spec.plan.containers.find((container) => container.containerId === spec.containerId)?.slotPort ?? 0;
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/** What the process last said outside its log: the reason why it could not start, usually. */
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
    return ''; // the log directory has been taken away; how it ended is known without
  }
}
