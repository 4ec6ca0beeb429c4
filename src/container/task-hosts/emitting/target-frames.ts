import type { Clock } from '../../../base/index.ts';
import type { TaskId } from '../../../topology/index.ts';
import { DataFrameWriter } from '../../../tuple/index.ts';
import type { Outlet } from '../../links/index.ts';

const gatherMs = 1;

/** The frames being gathered for one target task. */
interface Target {
  readonly writers: Map<number, DataFrameWriter>;
  /** The writer of the stream used last. */
  current: DataFrameWriter;
}

/**
 * The tuples that one task emits between two flushes, gathered into frames by target and stream. Two tuples
 * for the same target leave in the order in which they were written, whatever their streams: a stream that
 * follows another sends that one's frame first.
 *
 * A stock adapter waits for the answer to each emit, so each read of it holds one tuple. Sent on by itself
 * every such tuple would wake the process that gets it: while more are to be expected, they are gathered for
 * a millisecond.
 */
export class TargetFrames {
  readonly #source: TaskId;
  readonly #outlet: Outlet;
  readonly #targets = new Map<TaskId, Target>();
  /** Writers that may hold tuples, so that a flush looks at no others. */
  #open: DataFrameWriter[] = [];
  readonly #clock: Clock;
  /** Runs while a flush is due. */
  #timer: Disposable | undefined;

  constructor(source: TaskId, outlet: Outlet, clock: Clock) {
    this.#source = source;
    this.#outlet = outlet;
    this.#clock = clock;
  }

  /**
   * The writer for the next tuple on `stream` to `target`. To be used at once: the next call may flush it.
   */
  writer(target: TaskId, stream: number): DataFrameWriter {
    const known = this.#targets.get(target);
    if (known === undefined) {
      const current = this.#makeWriter(target, stream);
      this.#targets.set(target, { writers: new Map([[stream, current]]), current });
      this.#open.push(current);
      return current;
    }
    if (known.current.route.stream !== stream) {
      known.current.flush();
      known.current = known.writers.get(stream) ?? this.#makeWriter(target, stream);
      known.writers.set(stream, known.current);
    }
    if (known.current.count === 0) this.#open.push(known.current);
    return known.current;
  }

  /** As `flush`, within a millisecond: for one who will have more by then. */
  flushSoon(): void {
    if (this.#open.length > 0) this.#timer ??= this.#clock.after(gatherMs, () => this.flush());
  }

  /** Hands everything to the stream manager, and has it write. */
  flush(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    if (this.#open.length === 0) return;
    const open = this.#open;
    this.#open = [];
    for (const writer of open) writer.flush();
    this.#outlet.flush();
  }

  #makeWriter(target: TaskId, stream: number): DataFrameWriter {
    return new DataFrameWriter({ target, stream, source: this.#source }, (buffer, start, end) =>
      this.#outlet.route(buffer, start, end),
    );
  }
}
