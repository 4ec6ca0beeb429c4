import { describeError } from '../../../base/index.ts';
import { OutgoingStreams, systemStreamIds, type TaskId } from '../../../topology/index.ts';
import { DataFrameCursor, longGroupingIndex, ValueReader } from '../../../tuple/index.ts';
import type { LossReport, QueueFill, StreamManagerToHost, TaskHost } from '../../links/index.ts';
import type { TaskMetrics } from '../../metrics-manager/index.ts';
import {
  Downstream,
  type ErrorReports,
  HostControl,
  OutputThrottle,
  readOutputLimits,
  TargetFrames,
} from '../emitting/index.ts';
import type { LogHostDeps } from './deps.ts';
import { describeLogFault } from './log-faults.ts';
import { errorReports, type LogTask, logTaskOf } from './log-task.ts';
import { ReplayWindow } from './replay-window.ts';
import { readSourceSettings, type SourceSettings } from './settings.ts';
import { SourceEmitter } from './source-emitter.ts';
import { SourceReader } from './source-reader.ts';

const saltMask = 0xfff;
const everySecondMs = 1000;
const laterLookMs = 20;
/** Tuples emitted in one turn of the loop. */
const turnTuples = 4096;

/**
 * A task that reads a partition of a durable stream: a spout whose source is the log. It emits while its plan
 * is complete, nothing downstream is under pressure, and the topology is active or being killed (tuples in
 * the log count as in flight, so a kill does not stop them).
 */
export class LogSourceHost implements TaskHost {
  readonly name: string;
  readonly tasks: readonly TaskId[];
  readonly #deps: LogHostDeps;
  readonly #log: LogTask;
  readonly #settings: SourceSettings;
  readonly #window: ReplayWindow;
  readonly #emitter: SourceEmitter;
  readonly #reader: SourceReader;
  readonly #metrics: TaskMetrics;
  readonly #errors: ErrorReports;
  readonly #control: HostControl;
  readonly #throttle: OutputThrottle;
  readonly #cursor = new DataFrameCursor();
  readonly #values = new ValueReader();
  readonly #stopping = new AbortController();
  #timers: Disposable[] = [];
  #running: Promise<void> | undefined;
  #mayRun = false;
  #isHeld = false;
  #isTurnDue = false;
  #later: Disposable | undefined;
  #doubts: Disposable | undefined;

