import { strict as assert } from 'node:assert';
import { join } from 'node:path';
import { GatewayError } from '../../../base/index.ts';
import { componentConfOf, type TaskId } from '../../../topology/index.ts';
import type { QueueFill, StreamManagerToHost, TaskHost } from '../../links/index.ts';
import type { HostExit, TaskHostDeps } from '../deps.ts';
import type { HostControl } from '../emitting/index.ts';
import { assembleShellTask, openShellLog } from './assembly.ts';
import { describeDeath } from './death.ts';
import { prepareHandshake } from './handshake.ts';
import type { MetricsReports } from './metrics-reports.ts';
import { checkSerializer, readShellSettings } from './settings.ts';
import { ShellChild, type ShellChildEnd, type ShellCommand, shellCommand } from './shell-child.ts';
import type { ShellLog } from './shell-log.ts';
import { ShellMetrics } from './shell-metrics.ts';
import type { ShellTask } from './shell-task.ts';
import { queuesTaskIds } from './stock-adapter.ts';
import { identifyShellTask, type ShellTaskIdentity } from './task-identity.ts';

const checkEveryMs = 1000;
/** How often a task that leaves is looked at whether it has worked off what it has. */
const drainLookMs = 20;

/**
 * One shell component's task: a child process that speaks multilang over its standard input and output
 * (multilang/schema). For one life of the child; see task-hosts/deps.ts.
 */
export class ShellHost implements TaskHost {
  readonly name: string;
  readonly tasks: readonly TaskId[];
  readonly #deps: TaskHostDeps;
  readonly #metrics = new ShellMetrics();
  #identity: ShellTaskIdentity | undefined;
  #control: HostControl | undefined;
  #reports: MetricsReports | undefined;
  #log: ShellLog | undefined;
  #task: ShellTask | undefined;
  #child: ShellChild | undefined;
  #command: ShellCommand | undefined;
  #checks: Disposable | undefined;
  #ticks = 0;
  /** Undefined before the first report: other tasks take an unknown load for a full queue. */
  #reportedLoad: number | undefined;
  #isHeld = false;
  #isStopping = false;
  #isLeaving = false;

  constructor(deps: TaskHostDeps) {
    assert(deps.tasks.length === 1, 'a shell host has one task');
    this.#deps = deps;
    this.tasks = deps.tasks.map((task) => task.taskId);
    this.name = `shell-${deps.tasks[0]!.taskId}`;
  }

  /** The child's process id while it runs. */
  get pid(): number | undefined {
    return this.#checks === undefined ? undefined : this.#child?.pid;
  }

  /** What waits for the child. */
  get queue(): QueueFill {
    return this.#task?.input.queue ?? { bytes: 0, tuples: 0, droppedTuples: 0 };
  }

