import { strict as assert } from 'node:assert';
import type { LossReport } from '../../container/links/index.ts';
import { SpoutLosses } from '../../container/task-hosts/shell/spout-losses.ts';
import { type PendingRoot, SpoutPending } from '../../container/task-hosts/shell/spout-pending.ts';
import { type PhysicalPlan, systemComponentIds, systemStreamIds, type TaskId } from '../../topology/index.ts';
import type { Ledger, Message } from './ledger.ts';
import type { SimulatedProcess } from './process.ts';
import type { BoltShape, SpoutShape } from './scenario.ts';
import type { Shape, ShapeEdge } from './shape.ts';
import { type Anchor, type Id, noId, randomId, type Tuple, TupleSender, xor } from './tuples.ts';
import type { World } from './world.ts';

/** How often a tuple may go round a cycle. */
const hopsMax = 2;
/** Tuples that a bolt takes at once. */
const batchMax = 8;
/** `topology.egret.lost.trees.grace.ms` */
const graceMs = 500;
/** How long a bolt that joins waits for a second tuple. */
const joinMs = 40;

export interface TaskDeps {
  readonly taskId: TaskId;
  readonly shape: Shape;
  readonly world: World;
  readonly ledger: Ledger;
  /** The child in which it runs. */
  readonly process: SimulatedProcess;
  readonly life: number;
  /** Tasks whose pressure holds it back. */
  readonly heldBy: ReadonlySet<TaskId>;
  readonly send: (frame: Buffer) => void;
  /** What it sent is complete: it may leave. */
  readonly sent: () => void;
  /** The host is not reading what the task sends, so the task waits. */
  readonly isBlocked: () => boolean;
}

export interface SimulatedTask {
  readonly queueBytes: number;
  take(tuple: Tuple): void;
  plan(plan: PhysicalPlan): void;
  pressure(tasks: readonly TaskId[]): void;
  lost(report: LossReport): void;
  /** What it waited for may have come. */
  wake(): void;
}

/** What both kinds do: emit, and see to the order of what comes. */
abstract class Task {
  protected readonly deps: TaskDeps;
  protected readonly sender: TupleSender;
  protected readonly edges: readonly ShapeEdge[];

  constructor(deps: TaskDeps) {
    this.deps = deps;
    this.sender = new TupleSender(deps);
    this.edges = deps.shape.edgesFrom(deps.shape.topology.componentOf(deps.taskId)!);
  }

  /** One emit: to a task of each subscriber, or all of them. `anchorTo` makes the ids of each tuple. */
  protected emit(hops: number, copies: number, anchorTo: () => readonly Anchor[]): void {
    for (const edge of this.edges) {
      if (edge.kind === 'back' && hops === 0) continue;
      const left = edge.kind === 'back' ? hops - 1 : hops;
      for (let copy = 0; copy < copies; copy++) {
        const targets = edge.kind === 'all' ? edge.targets : [this.deps.world.pick(edge.targets)];
        for (const target of targets) {
          const anchors = edge.kind === 'loose' ? [] : anchorTo();
          for (const { root } of anchors) this.deps.ledger.emitted(root.lo);
          this.sender.tuple(target, edge.streamNumber, { hops: left, anchors });
        }
      }
    }
  }

  protected leave(): void {
    this.sender.flush();
    this.deps.sent();
  }
}

/**
 * A spout over a source that forgets nothing: what is not acked is emitted again, in this life or the next.
 */
export class SpoutTask extends Task implements SimulatedTask {
  readonly queueBytes = 0;
  readonly #shape: SpoutShape;
  readonly #mustPass: number;
  readonly #source: readonly Message[];
  readonly #pending = new SpoutPending();
  readonly #messageOf = new Map<number, Message>();
  /** Numbers of the messages that are pending. */
  readonly #numbers = new Set<number>();
  readonly #ackStream: number;
  readonly #failStream: number;
  readonly #resetStream: number;
  readonly #losses: SpoutLosses;
  #hasStarted = false;
  #isActive = false;
  #isHeld = false;

