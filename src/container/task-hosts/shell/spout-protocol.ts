import { describeError, GatewayError } from '../../../base/index.ts';
import { systemComponentIds, systemStreamIds } from '../../../topology/index.ts';
import { DataFrameCursor, ValueReader } from '../../../tuple/index.ts';
import type { LossReport } from '../../links/index.ts';
import { type Anchors, noAnchors } from './anchors.ts';
import { type ChildMessage, type EmitMessage, spoutCommandText } from './messages.ts';
import type { Protocol, ProtocolParts, Surroundings, TaskInput } from './protocol-parts.ts';
import { SpoutLosses } from './spout-losses.ts';
import { type PendingRoot, SpoutPending } from './spout-pending.ts';

/**
 * A shell spout (storm-client 2.8: ShellSpout, SpoutExecutor, SpoutOutputCollectorImpl). In lock-step: a
 * command, the child's messages, `sync`, the next command.
 *
 *   new -begin-> idle -command-> busy -sync-> idle
 *
 * What goes out while idle, in this order: activate or deactivate when the status has changed; acks and
 * fails, also while inactive; `next`, when the topology is active and complete, nothing downstream is under
 * pressure, its pace and its output rate allow it and fewer trees than allowed are pending. A `next` that
 * emitted nothing is followed by a pause.
 *
 * Trees that were pending when a child died are forgotten, as with the death of a Storm worker: the ids mean
 * nothing to the next child. A spout that must not lose tuples replays from its source.
 */
export class SpoutProtocol implements Protocol {
  readonly #parts: ProtocolParts;
  readonly #pending = new SpoutPending();
  readonly #losses: SpoutLosses;
  readonly #cursor = new DataFrameCursor();
  readonly #reader = new ValueReader();
  #state: 'new' | 'idle' | 'busy' = 'new';
  #command = '';
  #busySinceMs = 0;
  #isActivated = false;
  /** Commands about ended trees, oldest first from #firstOutcome on. */
  #outcomes: string[] = [];
  #firstOutcome = 0;
  #emits = 0;
  #replies = '';
  #pause: Disposable | undefined;
  #rotation: Disposable | undefined;

  readonly input = noInput;

