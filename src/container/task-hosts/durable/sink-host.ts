import { describeError, recordBytesMax } from '../../../base/index.ts';
import { logSubscriber, type TaskId } from '../../../topology/index.ts';
import { DataFrameCursor, frameBodyBytesMax, type RecordBatch, readBatch } from '../../../tuple/index.ts';
import type { QueueFill, TaskHost } from '../../links/index.ts';
import type { TaskMetrics } from '../../metrics-manager/index.ts';
import { AckerLink, type ErrorReports, TargetFrames } from '../emitting/index.ts';
import type { LogHostDeps } from './deps.ts';
import { describeLogFault } from './log-faults.ts';
import { errorReports, type LogTask, logTaskOf } from './log-task.ts';
import { readSinkSettings } from './settings.ts';
import { SinkLoad } from './sink-load.ts';
import { SinkWriter } from './sink-writer.ts';

const partsMax = Math.ceil((2 * frameBodyBytesMax) / recordBytesMax);
const backlogLookMs = 1000;
const drainLookMs = 20;
/** The only input of a sink. */
const input = 0;

/**
 * A task that writes a partition of a durable stream. A frame becomes a record, a long one a run of parts;
 * its tuples are acked when all of it is committed, and failed when it is not known to be. Under pressure
 * while more waits than its high marks, or the source is too far behind.
 */
export class LogSinkHost implements TaskHost {
  readonly name: string;
  readonly tasks: readonly TaskId[];
  readonly #deps: LogHostDeps;
  readonly #log: LogTask;
  readonly #load: SinkLoad;
  readonly #writer: SinkWriter;
  readonly #frames: TargetFrames;
  readonly #ackers: AckerLink;
  readonly #metrics: TaskMetrics;
  readonly #errors: ErrorReports;
  readonly #cursor = new DataFrameCursor();
  /** Place of each task of the producer among its tasks. */
  readonly #places: ReadonlyMap<TaskId, number>;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #backlogLooks: Disposable | undefined;
  #isLooking = false;
  #hasNews = false;
  #saidPressure = false;
  #droppedTuples = 0;