  constructor(deps: LogHostDeps) {
    const { topology, outlet, clock, random, spec, conf } = deps;
    this.#deps = deps;
    this.#log = logTaskOf(deps);
    const { task, implementation } = this.#log;
    const { taskId, componentId } = task;
    this.tasks = [taskId];
    this.name = `log-source-${taskId}`;
    this.#settings = readSourceSettings(conf);
    const { tuplesMax, bytesMax } = this.#settings;
    this.#window = new ReplayWindow({ tuplesMax, bytesMax, drawSalt: () => random.nextInt32() & saltMask });
    this.#metrics = sourceMetrics(deps, this.#log);
    this.#errors = errorReports(deps, this, this.#log);
    const outgoing = new OutgoingStreams({ index: topology, plan: spec.plan, taskId, conf, random });
    this.#emitter = new SourceEmitter({
      ...{ topology, taskId, componentId, implementation, random },
      ...{ outgoing, window: this.#window, metrics: this.#metrics },
      framesOf: (source) => new TargetFrames(source, outlet, clock),
    });
    this.#control = new HostControl({
      outgoing,
      downstream: new Downstream(topology, componentId),
      task: {
        takePlan: ({ isComplete, status }) => {
          this.#mayRun = isComplete && (status === 'ACTIVE' || status === 'KILLED');
        },
        takePressure: (isPressured) => this.#throttle.setPressured(isPressured),
        takeLoad: (load) => this.#throttle.setLoad(load),
        takeLosses: (report) => this.#lost(report),
      },
    });
    this.#throttle = new OutputThrottle({
      ...{ counters: this.#emitter, isSpout: true, clock, wake: () => this.#pump() },
      limits: readOutputLimits(conf, topology.tasksOf(componentId).length),
    });
    this.#reader = this.#makeReader();
  }

  /** What was read and is not complete. */
  get queue(): QueueFill {
    return { bytes: this.#window.bytes, tuples: this.#window.tuples, droppedTuples: 0 };
  }

  start(): Promise<void> {
    const { clock } = this.#deps;
    const { messageTimeoutMs } = this.#settings;
    this.#timers.push(clock.every(everySecondMs, () => this.#everySecond()));
    if (messageTimeoutMs !== undefined)
      this.#timers.push(
        clock.every(messageTimeoutMs, () => this.#failed(this.#window.rotate(clock.monotonicMs()))),
      );
    this.#running = this.#reader.run(this.#stopping.signal);
    return Promise.resolve();
  }

  #everySecond(): void {
    this.#control.everySecond();
    this.#throttle.everySecond();
  }

  /** Takes the outcomes of trees that ackers send. */
  deliver(buffer: Buffer, start: number, end: number): void {
    const { topology } = this.#deps;
    const cursor = this.#cursor;
    try {
      cursor.open(buffer, start, end);
      const stream = topology.streamId(topology.componentOf(cursor.source) ?? '', cursor.stream);
      while (cursor.next()) this.#takeOutcome(stream);
    } catch (error) {
      this.#errors.report(describeError(error));
    }
  }

  flush(): void {
    this.#reader.roomMade();
    this.#pump();
  }

  control(message: StreamManagerToHost): void {
    this.#control.take(message);
    this.#pump();
  }

  pause(): void {
    this.#isHeld = true;
  }

  resume(): void {
    this.#isHeld = false;
    this.#pump();
  }

  /**
   * Stops emitting. Its position is committed, so the task reads the in-flight tuples again in its new
   * container.
   */
  drain(): Promise<void> {
    this.#mayRun = false;
    return Promise.resolve();
  }

  async stop(graceMs: number): Promise<void> {
    this.#mayRun = false;
    for (const timer of this.#timers.splice(0)) timer[Symbol.dispose]();
    this.#later?.[Symbol.dispose]();
    this.#doubts?.[Symbol.dispose]();
    this.#throttle.close();
    this.#stopping.abort();
    const over = new AbortController();
    const late = this.#deps.clock.sleep(Math.max(graceMs, 100), over.signal).catch(() => undefined);
    await Promise.race([this.#running, late]);
    over.abort();
  }

  #makeReader(): SourceReader {
    const { clock, random, log, spec, openLog } = this.#deps;
    const { stream, settings, task } = this.#log;
    return new SourceReader({
      ...{ stream, settings, openLog, clock, random, log },
      ...{ window: this.#window, retention: this.#settings.retention },
      member: `${spec.topologyId}/${task.taskId}/${random.uuid()}`,
      filled: () => this.#pump(),
      begun: () => this.#doubts?.[Symbol.dispose](),
      fault: (error) => {
        const text = `${stream}: ${describeLogFault(error)}`;
        log.warn({ event: 'log-source.fault', stream, reason: text });
        this.#errors.report(text);
      },
    });
  }

  #takeOutcome(stream: string): void {
    const values = this.#values;
    values.open(this.#cursor.buffer, this.#cursor.valuesStart, this.#cursor.valuesEnd);
    values.begin();
    values.readLong();
    const slot = this.#window.find(values.longHi, values.longLo);
    if (slot < 0) return;
    if (stream === systemStreamIds.ackAck) {
      values.readLong();
      this.#metrics.completed(this.#emitter.stream, 1, values.longLo);
      this.#window.complete(slot);
    } else if (stream === systemStreamIds.ackFail) {
      this.#window.fail(slot, this.#deps.clock.monotonicMs());
      this.#failed(1);
    } else this.#window.touch(slot);
  }

  /** Emits what may be emitted now; after a turn's worth the rest follows when others have had theirs. */
  #pump(): void {
    if (!this.#mayRun || this.#isHeld || this.#stopping.signal.aborted) return;
    let left = turnTuples;
    while (left > 0 && this.#throttle.mayGo() && this.#window.next()) {
      this.#emit();
      left--;
    }
    if (left === turnTuples) return;
    this.#emitter.flush();
    this.#reader.roomMade();
    if (left === 0) this.#turnSoon();
  }

  #emit(): void {
    try {
      this.#emitter.emit();
    } catch (error) {
      // Its values cannot be grouped now or later. If the window kept it, the position could never pass it.
      this.#errors.report(describeError(error));
      this.#metrics.failed(this.#emitter.stream, 1);
      this.#window.complete(this.#window.slot);
    }
  }

  #turnSoon(): void {
    if (this.#isTurnDue) return;
    this.#isTurnDue = true;
    setImmediate(() => {
      this.#isTurnDue = false;
      this.#pump();
    });
  }

  /** Trees have failed: they are emitted again, at once or after their pause. */
  #failed(trees: number): void {
    if (trees === 0) return;
    this.#metrics.failed(this.#emitter.stream, trees);
    if (this.#window.hasLater) this.#lookLater();
    this.#pump();
  }

  #lookLater(): void {
    const { clock } = this.#deps;
    this.#later ??= clock.after(laterLookMs, () => {
      this.#later = undefined;
      this.#window.wakeLater(clock.monotonicMs());
      if (this.#window.hasLater) this.#lookLater();
      this.#pump();
    });
  }

  /**
   * As of SpoutLosses: trees of a lost acker fail at once, doubtful ones when none of them completes during a
   * grace.
   */
  #lost(report: LossReport): void {
    const { clock } = this.#deps;
    const ackers = this.#emitter.ackerTasks;
    const lost = new Set(report.tasks);
    if (ackers.some((acker) => lost.has(acker))) {
      const isLost = (hi: number, lo: number): boolean =>
        lost.has(ackers[longGroupingIndex(hi, lo, ackers.length)]!);
      this.#failed(this.#window.failWhere(clock.monotonicMs(), isLost));
    }
    if (this.#settings.lostTreesGraceMs === 0 || !report.spouts.includes(this.tasks[0]!)) return;
    this.#window.doubt();
    this.#watchDoubtful();
  }

  #watchDoubtful(): void {
    const { clock } = this.#deps;
    this.#doubts?.[Symbol.dispose]();
    const before = this.#window.doubtful;
    if (before === 0) return;
    this.#doubts = clock.after(this.#settings.lostTreesGraceMs, () => {
      if (this.#window.doubtful < before) this.#watchDoubtful();
      else this.#failed(this.#window.failDoubtful(clock.monotonicMs()));
    });
  }
}

function sourceMetrics({ metrics, topology }: LogHostDeps, { task }: LogTask): TaskMetrics {
  return metrics.task({
    taskId: task.taskId,
    executor: task.executor,
    componentId: task.componentId,
    kind: 'spout',
    streams: topology.streamIdsOf(task.componentId),
    inputs: [],
  });
}
