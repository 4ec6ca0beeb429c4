import { describeError, GatewayError } from '../../../base/index.ts';
import { systemComponentIds, systemStreamIds, systemTaskId } from '../../../topology/index.ts';
import { DataFrameCursor, type JavaValue, java, ValueReader } from '../../../tuple/index.ts';
import type { QueueFill } from '../../links/index.ts';
import { type Anchors, addEdge, noAnchors, readAnchors } from './anchors.ts';
import { FlowWindow } from './flow-window.ts';
import { InputQueue } from './input-queue.ts';
import { OpaqueObjectFault, opaqueObjectRemedy, valuesToJson } from './json-writing.ts';
import { type ChildMessage, type EmitMessage, heartbeatText } from './messages.ts';
import type { Protocol, ProtocolParts, Surroundings } from './protocol-parts.ts';
import { WorkClock } from './work-clock.ts';

/** A tuple that the child has and has neither acked nor failed. */
interface InputTuple {
  readonly anchors: Anchors;
  /** XOR of the edges of what was anchored on it. */
  ackHi: number;
  ackLo: number;
  /** Place among the inputs of the metrics. */
  readonly input: number;
  readonly writtenAtMs: number;
}

export interface BoltInput {
  readonly componentId: string;
  readonly streamId: string;
}

/** Characters gathered before one write. */
const writeCharsTarget = 32 << 10;

/**
 * A shell bolt (storm-client 2.8: ShellBolt and BoltOutputCollectorImpl). Tuples are numbered from 1 on
 * within the life of a child; the number is the id that the child sees.
 */
export class BoltProtocol implements Protocol {
  readonly #parts: ProtocolParts;
  readonly #inputs: readonly BoltInput[];
  /** Source task -> stream number -> place in #inputs; filled as sources turn up. */
  readonly #inputOf = new Map<number, number[]>();
  readonly #queue: InputQueue;
  readonly #window: FlowWindow;
  readonly #work = new WorkClock();
  /** The input of the tuple written last, as a place in #inputs. */
  #lastInput = 0;
  readonly #pending = new Map<string, InputTuple>();
  readonly #cursor = new DataFrameCursor();
  readonly #reader = new ValueReader();
  /** The anchors of the emit at hand. */
  readonly #tracked: InputTuple[] = [];
  /** True while the cursor stands in a frame that has tuples left. */
  #isInFrame = false;
  #begun = false;
  #replies = '';
  #ticksDue = 0;
  #heartbeats = 0;
  /** Tuples up to this number that are not pending have been acked, failed or given up. */
  #givenUpTo = 0;
  #isOverflowing = false;
  #droppedTuples = 0;
  #nowMs: number;
  #ticks: Disposable | undefined;

  constructor(parts: ProtocolParts, inputs: readonly BoltInput[]) {
    this.#parts = parts;
    this.#inputs = inputs;
    this.#queue = new InputQueue(parts.settings.queue);
    this.#window = new FlowWindow(parts.settings.writtenTuplesMax);
    this.#nowMs = parts.clock.monotonicMs();
  }

  get owesAnswerSinceMs(): number | undefined {
    return this.#window.waitingSinceMs;
  }

  get load(): number {
    return this.#queue.load;
  }

  get isUnderPressure(): boolean {
    return this.#queue.isHigh;
  }