  constructor(deps: LogHostDeps) {
    const { topology, outlet, clock, random, log } = deps;
    this.#deps = deps;
    this.#log = logTaskOf(deps);
    const { task, implementation, stream, settings } = this.#log;
    this.tasks = [task.taskId];
    this.name = `log-sink-${task.taskId}`;
    const sink = readSinkSettings(deps.conf);
    this.#load = new SinkLoad(sink);
    this.#frames = new TargetFrames(task.taskId, outlet, clock);
    const acking = { topology, taskId: task.taskId, componentId: task.componentId, frames: this.#frames };
    this.#ackers = new AckerLink(acking);
    this.#errors = errorReports(deps, this, this.#log);
    this.#places = new Map(topology.tasksOf(implementation.componentId).map((id, place) => [id, place]));
    this.#metrics = sinkMetrics(deps, this.#log);
    const { rollBytes, rollAfterMs, bytesMax, tuplesMax } = sink;
    this.#writer = new SinkWriter({
      ...{ stream, settings, clock, random, log, openLog: deps.openLog, recordBytesMax },
      writer: {
        ...{ recordBytesMax, rollBytes, rollAfterMs },
        // Without one it is the strongest that the storage has.
        ...(implementation.durability === 'os' ? { durability: 'os' } : {}),
        // The sink's own bounds come first, and it takes a tuple above them when nothing waits.
        ...{ queueBytesMax: 2 * (bytesMax + frameBodyBytesMax), queueRecordsMax: 2 * tuplesMax + partsMax },
        address: `topology ${deps.spec.topologyName}`,
      },
      committed: (batch, lssn) => this.#committed(batch, lssn),
      failed: (batch) => this.#failed(batch),
      fault: (error) => this.#reportFault(error),
    });
  }

  get queue(): QueueFill {
    const { bytes, tuples } = this.#load;
    return { bytes, tuples, droppedTuples: this.#droppedTuples };
  }

  deliver(buffer: Buffer, start: number, end: number): void {
    const cursor = this.#cursor;
    try {
      cursor.open(buffer, start, end);
      if (!this.#load.hasRoom(end - start, cursor.count)) {
        this.#droppedTuples += cursor.count;
        this.#deps.outlet.refused(buffer, start, end);
        return;
      }
      this.#take(readBatch(cursor, end - start, this.#places.get(cursor.source) ?? 0));
    } catch (error) {
      this.#errors.report(describeError(error));
    }
  }

  flush(): void {
    this.#sayPressure();
    this.#frames.flush();
  }

  control(): void {
    // It writes what comes, whatever the topology's status; its emits are acks, which no pressure concerns.
  }

  pause(): void {
    // It emits only in answer to what is delivered.
  }

  resume(): void {
    // See pause.
  }

  /** Resolves at once: what comes before the stream is its own waits, within the bounds. */
  start(): Promise<void> {
    this.#running = this.#writer.run(this.#stopping.signal);
    this.#backlogLooks = this.#deps.clock.every(backlogLookMs, () => void this.#lookAtBacklog());
    return Promise.resolve();
  }

  async drain(limitMs: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    const endMs = clock.monotonicMs() + limitMs;
    while (this.#load.tuples > 0 && !signal.aborted && clock.monotonicMs() < endMs)
      await clock.sleep(drainLookMs, signal).catch(() => undefined);
  }

  /** What was appended is settled, unless the disk takes longer than the grace. */
  async stop(graceMs: number): Promise<void> {
    this.#backlogLooks?.[Symbol.dispose]();
    this.#stopping.abort();
    const over = new AbortController();
    const late = this.#deps.clock.sleep(Math.max(graceMs, 100), over.signal).catch(() => undefined);
    await Promise.race([this.#running, late]);
    over.abort();
    this.#frames.flush();
  }

  #take(batch: RecordBatch): void {
    this.#load.took(batch.record.length, batch.tuples);
    this.#metrics.executed(input, batch.tuples, 0);
    this.#writer.append(batch);
  }

  #committed(batch: RecordBatch, lssn: number): void {
    const { anchors, anchorCount, tuples, record } = batch;
    if (this.#ackers.hasAckers) {
      for (let at = 0; at < 4 * anchorCount; at += 4)
        this.#ackers.ack(anchors[at]!, anchors[at + 1]!, anchors[at + 2]!, anchors[at + 3]!);
    }
    this.#metrics.acked(input, tuples, 0);
    this.#load.committed(lssn, record.length);
    this.#settled(batch);
  }

  #failed(batch: RecordBatch): void {
    this.#failAnchors(batch);
    this.#metrics.failed(input, batch.tuples);
    this.#settled(batch);
  }

  #failAnchors({ anchors, anchorCount }: RecordBatch): void {
    if (!this.#ackers.hasAckers) return;
    for (let at = 0; at < 4 * anchorCount; at += 4) this.#ackers.fail(anchors[at]!, anchors[at + 1]!);
  }

  #settled({ record, tuples }: RecordBatch): void {
    this.#load.settled(record.length, tuples);
    this.#newsSoon();
  }

  /** Flushes in a microtask, so that all records of one commit are settled first. */
  #newsSoon(): void {
    if (this.#hasNews) return;
    this.#hasNews = true;
    queueMicrotask(() => {
      this.#hasNews = false;
      this.flush();
    });
  }

  #sayPressure(): void {
    if (this.#load.isUnderPressure === this.#saidPressure) return;
    this.#saidPressure = this.#load.isUnderPressure;
    const tasks = this.#saidPressure ? this.tasks : [];
    this.#deps.outlet.report(this, { type: 'pressure', reporter: this.name, tasks });
  }

  async #lookAtBacklog(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      const log = await this.#deps.openLog();
      this.#load.found(await log.segments(this.#log.stream));
      const position = await log.subscribers.position(this.#log.stream, logSubscriber);
      this.#load.sourceAt(position?.next?.lssn ?? 0);
      this.#sayPressure();
    } catch (error) {
      // The stream may not exist yet, or the state store may be away. What is known stays in use until the
      // next check.
      this.#deps.log.debug({ event: 'log-sink.backlog-unknown', reason: describeError(error) });
    } finally {
      this.#isLooking = false;
    }
  }

  #reportFault(error: unknown): void {
    const text = `${this.#log.stream}: ${describeLogFault(error)}`;
    this.#deps.log.warn({ event: 'log-sink.fault', stream: this.#log.stream, reason: text });
    this.#errors.report(text);
  }
}

function sinkMetrics({ metrics, topology }: LogHostDeps, { task, implementation }: LogTask): TaskMetrics {
  return metrics.task({
    taskId: task.taskId,
    executor: task.executor,
    componentId: task.componentId,
    kind: 'bolt',
    streams: topology.streamIdsOf(task.componentId),
    inputs: [{ componentId: implementation.componentId, streamId: implementation.streamId }],
  });
}
