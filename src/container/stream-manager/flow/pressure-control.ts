import type { Clock, Logger } from '../../../base/index.ts';
import type { TaskDurationRecord } from '../../../records/index.ts';
import type { TaskId } from '../../../topology/index.ts';
import type { PressureReport } from '../../links/index.ts';
import { type DurationEntry, DurationLedger } from './duration-ledger.ts';
import type { FlowPolicy } from './flow-policy.ts';
import { PressureUnion } from './pressure.ts';

export interface PressureControlOptions {
  readonly containerId: number;
  /** The tasks of this container. */
  readonly ownTasks: () => readonly TaskId[];
  readonly policy: FlowPolicy;
  readonly clock: Clock;
  readonly log: Logger;
  readonly tellPeers: (report: PressureReport) => void;
  readonly tellHosts: (report: PressureReport) => void;
}

/**
 * Who is under pressure, who is told, and since when. Peers are told of the tasks of this container; hosts of all tasks
 * for which somebody is to be held back; tuples for the rest are dropped (flow-policy.ts).
 */
export class PressureControl {
  readonly #options: PressureControlOptions;
  readonly #own = new PressureUnion();
  readonly #all = new PressureUnion();
  readonly #pressured = new DurationLedger();
  readonly #held = new DurationLedger();
  #dropping: ReadonlySet<TaskId> = new Set();

  constructor(options: PressureControlOptions) {
    this.#options = options;
  }

  /** Tuples for some tasks are to be dropped now: asked for each frame. */
  get isDropping(): boolean {
    return this.#dropping.size > 0;
  }

  isDroppingFor(task: TaskId): boolean {
    return this.#dropping.has(task);
  }

  /** A report replaces the last one of its reporter. isOwn: about tasks of this container. */
  report(reporter: string, tasks: readonly TaskId[], scope: { readonly isOwn: boolean }): void {
    const { policy, log, tellPeers, tellHosts } = this.#options;
    const bolts = tasks.filter((task) => !policy.isSpout(task));
    if (scope.isOwn && this.#own.report(reporter, bolts)) {
      this.#record(reporter);
      tellPeers(this.ownReport());
    }
    if (!this.#all.report(reporter, bolts)) return;
    this.#dropping = new Set(this.#all.tasks().filter((task) => policy.modeOf(task) === 'drop'));
    this.#recordHeld();
    const report = this.hostReport();
    log.debug({ event: 'pressure.changed', reporter, tasks: report.tasks });
    tellHosts(report);
  }

  /** What peers are told. */
  ownReport(): PressureReport {
    return this.#report(this.#own.tasks());
  }

  /** What hosts are told. */
  hostReport(): PressureReport {
    return this.#report(this.#all.tasks().filter((task) => !this.#dropping.has(task)));
  }

  /** Tasks of this container that have been under pressure, and spouts that have been held back for others. */
  records(): {
    readonly pressured: readonly TaskDurationRecord[];
    readonly heldSpouts: readonly TaskDurationRecord[];
  } {
    const nowMs = this.#options.clock.monotonicMs();
    const read = (ledger: DurationLedger): TaskDurationRecord[] =>
      ledger.entries(nowMs).map((entry) => this.#durationRecord(entry, nowMs));
    return { pressured: read(this.#pressured), heldSpouts: read(this.#held) };
  }

  #report(tasks: readonly TaskId[]): PressureReport {
    return { type: 'pressure', reporter: `container-${this.#options.containerId}`, tasks };
  }

  #record(reporter: string): void {
    const { clock, log, policy } = this.#options;
    for (const change of this.#pressured.update(this.#own.tasks(), clock.monotonicMs())) {
      const { taskId, durationMs, untold } = change;
      if (untold === undefined) continue;
      const fields = { component: policy.componentOf(taskId), task: taskId, reporter };
      if (durationMs !== undefined)
        log.info({ event: 'pressure.ended', ...fields, durationMs: Math.round(durationMs) });
      else
        log.info({ event: 'pressure.began', ...fields, mode: policy.modeOf(taskId), changesUntold: untold });
    }
  }

  #recordHeld(): void {
    const { clock, policy, ownTasks } = this.#options;
    const holding = this.hostReport().tasks;
    const held = ownTasks().filter((task) => {
      const holders = policy.holdersOf(task);
      return holding.some((holder) => holders.has(holder));
    });
    this.#held.update(held, clock.monotonicMs());
  }

  #durationRecord(entry: DurationEntry, nowMs: number): TaskDurationRecord {
    const { taskId, times, totalMs, sinceMs } = entry;
    const { clock, policy } = this.#options;
    return {
      ...{ taskId, componentId: policy.componentOf(taskId), times, totalMs: Math.round(totalMs) },
      ...(sinceMs === undefined ? {} : { sinceMs: Math.round(clock.nowMs() - (nowMs - sinceMs)) }),
    };
  }
}