  constructor(deps: TaskDeps, shape: SpoutShape) {
    super(deps);
    this.#shape = shape;
    this.#mustPass = deps.shape.mustPass(shape.id);
    this.#source = deps.ledger.sources.get(deps.taskId)!;
    const replies = deps.shape.topology.streamIdsOf(systemComponentIds.acker);
    this.#ackStream = replies.indexOf(systemStreamIds.ackAck) + 1;
    this.#failStream = replies.indexOf(systemStreamIds.ackFail) + 1;
    this.#resetStream = replies.indexOf(systemStreamIds.ackResetTimeout) + 1;
    this.#losses = new SpoutLosses({
      ...{ taskId: deps.taskId, pending: this.#pending, ackers: deps.shape.ackers },
      ...{ graceMs, clock: deps.process.clock, wake: () => undefined },
      failed: (root) => this.#hasFailed(root),
    });
    deps.process.clock.every(1000 * deps.shape.scenario.setup.timeout, () => this.#rotate());
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  get pending(): number {
    return this.#messageOf.size;
  }

  describe(): string {
    const waiting = this.#source.filter((message) => !message.isDone).length - this.pending;
    const { isHeld, pending } = this;
    return `spout with ${waiting} waiting and ${pending} pending${isHeld ? ', held' : ''}${this.#isActive ? '' : ', not active'}`;
  }

  plan(plan: PhysicalPlan): void {
    this.#isActive = plan.status === 'ACTIVE';
    if (!plan.isComplete || this.#hasStarted) return;
    this.#hasStarted = true;
    this.deps.process.clock.every(this.#shape.every, () => this.#nextTuples());
  }

  pressure(tasks: readonly TaskId[]): void {
    this.#isHeld = tasks.some((task) => this.deps.heldBy.has(task));
  }

  take(tuple: Tuple): void {
    const { hi, lo } = tuple.about;
    if (tuple.stream === this.#ackStream) this.deps.ledger.ackReceived(lo, this.deps.taskId);
    // One that timed out, or was begun in an earlier life, is no longer known.
    const root = this.#pending.take(hi, lo);
    if (root === undefined) return;
    if (tuple.stream === this.#resetStream) {
      this.#pending.add(lo, root);
      return;
    }
    assert(tuple.stream === this.#ackStream || tuple.stream === this.#failStream, 'no stream of an acker');
    const message = this.#forget(lo);
    if (tuple.stream === this.#ackStream) this.deps.ledger.done(message);
    else this.deps.ledger.lost();
  }

  lost(report: LossReport): void {
    this.#losses.take(report);
  }

  wake(): void {
    // It acts by its own timer.
  }

  #nextTuples(): void {
    const { pending, burst } = this.#shape;
    let emitted = 0;
    if (!this.#isActive || this.#isHeld || this.deps.isBlocked()) return;
    for (const message of this.#source) {
      if (emitted >= burst || this.#messageOf.size >= pending) break;
      if (message.isDone || this.#numbers.has(message.number)) continue;
      this.#nextTuple(message);
      emitted++;
    }
    if (emitted > 0) this.leave();
  }

  #nextTuple(message: Message): void {
    const { ledger, world, shape } = this.deps;
    const root: Id = { hi: world.random.nextInt32(), lo: ledger.begin(message, this.#mustPass) };
    let edges = noId;
    this.emit(hopsMax, 1, () => {
      if (shape.ackers.length === 0) return [];
      const edge = randomId(world.random);
      edges = xor(edges, edge);
      return [{ root, edge }];
    });
    if (shape.ackers.length === 0) {
      ledger.done(message);
      return;
    }
    this.sender.init(root, edges);
    this.#messageOf.set(root.lo, message);
    this.#numbers.add(message.number);
    this.#pending.add(root.lo, { rootHi: root.hi, idText: String(root.lo), streamNumber: 1 });
  }

  #rotate(): void {
    for (const root of this.#pending.rotate()) this.#hasFailed(root);
  }

  #hasFailed(root: PendingRoot): void {
    this.#forget(Number(root.idText));
    this.deps.ledger.lost();
  }

  #forget(serial: number): Message {
    const message = this.#messageOf.get(serial)!;
    this.#messageOf.delete(serial);
    this.#numbers.delete(message.number);
    return message;
  }
}

/** A bolt that takes its time, and does with some tuples what it should not. */
export class BoltTask extends Task implements SimulatedTask {
  readonly #shape: BoltShape;
  readonly #edgeOf: (tuple: Tuple) => number | undefined;
  #queue: Tuple[] = [];
  queueBytes = 0;
  #isBusy = false;
  #isHeld = false;
  #held: Tuple | undefined;

  constructor(deps: TaskDeps, shape: BoltShape) {
    super(deps);
    this.#shape = shape;
    const { topology } = deps.shape;
    this.#edgeOf = (tuple) => {
      const edges = deps.shape.edgesFrom(topology.componentOf(tuple.source)!);
      return edges.find((edge) => edge.targetId === shape.id && edge.streamNumber === tuple.stream)?.index;
    };
  }

  plan(): void {
    // A bolt takes what comes.
  }

  pressure(tasks: readonly TaskId[]): void {
    this.#isHeld = tasks.some((task) => this.deps.heldBy.has(task));
    this.wake();
  }

  lost(): void {
    // Only spouts replay.
  }

  take(tuple: Tuple): void {
    const { taskId, life } = this.deps;
    this.deps.ledger.inOrder(
      taskId,
      `${tuple.source}.${tuple.life}>${taskId}.${life}:${tuple.stream}`,
      tuple.sequence,
    );
    this.#queue.push(tuple);
    this.queueBytes += tuple.bytes;
    this.wake();
  }

  wake(): void {
    if (this.#isBusy || this.#isHeld || this.#queue.length === 0) return;
    this.#isBusy = true;
    const count = Math.min(batchMax, this.#queue.length);
    this.deps.process.after(0.05 + count * this.#shape.service, () => {
      this.#isBusy = false;
      this.#work(count);
    });
  }

  #work(count: number): void {
    if (this.deps.isBlocked()) return;
    for (const tuple of this.#queue.splice(0, count)) {
      this.queueBytes -= tuple.bytes;
      this.#execute(tuple);
    }
    this.leave();
    this.wake();
  }

  #execute(tuple: Tuple): void {
    const { world, ledger } = this.deps;
    const edge = this.#edgeOf(tuple);
    for (const { root } of tuple.anchors) ledger.passed(root.lo, edge!);
    if (this.#shape.resets > 0 && world.chance(this.#shape.resets))
      for (const { root } of tuple.anchors) this.sender.resetTimeout(root);
    // Once everything is to come right it behaves.
    const misbehaves = world.elapsedMs < this.deps.shape.scenario.untilMs;
    if (misbehaves && world.chance(this.#shape.forget)) return;
    if (misbehaves && world.chance(this.#shape.fail)) {
      for (const { root } of tuple.anchors) this.sender.fail(root);
      return;
    }
    if (this.#shape.joins === 0) this.#forward([tuple]);
    else if (this.#held === undefined) this.#hold(tuple);
    else {
      const held = this.#held;
      this.#held = undefined;
      this.#forward([held, tuple]);
    }
  }

  #hold(tuple: Tuple): void {
    this.#held = tuple;
    this.deps.process.after(joinMs, () => {
      if (this.#held !== tuple) return;
      this.#held = undefined;
      this.#forward([tuple]);
      this.leave();
    });
  }

  /**
   * Emits what grows from the tuples, anchored to all of them, and acks them (storm-client 2.8:
   * BoltOutputCollectorImpl).
   */
  #forward(tuples: readonly Tuple[]): void {
    const { world, ledger } = this.deps;
    const grown = tuples.map(() => noId);
    const hops = Math.min(...tuples.map((tuple) => tuple.hops));
    this.emit(hops, this.#shape.fan, () => {
      const anchors = new Map<number, Anchor>();
      tuples.forEach((tuple, index) => {
        if (tuple.anchors.length === 0) return;
        const edge = randomId(world.random);
        grown[index] = xor(grown[index]!, edge);
        for (const { root } of tuple.anchors) {
          anchors.set(root.lo, { root, edge: xor(anchors.get(root.lo)?.edge ?? noId, edge) });
        }
      });
      return [...anchors.values()];
    });
    tuples.forEach((tuple, index) => {
      for (const { root, edge } of tuple.anchors) {
        ledger.boltAcked(root.lo);
        this.sender.ack(root, xor(edge, grown[index]!));
      }
    });
  }
}
