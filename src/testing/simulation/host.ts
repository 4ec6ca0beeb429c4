import type { Outlet, StreamManagerToHost, TaskHost } from '../../container/links/index.ts';
import { CycleOrder } from '../../container/task-hosts/jvm/cycle-order.ts';
import type { TaskId } from '../../topology/index.ts';
import { frameTarget } from '../../tuple/index.ts';
import type { Ledger } from './ledger.ts';
import { SimulatedProcess } from './process.ts';
import type { Shape } from './shape.ts';
import { BoltTask, type SimulatedTask, SpoutTask, type TaskDeps } from './tasks.ts';
import { readTuples } from './tuples.ts';
import type { World } from './world.ts';

export interface HostDeps {
  readonly name: string;
  readonly tasks: readonly TaskId[];
  readonly shape: Shape;
  readonly world: World;
  readonly ledger: Ledger;
  readonly container: SimulatedProcess;
  readonly outlet: Outlet;
  readonly nextLife: () => number;
  /** What is read of a child at once, in bytes. */
  readonly onBurst: (bytes: number) => void;
  /** What waits for its tasks, in bytes. */
  readonly onQueue: (bytes: number) => void;
}

/** Ms that a frame takes through the pipe between child and container. */
const pipeMs = [0.02, 0.5] as const;

/**
 * A task host whose child is simulated, with the contract of the shell host: what is delivered waits for the
 * child within marks that are reported as pressure; what the child sends waits in its pipe while the host is
 * paused.
 */
export class SimulatedHost implements TaskHost {
  readonly name: string;
  readonly tasks: readonly TaskId[];
  /** The child. */
  readonly process: SimulatedProcess;
  /** The pressure it was last notified of, and the part of it for which it holds its own tasks back. */
  heard: readonly TaskId[] = [];
  pressured: readonly TaskId[] = [];
  isPaused = false;
  /** Set when it stands for a JVM: what a JVM held when it ended is unknown. */
  readonly isOpaque?: true;
  /** Set when it stands for a Storm worker. */
  readonly #order: CycleOrder | undefined;
  readonly #deps: HostDeps;
  readonly #tasks = new Map<TaskId, SimulatedTask>();
  /** In the pipe. */
  #sent: Buffer[] = [];
  #isReading = false;
  #high: readonly TaskId[] = [];
  #highSinceMs = 0;
  #hasEnded = false;

  constructor(deps: HostDeps) {
    this.#deps = deps;
    this.name = deps.name;
    this.tasks = deps.tasks;
    this.process = new SimulatedProcess(deps.world, `${deps.container.name}/${deps.name}`);
    if (deps.shape.scenario.setup.together === 1) {
      this.isOpaque = true;
      this.#order = new CycleOrder(deps.shape.topology, deps.tasks);
    }
    for (const taskId of deps.tasks) this.#tasks.set(taskId, this.#makeTask(taskId));
  }

  get spouts(): readonly SpoutTask[] {
    return [...this.#tasks.values()].filter((task) => task instanceof SpoutTask);
  }

  /** Tasks that it has been reporting as above their mark for so long. */
  highFor(ms: number): readonly TaskId[] {
    return this.#hasEnded || this.#deps.world.nowMs - this.#highSinceMs < ms ? [] : this.#high;
  }

  get queueBytes(): number {
    return [...this.#tasks.values()].reduce((sum, task) => sum + task.queueBytes, 0);
  }

  deliver(buffer: Buffer, start: number, end: number): void {
    if (this.#hasEnded) return;
    const task = this.#tasks.get(frameTarget(buffer, start));
    const tuples = readTuples(buffer, start, end, this.#deps.shape);
    for (const tuple of tuples) {
      if (task instanceof SpoutTask) this.process.after(0, () => task.take(tuple));
      else task!.take(tuple);
    }
    this.#deps.onQueue(this.queueBytes);
  }

  flush(): void {
    this.#reportMarks();
  }

  control(message: StreamManagerToHost): void {
    if (message.type === 'plan') this.#tell((task) => task.plan(message.plan));
    if (message.type === 'lost') this.#tell((task) => task.lost(message));
    if (message.type !== 'pressure') return;
    this.heard = message.tasks;
    this.pressured = this.#order?.heeded(message.tasks) ?? message.tasks;
    this.#tell((task) => task.pressure(this.pressured));
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    this.#read();
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.end();
    return Promise.resolve();
  }

  describe(): string {
    const { isPaused, pressured, queueBytes } = this;
    const spouts = this.spouts.map((spout) => `, ${spout.describe()}`).join('');
    const state = `${isPaused ? 'paused, ' : ''}pressure on [${pressured.join()}], ${queueBytes} bytes waiting`;
    return `${this.name} (tasks ${this.tasks.join()}): ${state}${spouts}`;
  }

  /** The child is dead. */
  end(): void {
    this.#hasEnded = true;
    this.process.die();
  }

  #makeTask(taskId: TaskId): SimulatedTask {
    const { shape, world, ledger, nextLife } = this.#deps;
    const componentId = shape.topology.componentOf(taskId);
    const deps: TaskDeps = {
      ...{ taskId, shape, world, ledger, process: this.process, life: nextLife() },
      heldBy: shape.heldBy(componentId!, this.tasks),
      send: (frame) => void this.#sent.push(frame),
      sent: () => this.#readSoon(),
      isBlocked: () => this.isPaused && this.#sent.length > 0,
    };
    const spout = shape.scenario.spouts.find(({ id }) => id === componentId);
    if (spout !== undefined) return new SpoutTask(deps, spout);
    return new BoltTask(deps, shape.scenario.bolts.find(({ id }) => id === componentId)!);
  }

  /** Tells the child, in its own time. */
  #tell(tell: (task: SimulatedTask) => void): void {
    this.process.after(0, () => {
      for (const task of this.#tasks.values()) tell(task);
    });
  }

  #readSoon(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    this.#deps.container.after(this.#deps.world.between(...pipeMs), () => {
      this.#isReading = false;
      this.#read();
    });
  }

  /** The container reads the pipe. */
  #read(): void {
    if (this.#hasEnded) return;
    if (!this.isPaused && this.#sent.length > 0) {
      const frames = this.#sent.splice(0);
      this.#deps.onBurst(frames.reduce((sum, frame) => sum + frame.length, 0));
      for (const frame of frames) this.#deps.outlet.route(frame, 0, frame.length);
      this.#deps.outlet.flush();
      this.#tell((task) => task.wake());
    }
    this.#reportMarks();
  }

  #reportMarks(): void {
    const { queueHigh, queueLow } = this.#deps.shape.scenario.setup;
    const high = this.tasks.filter((task) => {
      const bytes = this.#tasks.get(task)!.queueBytes;
      return bytes >= queueHigh || (this.#high.includes(task) && bytes > queueLow);
    });
    if (high.join() === this.#high.join()) return;
    this.#high = high;
    this.#highSinceMs = this.#deps.world.nowMs;
    this.#deps.outlet.report(this, { type: 'pressure', reporter: this.name, tasks: high });
  }
}
