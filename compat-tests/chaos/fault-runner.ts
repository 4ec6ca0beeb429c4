import { setTimeout as sleep } from 'node:timers/promises';
import { describeError, TaskGroup } from '../../src/base/index.ts';
import type { PlannedFault } from '../../src/testing/chaos/index.ts';
import { inflict, type Scene } from './inflict.ts';

/** Times are those of the machine's clock, as in the journals. */
export interface DoneFault extends PlannedFault {
  readonly fromMs: number;
  readonly toMs: number;
  readonly isDone: boolean;
  readonly what: string;
}

/** Does the faults of a schedule at their times. */
export class FaultRunner {
  readonly done: DoneFault[] = [];
  readonly #scene: Scene;
  readonly #trouble: (what: string) => void;
  readonly #running: TaskGroup;

  constructor(scene: Scene, trouble: (what: string) => void) {
    this.#scene = scene;
    this.#trouble = trouble;
    this.#running = new TaskGroup((error) => trouble(describeError(error)));
  }

  /** Resolves when all are done and taken back; after an abort no other begins. */
  async run(schedule: readonly PlannedFault[], signal: AbortSignal): Promise<void> {
    const beginMs = Date.now();
    for (const fault of schedule) {
      try {
        await sleep(Math.max(0, beginMs + fault.atMs - Date.now()), undefined, { signal });
      } catch {
        break;
      }
      this.#running.add(this.#one(fault));
    }
    await this.#running.settle();
  }

  async #one(fault: PlannedFault): Promise<void> {
    const fromMs = Date.now();
    try {
      const { done, what } = await inflict(this.#scene, fault);
      this.done.push({ ...fault, fromMs, toMs: Date.now(), isDone: done, what });
    } catch (error) {
      const what = describeError(error);
      this.done.push({ ...fault, fromMs, toMs: Date.now(), isDone: false, what });
      // a process that ended by itself meanwhile is none
      if ((error as { code?: unknown }).code !== 'ESRCH') this.#trouble(`${fault.kind}: ${what}`);
    }
  }
}
