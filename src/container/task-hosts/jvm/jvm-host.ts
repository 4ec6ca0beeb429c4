import { closeSync, openSync } from 'node:fs';
import { basename, join } from 'node:path';
import { deferred, describeError, GatewayError, untilAborted } from '../../../base/index.ts';
import { type Child, type ChildExit, describeExit, spawnChild } from '../../../child/index.ts';
import type { PlannedContainer, TaskId } from '../../../topology/index.ts';
import { frameCount } from '../../../tuple/index.ts';
import type { QueueFill, TaskHost } from '../../links/index.ts';
import { protocolVersion, type StreamManagerToHost } from '../../links/index.ts';
import type { TaskHostDeps } from '../deps.ts';
import { javaArguments, workerEnvironment, workerIdOf } from './command-line.ts';
import { CycleOrder } from './cycle-order.ts';
import { withJavaRemedy } from './java-missing.ts';
import { Link } from './link.ts';
import { workerMemory } from './memory.ts';
import { type HostMessage, readHostMessage } from './messages.ts';
import { OutputFile } from './output-file.ts';
import { outputRateHook } from './output-rate.ts';
import { type JvmSettings, jvmSettings } from './settings.ts';
import { WorkerDirectory } from './worker-directory.ts';

const socketName = 'jvm.sock';
/** A longer path does not fit into the address of a unix socket (Linux). */
const socketPathBytesMax = 107;
/** What an orderly end may take beyond its grace before the JVM is killed. */
const stopSlackMs = 500;
const stderrTailLinesMax = 20;
const pausedHeartbeatMs = 1000;

/**
 * The JVM of a container: Storm's own worker, with all of the container's Java tasks, behind a unix socket.
 *
 *   start: spawn, connect, hello, start message -> frames may come (they wait here)
 *   first complete plan -> the worker starts -> `started` -> frames are written
 *
 * It reports pressure for all its tasks while its queue is above the high watermark, and passes on the
 * pressure that the worker reports for its own queues. See multilang/java/host for the other end.
 */
export class JvmHost implements TaskHost {
  readonly name = 'jvm';
  readonly isOpaque = true;
  readonly tasks: readonly TaskId[];
  readonly #deps: TaskHostDeps;
  readonly #settings: JvmSettings;
  readonly #directory: WorkerDirectory;
  readonly #hello = deferred<undefined>();
  #child: Child | undefined;
  #link: Link | undefined;
  /** What the link or the worker itself said before the JVM ended. */
  #lastWords: string | undefined;
  #isStopping = false;
  #hasStarted = false;
  #isQueueHigh = false;
  #workerPressure: readonly TaskId[] = [];
  #droppedTuples = 0;
  #pausedHeartbeats: Disposable | undefined;
  readonly #order: CycleOrder;

  constructor(deps: TaskHostDeps) {
    this.#deps = deps;
    this.#settings = jvmSettings(deps.conf);
    this.tasks = deps.tasks.map((task) => task.taskId);
    this.#order = new CycleOrder(deps.topology, this.tasks);
    this.#directory = new WorkerDirectory(deps.spec.stormLocalDir, workerIdOf(deps.spec));
  }

  /** Tuples that came while the queue was full. */
  get droppedTuples(): number {
    return this.#droppedTuples;
  }

