import { describeError } from '../../../base/index.ts';
import { systemTaskId } from '../../../topology/index.ts';
import { type JavaValue, java } from '../../../tuple/index.ts';
import { type Anchors, failTrees, noAnchors, readAnchors } from './anchors.ts';
import { BoltCollector } from './bolt-collector.ts';
import { FlowWindow } from './flow-window.ts';
import { type BoltInput, InputPlaces } from './input-places.ts';
import { OpaqueObjectFault, opaqueObjectRemedy, valuesToJson } from './json-writing.ts';
import { type ChildMessage, heartbeatText } from './messages.ts';
import type { Protocol, ProtocolParts, Surroundings } from './protocol-parts.ts';
import { WaitingTuples } from './waiting-tuples.ts';
import { WorkClock } from './work-clock.ts';

/** Characters gathered before one write. */
const writeCharsTarget = 32 << 10;

/**
 * A shell bolt (storm-client 2.8: ShellBolt): writes the tuples that wait for the child, as many as the
 * child keeps up with, and hands the child's emits, acks and fails to the collector. Tuples are numbered from
 * 1 on within the life of a child; the number is the id that the child sees.
 */
export class BoltProtocol implements Protocol {
  readonly input: WaitingTuples;
  readonly #parts: ProtocolParts;
  readonly #inputs: InputPlaces;
  readonly #window: FlowWindow;
  readonly #collector: BoltCollector;
  readonly #work = new WorkClock();
  /** The input of the tuple written last, as a place in #inputs. */
  #lastInput = 0;
  #begun = false;
  #replies = '';
  #ticksDue = 0;
  #heartbeats = 0;
  #nowMs: number;
  #ticks: Disposable | undefined;

  constructor(parts: ProtocolParts, inputs: readonly BoltInput[]) {
    this.#parts = parts;
    this.#inputs = new InputPlaces(parts, inputs);
    this.input = new WaitingTuples(parts);
    this.#window = new FlowWindow(parts.settings.writtenTuplesMax);
    this.#collector = new BoltCollector({
      ...{ parts, window: this.#window },
      worked: (input) => this.#worked(input),
    });
    this.#nowMs = parts.clock.monotonicMs();
  }

  get owesAnswerSinceMs(): number | undefined {
    return this.#window.waitingSinceMs;
  }

  get isIdle(): boolean {
    return this.input.isEmpty && this.#collector.holdsNone;
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
    this.input.add(buffer, start, end);
  }

  handle(message: ChildMessage): void {
    switch (message.kind) {
      case 'emit':
        this.#replies += this.#collector.emit(message);
        break;
      case 'ack':
        this.#collector.ack(message.id);
        break;
      case 'fail':
        this.#collector.fail(message.id);
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
    if (this.#collector.holdsNone) this.#parts.frames.flush();
    else this.#parts.frames.flushSoon();
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
    this.#collector.failAll();
    this.input.failAll();
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
    while (this.input.next()) {
      const text = this.#tupleText();
      if (text !== undefined) return text;
    }
    return undefined;
  }

  /**
   * The message of the tuple under the cursor; undefined when it cannot be said, and then it has been failed.
   */
  #tupleText(): string | undefined {
    const { cursor } = this.input;
    const anchors = readAnchors(cursor);
    try {
      const input = this.#inputs.placeOf(cursor.source, cursor.stream);
      return this.#inputText(input, anchors, cursor.source, this.input.valuesText());
    } catch (error) {
      failTrees(this.#parts.ackers, anchors);
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
    return this.#inputText(
      this.#inputs.placeOf(systemTaskId, 0),
      noAnchors,
      systemTaskId,
      valuesToJson([seconds]),
    );
  }

  #inputText(input: number, anchors: Anchors, task: number, values: string): string {
    const { componentId, streamId } = this.#inputs.at(input);
    const id = String(this.#window.nextNumber);
    this.#collector.hold(id, anchors, input, this.#nowMs);
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

  /** The child has shown that it is past something; returns the time. */
  #worked(input: number): number {
    const nowMs = this.#parts.clock.monotonicMs();
    const workedMs = this.#work.sign(nowMs, this.#window.isThrough);
    if (workedMs > 0) this.#parts.metrics.executed(input, 0, workedMs);
    return nowMs;
  }
}