  /**
   * Spawns the child. Resolves when that has succeeded: frames wait here until the child has answered the
   * handshake, which it gets once the topology is active and complete. Rejects with `SPAWN_FAILED`,
   * `CONFIG_INVALID`, `TOPOLOGY_INVALID`, or the signal's reason.
   */
  async start(signal: AbortSignal): Promise<void> {
    // The signal ends the start, not the life that follows: an orderly end has its own way, `stop`.
    const attempt = new AbortController();
    const abort = (): void => attempt.abort(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    try {
      await this.#launch(attempt.signal);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  async #launch(signal: AbortSignal): Promise<void> {
    const { spec, clock, log } = this.#deps;
    const identity = identifyShellTask(this.#deps.tasks, this.#deps.topology);
    const { task, component } = identity;
    this.#identity = identity;
    const conf = componentConfOf(this.#deps.conf, component.conf);
    checkSerializer(conf, component.id);
    const pidDir = join(spec.workDir, 'multilang-pids');
    const shellLog = openShellLog(this.#deps, identity, conf);
    this.#log = shellLog;
    const settings = readShellSettings(conf);
    const command = shellCommand({
      executionCommand: identity.executionCommand,
      script: identity.script,
      codeDir: spec.codeDir,
      environment: conf['topology.environment'],
    });
    const assembly = assembleShellTask({
      ...{ host: this, deps: this.#deps, identity, conf, settings, log: shellLog },
      metrics: this.#metrics,
      handshake: await prepareHandshake(this.#deps, identity, pidDir),
      queuesTaskIds: settings.sendsTaskIdsAhead && (await queuesTaskIds(identity.script, command.cwd)),
    });
    const shellTask = assembly.task;
    // The child needs the current plan once it has started: control messages are applied from here on.
    this.#control = assembly.control;
    this.#reports = assembly.reports;
    const child = await ShellChild.start(
      {
        name: `${this.name} (component ${component.id}, task ${task.taskId})`,
        command,
        messageBytesMax: settings.messageBytesMax,
        stdinBytesMax: settings.stdinBytesMax,
        clock,
        log,
        recordDir: this.#deps.pidDir,
        containment: spec.containment,
        pidDir,
        onStderrLine: (line) => shellLog.stderr(line),
        onMessage: (text) => shellTask.message(text),
        onBatchEnd: () => shellTask.batchEnded(),
        onDrain: () => shellTask.drained(),
      },
      signal,
    );
    this.#command = command;
    this.#child = child;
    this.#task = shellTask;
    shellTask.setHeld(this.#isHeld);
    shellTask.attach(child);
    this.#checks = clock.every(checkEveryMs, () => this.#check());
    void child.ended.then((end) => this.#ended(end));
  }

  deliver(buffer: Buffer, start: number, end: number): void {
    this.#task?.deliver(buffer, start, end);
  }

  flush(): void {
    this.#task?.flush();
  }

  control(message: StreamManagerToHost): void {
    this.#control?.take(message);
  }

  pause(): void {
    this.#isHeld = true;
    this.#task?.setHeld(true);
  }

  resume(): void {
    this.#isHeld = false;
    this.#task?.setHeld(false);
  }

  async drain(limitMs: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    this.#isLeaving = true;
    const endMs = clock.monotonicMs() + limitMs;
    const isBusy = (): boolean => this.#checks !== undefined && this.#task?.isIdle === false;
    while (isBusy() && !signal.aborted && clock.monotonicMs() < endMs) {
      await clock.sleep(drainLookMs, signal).catch(() => undefined);
    }
  }

  giveUp(why: string): void {
    this.#child?.fail(new GatewayError('CHILD_STUCK', why));
  }

  async stop(graceMs: number): Promise<void> {
    this.#isStopping = true;
    await this.#child?.end(graceMs);
  }

  #check(): void {
    const task = this.#task!;
    this.#control?.everySecond();
    task.everySecond();
    this.#ticks++;
    this.#reports?.everySecond(this.#ticks);
    if (this.#ticks % metricsEverySeconds === 0) this.#logMetrics();
    const { load } = task.input;
    if (this.#reportedLoad !== undefined && Math.abs(load - this.#reportedLoad) < loadStep) return;
    this.#reportedLoad = load;
    this.#deps.outlet.report(this, { type: 'loads', loads: [[this.tasks[0]!, load]] });
  }

  #logMetrics(): void {
    for (const line of this.#metrics.drain()) this.#log?.note('INFO', `metric ${line}`);
  }

  #ended(end: ShellChildEnd): void {
    this.#checks?.[Symbol.dispose]();
    this.#checks = undefined;
    const exit = this.#describe(end);
    // The topology continues without this task here, so what the task still held fails now and is replayed at
    // once.
    this.#task!.end({ isStopping: this.#isStopping && !this.#isLeaving });
    this.#logMetrics();
    if (!this.#isStopping) this.#log?.note('ERROR', exit.reason);
    this.#log?.flush();
    if (!this.#isStopping) this.#deps.onExit(exit);
  }

  #describe(end: ShellChildEnd): HostExit {
    const { task, component } = this.#identity!;
    const who = { taskId: task.taskId, componentId: component.id, pid: this.#child!.pid };
    return describeDeath({ ...who, command: this.#command!, hasAnswered: this.#task!.hasAnswered }, end);
  }
}

/** As often as Storm's built-in metrics (topology.builtin.metrics.bucket.size.secs). */
const metricsEverySeconds = 60;
/** Loads that differ by less are not worth a message. */
const loadStep = 0.02;
