import { describeError, GatewayError } from '../../../base/index.ts';
import { systemComponentIds, systemStreamIds } from '../../../topology/index.ts';
import { DataFrameCursor, ValueReader } from '../../../tuple/index.ts';
import type { LossReport } from '../../links/index.ts';
import type { Anchors } from './anchors.ts';
import type { ProtocolParts } from './protocol-parts.ts';
import { SpoutLosses } from './spout-losses.ts';
import { SpoutOutcomes } from './spout-outcomes.ts';
import { type PendingRoot, SpoutPending } from './spout-pending.ts';

/**
 * The trees of one shell spout from the emit of the root to the outcome that the child receives. A tree ends
 * when an acker reports it, when it times out, or when a lost task had a part in it.
 */
export class SpoutTrees {
  readonly #parts: ProtocolParts;
  readonly #pending = new SpoutPending();
  readonly #losses: SpoutLosses;
  readonly #outcomes = new SpoutOutcomes();
  readonly #cursor = new DataFrameCursor();
  readonly #reader = new ValueReader();
  #rotation: Disposable | undefined;

  constructor(parts: ProtocolParts) {
    this.#parts = parts;
    this.#losses = new SpoutLosses({
      ...{ taskId: parts.taskId, pending: this.#pending, clock: parts.clock, wake: parts.wake },
      ackers: parts.topology.tasksOf(systemComponentIds.acker),
      graceMs: parts.settings.lostTreesGraceMs,
      failed: (root) => this.#failed(root),
    });
  }

  /** True when as many trees are pending as the settings allow. */
  get isFull(): boolean {
    const { spoutPendingMax, spoutTreesMax } = this.#parts.settings;
    return this.#pending.size >= Math.min(spoutPendingMax, spoutTreesMax);
  }

  /** Trees time out from now on. */
  begin(): void {
    const { clock, settings } = this.#parts;
    if (settings.messageTimeoutMs === undefined) return;
    this.#rotation = clock.every(settings.messageTimeoutMs, () => this.#expire());
  }

  /** Sends the emit that the emitter has chosen targets for, as the root of a new tree. */
  grow(chosen: readonly number[], idText: string): void {
    const { emitter, ackers, random } = this.#parts;
    const rootHi = random.nextInt32();
    let rootLo = random.nextInt32();
    while (this.#pending.has(rootLo)) rootLo = random.nextInt32();
    let edgesHi = 0;
    let edgesLo = 0;
    const anchors: Anchors = [rootHi, rootLo, 0, 0];
    for (const target of chosen) {
      const edgeHi = random.nextInt32();
      const edgeLo = random.nextInt32();
      edgesHi ^= edgeHi;
      edgesLo ^= edgeLo;
      anchors[2] = edgeHi;
      anchors[3] = edgeLo;
      emitter.send(target, anchors);
    }
    this.#pending.add(rootLo, { rootHi, idText, streamNumber: emitter.streamNumber });
    ackers.init(rootHi, rootLo, edgesHi, edgesLo);
  }

  /**
   * No acker will report the tree of this emit, so it completes at once
   * (SpoutOutputCollectorImpl.sendSpoutMsg). Without ackers it counts as no ack (SpoutExecutor.ackSpoutMsg).
   */
  completeAtOnce(idText: string): void {
    const { ackers, metrics, emitter } = this.#parts;
    if (ackers.hasAckers) metrics.completed(emitter.streamNumber, 1, 0);
    this.#outcomes.add('ack', idText);
  }

  /** The emit was refused: its tree fails without having begun. */
  failAtOnce(idText: string): void {
    this.#parts.metrics.failed(this.#parts.emitter.streamNumber, 1);
    this.#outcomes.add('fail', idText);
  }

  /**
   * A `next` that never ends could otherwise fill the memory with trees whose outcomes cannot be sent to the
   * child. Throws `QUEUE_FULL`.
   */
  checkRoom(): void {
    const { spoutTreesMax } = this.#parts.settings;
    const waiting = this.#pending.size + this.#outcomes.size;
    if (waiting < 2 * spoutTreesMax) return;
    throw new GatewayError(
      'QUEUE_FULL',
      `emits without limit in one nextTuple: ${waiting} tuples with ids wait for their acks, or for the child to take these; ` +
        `at most ${2 * spoutTreesMax} are kept (twice egret.shell.spout.pending.max.tuples)`,
      { facts: { waiting, waitingMax: 2 * spoutTreesMax } },
    );
  }

  /** Takes a DATA frame of an acker: the outcomes of trees. */
  takeOutcomes(buffer: Buffer, start: number, end: number): void {
    const cursor = this.#cursor;
    try {
      cursor.open(buffer, start, end);
      const source = this.#parts.topology.componentOf(cursor.source) ?? '';
      const stream = this.#parts.topology.streamId(source, cursor.stream);
      while (cursor.next()) this.#takeOutcome(stream);
    } catch (error) {
      this.#parts.reportError(describeError(error));
    }
  }

  takeLosses(report: LossReport): void {
    this.#losses.take(report);
  }

  /** The oldest outcome that the child has not received, as a command; undefined when there is none. */
  nextOutcome(): string | undefined {
    return this.#outcomes.shift();
  }

  /** Timers end. What is pending is forgotten. */
  close(): void {
    this.#losses.close();
    this.#rotation?.[Symbol.dispose]();
  }

  /** An acker's tuple: the root id, and the time it took in milliseconds. */
  #takeOutcome(stream: string): void {
    const reader = this.#reader;
    reader.open(this.#cursor.buffer, this.#cursor.valuesStart, this.#cursor.valuesEnd);
    reader.begin();
    reader.readLong();
    const rootHi = reader.longHi;
    const rootLo = reader.longLo;
    const root = this.#pending.take(rootHi, rootLo);
    if (root === undefined) return;
    if (stream === systemStreamIds.ackAck) {
      reader.readLong();
      this.#parts.metrics.completed(root.streamNumber, 1, reader.longLo);
      this.#outcomes.add('ack', root.idText);
    } else if (stream === systemStreamIds.ackFail) {
      this.#failed(root);
    } else {
      // A reset of the timeout gives the tree its full time again.
      this.#pending.add(rootLo, root);
    }
  }

  #expire(): void {
    for (const root of this.#pending.rotate()) this.#failed(root);
    this.#parts.wake();
  }

  #failed(root: PendingRoot): void {
    this.#parts.metrics.failed(root.streamNumber, 1);
    this.#outcomes.add('fail', root.idText);
  }
}
