import type { Clock } from '../../../base/index.ts';
import { FlowGraph, type TaskId, type TopologyIndex } from '../../../topology/index.ts';

/** How long a bolt waits for a fellow on its cycle at first, at most, and how long it may then send. */
const waitFirstMs = 1000;
const waitMaxMs = 10_000;
const relievedMs = 50;

/**
 * Storm holds every bolt of a worker back that feeds a task under pressure elsewhere, also when that task waits for the
 * bolt in turn: two full queues on one cycle then wait for each other for ever. So a worker is told of pressure on a task
 * that is on a cycle with one of its own bolts with short breaks in between, rarer and rarer while it lasts: what both
 * hold gets on, and the queue grows by what little passes in a break.
 */
export class CycleRelief {
  readonly #cyclic: ReadonlySet<TaskId>;
  readonly #clock: Clock;
  readonly #tell: (tasks: readonly TaskId[]) => void;
  #tasks: readonly TaskId[] = [];
  #waitMs = waitFirstMs;
  #isRelieved = false;
  #timer: Disposable | undefined;

  /** `cyclic`: see {@link cyclicTasks}. */
  constructor(cyclic: ReadonlySet<TaskId>, clock: Clock, tell: (tasks: readonly TaskId[]) => void) {
    this.#cyclic = cyclic;
    this.#clock = clock;
    this.#tell = tell;
  }

  /** The tasks that are under pressure now. */
  update(tasks: readonly TaskId[]): void {
    this.#tasks = tasks;
    const isNeeded = tasks.some((task) => this.#cyclic.has(task));
    if (!isNeeded) this.close();
    this.#tell(this.#isRelieved ? this.#others() : tasks);
    if (isNeeded) this.#timer ??= this.#clock.after(this.#waitMs, () => this.#relieve());
  }

  close(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    this.#isRelieved = false;
    this.#waitMs = waitFirstMs;
  }

  #relieve(): void {
    this.#isRelieved = true;
    this.#tell(this.#others());
    this.#timer = this.#clock.after(relievedMs, () => this.#resume());
  }

  #resume(): void {
    this.#isRelieved = false;
    this.#waitMs = Math.min(waitMaxMs, 2 * this.#waitMs);
    this.#tell(this.#tasks);
    this.#timer = this.#clock.after(this.#waitMs, () => this.#relieve());
  }

  #others(): readonly TaskId[] {
    return this.#tasks.filter((task) => !this.#cyclic.has(task));
  }
}

/** The tasks that are fed by a bolt among `components` and lie on a cycle with it. */
export function cyclicTasks(topology: TopologyIndex, components: Iterable<string>): ReadonlySet<TaskId> {
  const graph = new FlowGraph(topology);
  const fellows = [...components].flatMap((id) =>
    [...graph.directlyAfter(id)].filter((after) => graph.areOnOneCycle(id, after)),
  );
  return new Set(fellows.flatMap((id) => topology.tasksOf(id)));
}