  /** What has not been taken by the JVM. */
  get queue(): QueueFill {
    const { queuedBytes: bytes = 0, queuedTuples: tuples = 0 } = this.#link ?? {};
    return { bytes, tuples, droppedTuples: this.#droppedTuples };
  }

  /** The JVM's process id while it runs. */
  get pid(): number | undefined {
    return this.#child?.exit === undefined ? this.#child?.pid : undefined;
  }

  /**
   * Resolves when the JVM takes messages; its worker starts with the first complete plan. Rejects with
   * `SPAWN_FAILED`, `HANDSHAKE_FAILED` (with the JVM's last words), or the signal's reason.
   */
  async start(signal: AbortSignal): Promise<void> {
    const { spec, clock } = this.#deps;
    const attempt = new AbortController();
    const abort = (): void => attempt.abort(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    const limitMs = this.#settings.helloMs;
    const limit = clock.after(limitMs, () => {
      const message = `the JVM of container ${spec.containerId} did not answer within ${limitMs} ms`;
      attempt.abort(new GatewayError('HANDSHAKE_FAILED', message, { retryable: true }));
    });
    try {
      await this.#launch(attempt);
      this.#hasStarted = true;
    } catch (error) {
      await this.#abandon();
      throw error;
    } finally {
      limit[Symbol.dispose]();
      signal.removeEventListener('abort', abort);
    }
  }

  deliver(buffer: Buffer, start: number, end: number): void {
    if (this.#link?.put(buffer, start, end) === 'accepted') return;
    if (this.#droppedTuples === 0) {
      const { queueBytesMax } = this.#settings;
      this.#deps.log.warn({ event: 'host.frames-dropped', host: this.name, queueBytesMax });
    }
    this.#droppedTuples += frameCount(buffer, start);
    this.#deps.outlet.refused(buffer, start, end);
  }

  flush(): void {
    this.#link?.flush();
  }

  control(message: StreamManagerToHost): void {
    const isPressure = message.type === 'pressure';
    this.#link?.sendControl(isPressure ? { ...message, tasks: this.#order.heeded(message.tasks) } : message);
  }

  /**
   * A worker that is not read cannot be heard either: its heartbeats are given on its behalf, so that it is
   * not taken for stuck.
   */
  pause(): void {
    const { clock, outlet } = this.#deps;
    this.#link?.pause();
    this.#pausedHeartbeats ??= clock.every(pausedHeartbeatMs, () =>
      outlet.report(this, { type: 'heartbeat', timeMs: clock.nowMs() }),
    );
  }

  resume(): void {
    this.#link?.resume();
    this.#pausedHeartbeats?.[Symbol.dispose]();
    this.#pausedHeartbeats = undefined;
  }

  /**
   * Asks the worker to close its components; kills it when that takes longer than `graceMs`, with 0 at once.
   * Idempotent.
   */
  async stop(graceMs: number): Promise<void> {
    this.#isStopping = true;
    const child = this.#child;
    if (child === undefined) return;
    this.resume(); // a paused link would not see it end
    this.#link?.sendControl({ type: 'stop', graceMs });
    const limitMs = graceMs > 0 ? graceMs + stopSlackMs : 0;
    const limit = this.#deps.clock.after(limitMs, () => void child.end(0));
    await child.exited;
    limit[Symbol.dispose]();
    this.#clean();
  }

  async #launch(attempt: AbortController): Promise<void> {
    const { spec, clock, log, pidDir } = this.#deps;
    this.#directory.make({ resources: join(spec.codeDir, 'resources'), artifacts: spec.logDir });
    const out = new OutputFile(join(spec.logDir, 'worker.log.out'), log);
    const errors = new OutputFile(join(spec.logDir, 'worker.log.err'), log);
    const child = await spawnChild({
      name: this.name,
      command: spec.jvm.java,
      args: this.#javaArguments(),
      cwd: this.#directory.path,
      env: workerEnvironment(spec, this.#deps.conf),
      clock,
      log,
      pidDir,
      containment: spec.containment,
      signal: attempt.signal,
      onStdoutLine: (line) => out.add(line),
      onStderrLine: (line) => errors.add(line),
    }).catch((error: unknown) => {
      throw withJavaRemedy(error, spec.jvm.java);
    });
    this.#child = child;
    child.stdin.end();
    void child.exited.then((exit) => {
      const reason = `the JVM of container ${spec.containerId} ended before it was ready: ${this.#describe(exit)}`;
      attempt.abort(
        new GatewayError('HANDSHAKE_FAILED', reason, { facts: { stderr: exit.lastStderrLines } }),
      );
      this.#ended(exit);
    });
    await this.#connect(attempt.signal);
    this.#link!.sendControl(this.#startMessage());
  }

  async #connect(signal: AbortSignal): Promise<void> {
    const directory = openSync(this.#directory.path, 'r');
    try {
      const path = join(this.#directory.path, socketName);
      const isLong = Buffer.byteLength(path) > socketPathBytesMax;
      this.#link = await Link.open(
        isLong ? `/proc/self/fd/${directory}/${socketName}` : path,
        {
          dataFrame: (buffer, start, end) => this.#deps.outlet.route(buffer, start, end),
          controlFrame: (message) => this.#take(readHostMessage(message)),
          readEnded: () => this.#deps.outlet.flush(),
          queueChanged: () => this.#reportPressure(),
          closed: (fault) => this.#linkClosed(fault),
        },
        { ...this.#settings, clock: this.#deps.clock, signal },
      );
    } finally {
      closeSync(directory);
    }
    await untilAborted(this.#hello.promise, signal);
  }

  #javaArguments(): string[] {
    const { spec, conf, topology, tasks } = this.#deps;
    const { slotPort } = this.#container();
    const { heapMb, offHeapMb } = workerMemory(conf, topology, tasks);
    return javaArguments({
      spec,
      conf,
      values: { topologyId: spec.topologyId, workerId: workerIdOf(spec), slotPort, heapMb, offHeapMb },
      workerDir: this.#directory.path,
      socketName,
      containerPid: process.pid,
    });
  }

  #startMessage(): StreamManagerToHost {
    const { spec } = this.#deps;
    const { topologyId, topologyName, containerId, codeDir, stormLocalDir, logDir } = spec;
    return {
      type: 'start',
      ...{ topologyId, topologyName, containerId, codeDir, stormLocalDir, logDir },
      workerId: workerIdOf(spec),
      confOverrides: {
        'executor.metrics.frequency.secs': this.#settings.statsSecs,
        ...outputRateHook(this.#deps),
      },
      containers: spec.plan.containers,
      tasks: spec.plan.tasks,
    };
  }

  #container(): PlannedContainer {
    const { spec } = this.#deps;
    return spec.plan.containers.find((container) => container.containerId === spec.containerId)!;
  }

  #take(message: HostMessage): void {
    switch (message.type) {
      case 'hello':
        if (message.protocol !== protocolVersion) {
          throw new Error(`the JVM host speaks protocol ${message.protocol}, expected ${protocolVersion}`);
        }
        this.#hello.resolve(undefined);
        return;
      case 'started':
        this.#deps.log.info({ event: 'jvm.started', pid: this.#child?.pid, tasks: this.tasks });
        this.#link?.releaseData();
        break;
      case 'pressure':
        this.#workerPressure = message.tasks;
        this.#reportPressure({ hasWorkerChanged: true });
        return;
      case 'error':
        // Storm's ShellBolt reports the child that its own cleanup ended (ShellBolt.die, 2.8); that is no
        // fault.
        if (this.#isStopping) return;
        break;
      case 'fatal':
        this.#lastWords = message.message.split('\n', 1)[0]; // the rest is a stack trace
        break;
      default:
        break;
    }
    this.#deps.outlet.report(this, message);
  }

  /** The union of what the worker says and, while the queue to it is high, all its tasks. */
  #reportPressure(change: { readonly hasWorkerChanged?: boolean } = {}): void {
    const { bytes, tuples } = this.queue;
    const { queueHighBytes, queueLowBytes, queueHighTuples, queueLowTuples } = this.#settings;
    const isHigh = this.#isQueueHigh
      ? bytes > queueLowBytes || tuples > queueLowTuples
      : bytes >= queueHighBytes || tuples >= queueHighTuples;
    if (isHigh === this.#isQueueHigh && change.hasWorkerChanged !== true) return;
    this.#isQueueHigh = isHigh;
    const tasks = isHigh ? this.tasks : this.#workerPressure;
    this.#deps.outlet.report(this, { type: 'pressure', reporter: this.name, tasks });
  }

  /** Without its link a JVM ends by itself; one that broke the protocol, or does not, is killed. */
  #linkClosed(fault: unknown): void {
    if (fault !== undefined) this.#lastWords ??= describeError(fault);
    void this.#child?.end(this.#isStopping ? stopSlackMs : fault === undefined ? 2000 : 0);
  }

  #ended(exit: ChildExit): void {
    this.#clean();
    if (this.#isStopping || !this.#hasStarted) return;
    this.#isStopping = true;
    const reason = `the JVM of container ${this.#deps.spec.containerId} ${this.#describe(exit)}`;
    this.#deps.onExit({ reason, stderrTail: exit.lastStderrLines.slice(-stderrTailLinesMax) });
  }

  #describe(exit: ChildExit): string {
    const how = describeExit(exit);
    return this.#lastWords === undefined ? how : `${how}: ${this.#lastWords}`;
  }

  /** A start that failed leaves nothing. */
  async #abandon(): Promise<void> {
    await this.#child?.end(0);
    this.#clean();
  }

  #clean(): void {
    this.resume();
    this.#link?.close();
    try {
      this.#directory.remove();
    } catch (error) {
      this.#deps.log.warn({ event: 'jvm.directory-left', directory: basename(this.#directory.path), error });
    }
  }
}
