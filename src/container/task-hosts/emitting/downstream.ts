import { FlowGraph, type TaskId, type TopologyIndex } from '../../../topology/index.ts';

/** What a child may still say while it is held back before it is no longer listened to. */
const charsWhilePressured = 1 << 20;

/**
 * The tasks whose pressure holds this one back (see {@link FlowGraph.holdersOf}), and whether one of them is
 * under pressure. While one is, the child gets no new work. If the child still emits (an endless loop, a
 * thread of its own), the host stops reading it after a while, so that its output waits in the pipe. The
 * allowance before that lets the child finish the tuples it holds.
 */
export class Downstream {
  readonly #tasks: ReadonlySet<TaskId>;
  #isPressured = false;
  #charsSince = 0;

  constructor(topology: TopologyIndex, componentId: string) {
    this.#tasks = new FlowGraph(topology).holdersOf(componentId);
  }

  get isPressured(): boolean {
    return this.#isPressured;
  }

  /** True when what the child says should stay in the pipe. */
  get mustWait(): boolean {
    return this.#isPressured && this.#charsSince > charsWhilePressured;
  }

  /** All tasks under pressure now. */
  update(tasks: readonly TaskId[]): void {
    this.#isPressured = tasks.some((task) => this.#tasks.has(task));
    if (!this.#isPressured) this.#charsSince = 0;
  }

  /** Fullness of the fullest queue among the tasks, 0..1; 0 when nothing is known of them. */
  loadOf(loads: ReadonlyMap<TaskId, number>): number {
    let highest = 0;
    for (const [task, load] of loads) if (load > highest && this.#tasks.has(task)) highest = load;
    return highest;
  }

  heard(chars: number): void {
    if (this.#isPressured) this.#charsSince += chars;
  }
}