  get queue(): QueueFill {
    const { bytes, tuples } = this.#queue;
    return { bytes, tuples, droppedTuples: this.#droppedTuples };
  }

  get isIdle(): boolean {
    return this.#queue.isEmpty && !this.#isInFrame && this.#pending.size === 0;
  }

  begin(): void {
    this.#begun = true;
    this.#parts.pipe.write(this.#parts.emitter.begin());
    const { tickMs } = this.#parts.settings;
    if (tickMs === undefined) return;
    // One tick at most waits, however long the child takes: they tell the time, they do not add up.
    this.#ticks = this.#parts.clock.every(tickMs, () => {
      this.#ticksDue = 1;
      this.#parts.wake();
    });
  }

  deliver(buffer: Buffer, start: number, end: number): void {
    if (this.#queue.push(buffer, start, end) === 'full') this.#refuse(buffer, start, end);
  }

  handle(message: ChildMessage): void {
    switch (message.kind) {
      case 'emit':
        this.#emit(message);
        break;
      case 'ack':
        this.#ack(message.id);
        break;
      case 'fail':
        this.#fail(message.id);
        break;
      case 'sync':
        this.#window.markerAnswered(this.#parts.clock.monotonicMs());
        this.#worked(this.#lastInput);
        break;
      default: // Storm's bolts ignore commands that they do not know.
    }
  }

  batchEnded(): void {
    if (this.#replies !== '') {
      const replies = this.#replies;
      this.#replies = '';
      this.#parts.pipe.write(replies);
    }
    this.#flushFrames();
  }

  pump(surroundings: Surroundings): void {
    const { pipe, throttle } = this.#parts;
    throttle.setPressured(surroundings.isPressured);
    if (!this.#begun || !throttle.mayGo()) return;
    this.#nowMs = this.#parts.clock.monotonicMs();
    while (!pipe.isBackedUp && this.#window.room > 0) {
      const text = this.#nextTexts();
      if (text === '') break;
      pipe.write(text);
    }
    if (this.#window.isStalled) pipe.write(this.#markerText());
    // Tuples that could not be said to the child have been failed on the way.
    this.#flushFrames();
  }

  /** A child with tuples in hand is about to emit or ack more. */
  #flushFrames(): void {
    if (this.#pending.size > 0) this.#parts.frames.flushSoon();
    else this.#parts.frames.flush();
  }

  hearLoad(): void {
    // A bolt waits while a task that it feeds is under pressure; only spouts are paced.
  }

  everySecond(nowMs: number): void {
    this.#parts.throttle.everySecond();
    if (!this.#begun || this.#window.waitingSinceMs !== undefined) return;
    this.#window.idle();
    this.#nowMs = nowMs;
    this.#parts.pipe.write(this.#markerText());
  }

  lost(): void {
    for (const tuple of this.#pending.values()) this.#failTree(tuple.anchors);
    this.#pending.clear();
    while (this.#nextTuple()) this.#failTree(readAnchors(this.#cursor));
    this.#parts.frames.flush();
  }

  close(): void {
    this.#parts.frames.flush();
    this.#parts.throttle.close();
    this.#ticks?.[Symbol.dispose]();
  }

  /** Tuples for one write: as many as the window has room for, up to a size. Empty when there is none. */
  #nextTexts(): string {
    let text = '';
    while (text.length < writeCharsTarget && this.#window.room > 0) {
      const next = this.#ticksDue > 0 ? this.#tickText() : this.#nextTupleText();
      if (next === undefined) break;
      text += next;
    }
    return text;
  }

  #nextTupleText(): string | undefined {
    while (this.#nextTuple()) {
      const text = this.#tupleText();
      if (text !== undefined) return text;
    }
    return undefined;
  }

  /**
   * Moves to the next tuple of the frame at hand or of the next one. The rest of a corrupt frame is left out.
   */
  #nextTuple(): boolean {
    for (;;) {
      try {
        if (this.#isInFrame && this.#cursor.next()) return true;
        this.#isInFrame = false;
        const frame = this.#queue.shift();
        if (frame === undefined) return false;
        if (this.#isOverflowing) this.#isOverflowing = this.#queue.isHigh;
        this.#cursor.open(frame, 0, frame.length);
        this.#isInFrame = true;
      } catch (error) {
        this.#isInFrame = false;
        this.#parts.reportError(describeError(error));
      }
    }
  }

  /**
   * The message of the tuple under the cursor; undefined when it cannot be said, and then it has been failed.
   */
  #tupleText(): string | undefined {
    const cursor = this.#cursor;
    const anchors = readAnchors(cursor);
    try {
      const input = this.#inputIndex(cursor.source, cursor.stream);
      const { componentId, streamId } = this.#inputs[input]!;
      this.#reader.open(cursor.buffer, cursor.valuesStart, cursor.valuesEnd);
      const values = valuesToJson(this.#reader.readAll());
      return this.#inputText({ input, anchors, componentId, streamId, task: cursor.source, values });
    } catch (error) {
      this.#failTree(anchors);
      this.#parts.reportError(
        error instanceof OpaqueObjectFault
          ? opaqueObjectRemedy(error, this.#parts.componentId)
          : describeError(error),
      );
      return undefined;
    }
  }

  #tickText(): string {
    this.#ticksDue = 0;
    const seconds: JavaValue = java.int(Math.round(this.#parts.settings.tickMs! / 1000));
    return this.#inputText({
      input: this.#inputIndex(systemTaskId, 0),
      anchors: noAnchors,
      componentId: systemComponentIds.system,
      streamId: systemStreamIds.tick,
      task: systemTaskId,
      values: valuesToJson([seconds]),
    });
  }

  #inputText(tuple: {
    readonly input: number;
    readonly anchors: Anchors;
    readonly componentId: string;
    readonly streamId: string;
    readonly task: number;
    readonly values: string;
  }): string {
    const { input, anchors, componentId, streamId, task, values } = tuple;
    const id = String(this.#window.nextNumber);
    this.#pending.set(id, { anchors, ackHi: 0, ackLo: 0, input, writtenAtMs: this.#nowMs });
    if (this.#pending.size > this.#parts.settings.heldTuplesMax) this.#giveUpOldest();
    this.#parts.metrics.executed(input, 1, 0);
    this.#lastInput = input;
    this.#work.wrote(this.#nowMs);
    const text = `{"id":"${id}","comp":${JSON.stringify(componentId)},"stream":${JSON.stringify(streamId)},"task":${task},"tuple":${values}}\nend\n`;
    return this.#window.wrote() ? text + this.#markerText() : text;
  }

  #markerText(): string {
    this.#window.markerWritten(this.#nowMs);
    this.#heartbeats++;
    return heartbeatText(this.#heartbeats);
  }

  /** Place of a source's stream among the inputs. A tick comes from no stream of the plan. */
  #inputIndex(sourceTask: number, streamNumber: number): number {
    const known = this.#inputOf.get(sourceTask)?.[streamNumber];
    if (known !== undefined) return known;
    const { topology } = this.#parts;
    const componentId = topology.componentOf(sourceTask);
    const streamId =
      sourceTask === systemTaskId || componentId === undefined
        ? systemStreamIds.tick
        : topology.streamId(componentId, streamNumber);
    const index = this.#inputs.findIndex(
      (input) => input.componentId === componentId && input.streamId === streamId,
    );
    if (index < 0) {
      throw new GatewayError(
        'WIRE_CORRUPT',
        `task ${this.#parts.taskId} (${this.#parts.componentId}) got a tuple of task ${sourceTask}, stream ${streamId}, which it does not take`,
      );
    }
    const ofTask = this.#inputOf.get(sourceTask) ?? [];
    ofTask[streamNumber] = index;
    this.#inputOf.set(sourceTask, ofTask);
    return index;
  }

  #emit(message: EmitMessage): void {
    const { emitter, ackers, random } = this.#parts;
    const tracked = this.#tracked;
    tracked.length = 0;
    for (const id of message.anchors) {
      const tuple = this.#pendingTuple(id, 'anchored an emit on');
      if (tuple !== undefined && ackers.hasAckers && tuple.anchors.length > 0) tracked.push(tuple);
    }
    const chosen = emitter.choose(message);
    if (emitter.refused !== undefined) {
      this.#parts.reportError(emitter.refused.message);
      for (const tuple of tracked) this.#failTree(tuple.anchors);
    }
    for (const target of chosen) {
      const anchors: Anchors = tracked.length === 0 ? noAnchors : [];
      for (const tuple of tracked) {
        const edgeHi = random.nextInt32();
        const edgeLo = random.nextInt32();
        tuple.ackHi ^= edgeHi;
        tuple.ackLo ^= edgeLo;
        addEdge(anchors, tuple.anchors, edgeHi, edgeLo);
      }
      emitter.send(target, anchors);
    }
    this.#replies += emitter.reply;
  }

  #ack(id: string): void {
    const tuple = this.#pendingTuple(id, 'acked');
    if (tuple === undefined) return;
    this.#pending.delete(id);
    const nowMs = this.#worked(tuple.input);
    const { anchors } = tuple;
    // Without ackers Storm counts no acks either (BoltOutputCollectorImpl 2.8).
    if (!this.#parts.ackers.hasAckers) return;
    this.#parts.metrics.acked(tuple.input, 1, nowMs - tuple.writtenAtMs);
    for (let at = 0; at < anchors.length; at += 4) {
      const valueHi = anchors[at + 2]! ^ tuple.ackHi;
      const valueLo = anchors[at + 3]! ^ tuple.ackLo;
      this.#parts.ackers.ack(anchors[at]!, anchors[at + 1]!, valueHi, valueLo);
    }
  }

  #fail(id: string): void {
    const tuple = this.#pendingTuple(id, 'failed');
    if (tuple === undefined) return;
    this.#pending.delete(id);
    this.#worked(tuple.input);
    if (!this.#parts.ackers.hasAckers) return;
    this.#parts.metrics.failed(tuple.input, 1);
    this.#failTree(tuple.anchors);
  }

  /** The child has shown that it is past something; returns the time. */
  #worked(input: number): number {
    const nowMs = this.#parts.clock.monotonicMs();
    const workedMs = this.#work.sign(nowMs, this.#window.isThrough);
    if (workedMs > 0) this.#parts.metrics.executed(input, 0, workedMs);
    return nowMs;
  }

  #failTree(anchors: Anchors): void {
    if (!this.#parts.ackers.hasAckers) return;
    for (let at = 0; at < anchors.length; at += 4) this.#parts.ackers.fail(anchors[at]!, anchors[at + 1]!);
  }

  /** The queue is full: the tuples of a frame are given up, and their trees failed at once. */
  #refuse(buffer: Buffer, start: number, end: number): void {
    const { settings, reportError } = this.#parts;
    if (!this.#isOverflowing) {
      const { bytesMax, tuplesMax } = settings.queue;
      reportError(
        `${this.#queue.tuples} tuples of ${this.#queue.bytes} bytes wait for the child, at most ${tuplesMax} tuples ` +
          `(egret.shell.queue.max.tuples) or ${bytesMax} bytes (egret.shell.queue.max.bytes) are held: what comes ` +
          'meanwhile is failed. Give the component more tasks',
      );
    }
    this.#isOverflowing = true;
    try {
      const cursor = new DataFrameCursor();
      cursor.open(buffer, start, end);
      this.#droppedTuples += cursor.count;
      while (cursor.next()) this.#failTree(readAnchors(cursor));
    } catch (error) {
      reportError(describeError(error));
    }
  }

  /** A child that never acks must not fill the memory: the trees of its oldest tuples are failed. */
  #giveUpOldest(): void {
    const { settings, reportError } = this.#parts;
    if (this.#givenUpTo === 0) {
      reportError(
        `holds more than ${settings.heldTuplesMax} tuples that it has neither acked nor failed ` +
          '(egret.shell.pending.max.tuples): the oldest are failed. Does it ack what it is done with?',
      );
    }
    const [id, tuple] = this.#pending.entries().next().value!;
    this.#pending.delete(id);
    this.#givenUpTo = Number(id);
    this.#failTree(tuple.anchors);
  }

  /** Undefined for a tuple that was given up. */
  #pendingTuple(id: string, what: string): InputTuple | undefined {
    this.#window.reached(Number(id));
    const tuple = this.#pending.get(id);
    if (tuple !== undefined || Number(id) <= this.#givenUpTo) return tuple;
    throw new GatewayError(
      'CHILD_SPOKE_NONSENSE',
      `${what} the tuple ${JSON.stringify(id)}, which it does not have: it was acked or failed before, or never sent`,
      { facts: { tupleId: id } },
    );
  }
}
