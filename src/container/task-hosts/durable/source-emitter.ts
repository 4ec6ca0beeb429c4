import type { RandomSource } from '../../../base/index.ts';
import {
  type Grouping,
  type LogImplementation,
  type OutgoingStreams,
  systemComponentIds,
  type TaskId,
  type TopologyIndex,
} from '../../../topology/index.ts';
import { type DataFrameWriter, type JavaValue, ValueReader } from '../../../tuple/index.ts';
import type { TaskMetrics } from '../../metrics-manager/index.ts';
import { AckerLink, type TargetFrames } from '../emitting/index.ts';
import type { ReplayWindow } from './replay-window.ts';

export interface SourceEmitterOptions {
  readonly topology: TopologyIndex;
  readonly taskId: TaskId;
  readonly componentId: string;
  readonly implementation: LogImplementation;
  readonly outgoing: OutgoingStreams;
  readonly window: ReplayWindow;
  readonly metrics: TaskMetrics;
  readonly random: RandomSource;
  /** Frames whose source is that task. */
  readonly framesOf: (source: TaskId) => TargetFrames;
}

/** Groupings that choose without looking at the values. */
const blindGroupings: readonly Grouping['kind'][] = ['shuffle', 'local_or_shuffle', 'all', 'none', 'direct'];
const noValues: readonly JavaValue[] = [];

/**
 * Emits the tuples of a window: to the tasks that the consumers' groupings choose, in frames that name the
 * producer's task and stream, each the root of a tree whose spout is the source.
 */
export class SourceEmitter {
  readonly #options: SourceEmitterOptions;
  readonly #ackers: AckerLink;
  readonly #own: TargetFrames;
  /** One for each task of the producer, in their order. */
  readonly #frames: readonly TargetFrames[];
  readonly #producerStream: number;
  readonly #ownStream: number;
  readonly #needsValues: boolean;
  readonly #reader = new ValueReader();
  readonly #chosen: TaskId[] = [];
  /** As an output's limits count: tuples emitted, and bytes of the values sent, once for each target. */
  emits = 0;
  sentBytes = 0;

  constructor(options: SourceEmitterOptions) {
    const { topology, taskId, componentId, implementation, framesOf } = options;
    const { streamId } = implementation;
    this.#options = options;
    this.#own = framesOf(taskId);
    this.#ackers = new AckerLink({ topology, taskId, componentId, frames: this.#own });
    this.#frames = topology.tasksOf(implementation.componentId).map(framesOf);
    this.#producerStream = topology.streamNumber(implementation.componentId, streamId);
    this.#ownStream = topology.streamNumber(componentId, streamId);
    this.#needsValues = topology
      .subscribersOf(componentId, streamId)
      .some(({ grouping }) => !isBlind(grouping));
  }

  get ackerTasks(): readonly TaskId[] {
    return this.#options.topology.tasksOf(systemComponentIds.acker);
  }

  /** The number of the source's own stream, for its counts. */
  get stream(): number {
    return this.#ownStream;
  }

  /**
   * Emits the tuple that the window points at. A tuple without a target, or that no acker tracks, is complete
   * at once. Throws `EMIT_REFUSED` and `WIRE_CORRUPT` for values that cannot be grouped.
   */
  emit(): void {
    const { outgoing, window, metrics, implementation } = this.#options;
    const chosen = this.#chosen;
    chosen.length = 0;
    outgoing.chooseTasks(implementation.streamId, this.#needsValues ? this.#values() : noValues, chosen);
    this.emits++;
    metrics.emitted(this.#ownStream, 1);
    metrics.transferred(this.#ownStream, chosen.length);
    if (chosen.length > 0 && this.#ackers.hasAckers) this.#emitTracked(chosen);
    else {
      for (const target of chosen) this.#end(this.#begin(target, 0));
      window.complete(window.slot);
    }
  }

  flush(): void {
    for (const frames of this.#frames) frames.flush();
    this.#own.flush();
  }

  #emitTracked(chosen: readonly TaskId[]): void {
    const { window, random } = this.#options;
    const { slot } = window;
    const rootHi = random.nextInt32();
    const rootLo = window.rootLo(slot);
    let edgesHi = 0;
    let edgesLo = 0;
    for (const target of chosen) {
      const edgeHi = random.nextInt32();
      const edgeLo = random.nextInt32();
      edgesHi ^= edgeHi;
      edgesLo ^= edgeLo;
      const writer = this.#begin(target, 1);
      writer.addAnchor(rootHi, rootLo, edgeHi, edgeLo);
      this.#end(writer);
    }
    window.emitted(slot, rootHi);
    this.#ackers.init(rootHi, rootLo, edgesHi, edgesLo);
  }

  /**
   * A tuple of an older submission names a place that may be gone: it is of one of the tasks there are now.
   */
  #begin(target: TaskId, anchorCount: number): DataFrameWriter {
    const frames = this.#frames[this.#options.window.place % this.#frames.length]!;
    const writer = frames.writer(target, this.#producerStream);
    writer.beginTuple(anchorCount);
    return writer;
  }

  #end(writer: DataFrameWriter): void {
    const { payload, valuesStart, valuesEnd } = this.#options.window;
    writer.addValues(payload, valuesStart, valuesEnd);
    writer.endTuple();
    this.sentBytes += valuesEnd - valuesStart;
  }

  #values(): readonly JavaValue[] {
    const { payload, valuesStart, valuesEnd } = this.#options.window;
    this.#reader.open(payload, valuesStart, valuesEnd);
    return this.#reader.readAll();
  }
}

function isBlind(grouping: Grouping): boolean {
  return (
    blindGroupings.includes(grouping.kind) || (grouping.kind === 'fields' && grouping.fields.length === 0)
  );
}
