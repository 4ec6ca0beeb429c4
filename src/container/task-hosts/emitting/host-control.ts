import type { OutgoingStreams, PhysicalPlan, TaskId } from '../../../topology/index.ts';
import type { LossReport, StreamManagerToHost } from '../../links/index.ts';
import type { Downstream } from './downstream.ts';

/** The task of a host in this process, as far as control messages concern it. */
export interface ControlledTask {
  takePlan(plan: PhysicalPlan): void;
  /** The tasks under pressure have changed; `isPressured`: one of them holds this task back. */
  takePressure(isPressured: boolean): void;
  /** Fullness of the fullest queue downstream, 0..1. */
  takeLoad(load: number): void;
  /** Tasks were lost elsewhere, with the trees they had a part in. */
  takeLosses(report: LossReport): void;
}

export interface HostControlOptions {
  readonly outgoing: OutgoingStreams;
  readonly downstream: Downstream;
  readonly task: ControlledTask;
}

/** Applies what the stream manager sends to a host of one emitting task in this process. */
export class HostControl {
  readonly #options: HostControlOptions;
  /** The last load that each other task has reported. */
  readonly #loads = new Map<TaskId, number>();

  constructor(options: HostControlOptions) {
    this.#options = options;
  }

  take(message: StreamManagerToHost): void {
    const { outgoing, downstream, task } = this.#options;
    switch (message.type) {
      case 'plan':
        task.takePlan(message.plan);
        break;
      case 'packing':
        outgoing.repack(message.plan);
        break;
      case 'pressure':
        downstream.update(message.tasks);
        task.takePressure(downstream.isPressured);
        break;
      case 'lost':
        task.takeLosses(message);
        break;
      case 'loads':
        for (const [taskId, load] of message.loads) this.#loads.set(taskId, load);
        task.takeLoad(downstream.loadOf(this.#loads));
        break;
      default: // `start` and `stop` are for hosts in other processes.
    }
  }

  /**
   * Refreshes the load-aware groupings. As in Storm their weights move by one step a second, whether or not a
   * task has reported meanwhile. Before the first report they stay as they are: an unknown task counts as
   * fully loaded.
   */
  everySecond(): void {
    if (this.#loads.size > 0) this.#options.outgoing.refreshLoads(this.#loads);
  }
}