  constructor(parts: ProtocolParts) {
    this.#parts = parts;
    this.#losses = new SpoutLosses({
      ...{ taskId: parts.taskId, pending: this.#pending, clock: parts.clock, wake: parts.wake },
      ackers: parts.topology.tasksOf(systemComponentIds.acker),
      graceMs: parts.settings.lostTreesGraceMs,
      failed: (root) => this.#failed(root),
    });
  }

  get owesAnswerSinceMs(): number | undefined {
    return this.#state === 'busy' ? this.#busySinceMs : undefined;
  }

  begin(): void {
    this.#state = 'idle';
    const { clock, settings, emitter, pipe } = this.#parts;
    pipe.write(emitter.begin());
    if (settings.messageTimeoutMs === undefined) return;
    this.#rotation = clock.every(settings.messageTimeoutMs, () => this.#expire());
  }

  /** Takes the outcomes of trees that ackers send. */
  deliver(buffer: Buffer, start: number, end: number): void {
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

  handle(message: ChildMessage): void {
    switch (message.kind) {
      case 'emit':
        this.#emit(message);
        break;
      case 'sync':
        this.#synced();
        break;
      default: {
        const command = message.kind === 'unknown' ? message.command : message.kind;
        throw new GatewayError(
          'CHILD_SPOKE_NONSENSE',
          `sent the command ${JSON.stringify(command)}, which a spout does not have`,
        );
      }
    }
  }

  batchEnded(): void {
    if (this.#replies !== '') {
      const replies = this.#replies;
      this.#replies = '';
      this.#parts.pipe.write(replies);
    }
    this.#parts.frames.flushSoon();
  }

  pump(surroundings: Surroundings): void {
    this.#parts.throttle.setPressured(surroundings.isPressured);
    if (this.#state !== 'idle') return;
    const command = this.#nextCommand(surroundings);
    if (command === undefined) {
      this.#parts.frames.flush();
      return;
    }
    this.#state = 'busy';
    this.#busySinceMs = this.#parts.clock.monotonicMs();
    this.#emits = 0;
    this.#command = command;
    this.#parts.pipe.write(command);
  }

  hearLoad(load: number): void {
    this.#parts.throttle.setLoad(load);
  }

  everySecond(): void {
    // A spout's heartbeat is its answer to a command.
    this.#parts.throttle.everySecond();
  }

  /** What its trees come to goes to where its task has moved. */
  get isIdle(): boolean {
    return true;
  }

  treesLost(report: LossReport): void {
    this.#losses.take(report);
  }

  lost(): void {
    // See above: forgotten.
  }

  close(): void {
    this.#parts.frames.flush();
    this.#parts.throttle.close();
    this.#losses.close();
    this.#rotation?.[Symbol.dispose]();
    this.#pause?.[Symbol.dispose]();
  }

  #nextCommand({ isActive, isComplete }: Surroundings): string | undefined {
    if (isActive !== this.#isActivated) {
      this.#isActivated = isActive;
      return isActive ? activateText : deactivateText;
    }
    if (this.#firstOutcome < this.#outcomes.length) return this.#shiftOutcome();
    const { throttle, settings } = this.#parts;
    const { spoutPendingMax, spoutTreesMax } = settings;
    const mayEmit = isActive && isComplete && this.#pause === undefined;
    if (!mayEmit || this.#pending.size >= Math.min(spoutPendingMax, spoutTreesMax)) return undefined;
    return throttle.mayGo() ? nextText : undefined;
  }

  #shiftOutcome(): string {
    const outcome = this.#outcomes[this.#firstOutcome]!;
    this.#firstOutcome++;
    if (this.#firstOutcome === this.#outcomes.length) {
      this.#outcomes = [];
      this.#firstOutcome = 0;
    } else if (this.#firstOutcome >= 1024 && this.#firstOutcome * 2 >= this.#outcomes.length) {
      this.#outcomes = this.#outcomes.slice(this.#firstOutcome);
      this.#firstOutcome = 0;
    }
    return outcome;
  }

  #synced(): void {
    if (this.#state !== 'busy') return;
    this.#state = 'idle';
    const { clock, settings, wake } = this.#parts;
    if (this.#command !== nextText || this.#emits > 0 || settings.spoutWaitMs === 0) return;
    this.#pause = clock.after(settings.spoutWaitMs, () => {
      this.#pause = undefined;
      wake();
    });
  }

  #emit(message: EmitMessage): void {
    const { emitter, ackers } = this.#parts;
    this.#emits++;
    const chosen = emitter.choose(message);
    if (message.idText !== undefined) this.#checkRoom();
    if (emitter.refused !== undefined) {
      this.#parts.reportError(emitter.refused.message);
      if (message.idText !== undefined) this.#fail(message.idText);
    } else if (message.idText === undefined) {
      for (const target of chosen) emitter.send(target, noAnchors);
    } else if (ackers.hasAckers && chosen.length > 0) {
      this.#emitTracked(chosen, message.idText);
    } else {
      for (const target of chosen) emitter.send(target, noAnchors);
      // No acker will report that the tree is complete, so it completes at once
      // (SpoutOutputCollectorImpl.sendSpoutMsg). Without ackers it counts as no ack
      // (SpoutExecutor.ackSpoutMsg).
      if (ackers.hasAckers) this.#parts.metrics.completed(emitter.streamNumber, 1, 0);
      this.#outcomes.push(spoutCommandText('ack', message.idText));
    }
    this.#replies += emitter.reply;
  }

  #emitTracked(chosen: readonly number[], idText: string): void {
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
      this.#outcomes.push(spoutCommandText('ack', root.idText));
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
    this.#outcomes.push(spoutCommandText('fail', root.idText));
  }

  /** The emit at hand is given up at once. */
  #fail(idText: string): void {
    this.#parts.metrics.failed(this.#parts.emitter.streamNumber, 1);
    this.#outcomes.push(spoutCommandText('fail', idText));
  }

  /**
   * A `next` that never ends could otherwise fill the memory with trees whose outcomes cannot be sent to the
   * child.
   */
  #checkRoom(): void {
    const { spoutTreesMax } = this.#parts.settings;
    const waiting = this.#pending.size + this.#outcomes.length - this.#firstOutcome;
    if (waiting < 2 * spoutTreesMax) return;
    throw new GatewayError(
      'QUEUE_FULL',
      `emits without limit in one nextTuple: ${waiting} tuples with ids wait for their acks, or for the child to take these; ` +
        `at most ${2 * spoutTreesMax} are kept (twice egret.shell.spout.pending.max.tuples)`,
      { facts: { waiting, waitingMax: 2 * spoutTreesMax } },
    );
  }
}

const activateText = spoutCommandText('activate');
const deactivateText = spoutCommandText('deactivate');
const nextText = spoutCommandText('next');
const noInput: TaskInput = {
  load: 0,
  isUnderPressure: false,
  queue: { bytes: 0, tuples: 0, droppedTuples: 0 },
};
