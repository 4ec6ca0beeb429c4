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
  readonly sendToPeers: (report: PressureReport) => void;
  readonly sendToHosts: (report: PressureReport) => void;
}

/**
 * Which tasks are under pressure and since when. Peers receive the tasks of this container. Hosts receive all
 * tasks for which a spout is held back; tuples for the other tasks under pressure are dropped
 * (flow-policy.ts).
 */
export class PressureControl {
  readonly #options: PressureControlOptions;
  /** Tasks of this container. */
  readonly #own = new PressureUnion();
  /** Invariant: contains every task of `#own`. */
  readonly #all = new PressureUnion();
  readonly #pressured = new DurationLedger();
  readonly #held = new DurationLedger();
  /** Invariant: the tasks of `#all` whose mode is `drop`. */
  #dropping: ReadonlySet<TaskId> = new Set();

  constructor(options: PressureControlOptions) {
    this.#options = options;
  }

  /** Whether tuples for any task are dropped now. Called for each frame. */
  get isDropping(): boolean {
    return this.#dropping.size > 0;
  }

  isDroppingFor(task: TaskId): boolean {
    return this.#dropping.has(task);
  }

  /** A report replaces the last one of its reporter. isOwn: it is about tasks of this container. */
  report(reporter: string, tasks: readonly TaskId[], scope: { readonly isOwn: boolean }): void {
    const { policy, log, sendToPeers, sendToHosts } = this.#options;
    const bolts = tasks.filter((task) => !policy.isSpout(task));
    if (scope.isOwn && this.#own.report(reporter, bolts)) {
      this.#record(reporter);
      sendToPeers(this.ownReport());
    }
    if (!this.#all.report(reporter, bolts)) return;
    this.#dropping = new Set(this.#all.tasks().filter((task) => policy.modeOf(task) === 'drop'));
    this.#recordHeld();
    const report = this.hostReport();
    log.debug({ event: 'pressure.changed', reporter, tasks: report.tasks });
    sendToHosts(report);
  }

  /** The report that peers receive. */
  ownReport(): PressureReport {
    return this.#report(this.#own.tasks());
  }

  /** The report that hosts receive. */
  hostReport(): PressureReport {
    return this.#report(this.#all.tasks().filter((task) => !this.#dropping.has(task)));
  }

  /** Tasks of this container that have been under pressure, and its spouts that have been held back. */
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
      const { taskId, durationMs, unlogged } = change;
      if (unlogged === undefined) continue;
      const fields = { component: policy.componentOf(taskId), task: taskId, reporter };
      if (durationMs !== undefined)
        log.info({ event: 'pressure.ended', ...fields, durationMs: Math.round(durationMs) });
      else
        log.info({
          event: 'pressure.began',
          ...fields,
          mode: policy.modeOf(taskId),
          changesNotLogged: unlogged,
        });
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
