import { strict as assert } from 'node:assert';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GatewayError, type JsonObject } from '../../../base/index.ts';
import { readConfText, withConfValues, writeConfText } from '../../../config/index.ts';
import { confFileName } from '../../../records/index.ts';
import { componentConfOf, OutgoingStreams, ownConfOf, type TaskId } from '../../../topology/index.ts';
import type { QueueFill, StreamManagerToHost, TaskHost } from '../../links/index.ts';
import type { HostExit, TaskHostDeps } from '../deps.ts';
import { Downstream, ErrorReports, HostControl, readOutputLimits } from '../emitting/index.ts';
import { contextOf } from './context.ts';
import { describeDeath } from './death.ts';
import { handshakeText } from './messages.ts';
import { MetricsReports } from './metrics-reports.ts';
import { makeProtocol, metricsOf } from './protocols.ts';
import { readShellSettings } from './settings.ts';
import { ShellChild, type ShellChildEnd, type ShellCommand, shellCommand } from './shell-child.ts';
import { ShellLog } from './shell-log.ts';
import { ShellMetrics } from './shell-metrics.ts';
import { ShellTask } from './shell-task.ts';
import { queuesTaskIds } from './stock-adapter.ts';
import { identifyShellTask, type ShellTaskIdentity } from './task-identity.ts';

const jsonSerializer = 'org.apache.storm.multilang.JsonSerializer';
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
    this.#log = this.#openLog(identity, conf);
    const settings = readShellSettings(conf);
    const command = shellCommand({
      executionCommand: identity.executionCommand,
      script: identity.script,
      codeDir: spec.codeDir,
      environment: conf['topology.environment'],
    });
    const shellTask = this.#makeTask(identity, conf, {
      handshake: await this.#handshake(identity, pidDir),
      queuesTaskIds: settings.sendsTaskIdsAhead && (await queuesTaskIds(identity.script, command.cwd)),
    });
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
        onStderrLine: (line) => this.#log?.stderr(line),
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

  #openLog({ task, component }: ShellTaskIdentity, conf: JsonObject): ShellLog {
    const { spec, clock, log } = this.#deps;
    return new ShellLog({
      logDir: spec.logDir,
      componentId: component.id,
      kind: component.kind === 'spout' ? 'spout' : 'bolt',
      executor: task.executor,
      conf,
      clock,
      log,
    });
  }

  #makeTask(
    identity: ShellTaskIdentity,
    conf: JsonObject,
    { handshake, queuesTaskIds }: { readonly handshake: string; readonly queuesTaskIds: boolean },
  ): ShellTask {
    const { topology, outlet, clock, spec, random } = this.#deps;
    const { task, component } = identity;
    const settings = readShellSettings(conf);
    const limits = readOutputLimits(conf, topology.tasksOf(component.id).length);
    const outgoing = new OutgoingStreams({
      index: topology,
      plan: spec.plan,
      taskId: task.taskId,
      conf,
      random,
    });
    const container = spec.plan.containers.find((each) => each.containerId === spec.containerId);
    const place = { host: container?.hostname ?? '', port: container?.slotPort ?? 0 };
    const errors = new ErrorReports({
      clock,
      conf,
      place,
      send: (record) => outlet.report(this, { type: 'error', componentId: component.id, record }),
    });
    const reportError = (text: string): void => {
      if (errors.report(text)) this.#log?.note('ERROR', text);
    };
    this.#reports = new MetricsReports({
      ...{ topology, outgoing, outlet, clock, conf, place, reportError },
      metrics: metricsOf(this.#deps, identity),
      shellMetrics: this.#metrics,
    });
    const downstream = new Downstream(topology, component.id);
    const shellTask = new ShellTask({
      settings,
      handshake,
      makeProtocol: (pipe, wake) =>
        makeProtocol(
          { deps: this.#deps, identity, outgoing, settings, limits, queuesTaskIds },
          { pipe, wake, reportError },
        ),
      downstream,
      clock,
      log: this.#log!,
      metrics: this.#metrics,
      reportError,
      onPressure: (isHigh) =>
        outlet.report(this, { type: 'pressure', reporter: this.name, tasks: isHigh ? this.tasks : [] }),
    });
    this.#control = new HostControl({ outgoing, downstream, task: shellTask });
    return shellTask;
  }

  async #handshake({ task, component }: ShellTaskIdentity, pidDir: string): Promise<string> {
    const { spec, topology } = this.#deps;
    await mkdir(pidDir, { recursive: true });
    const file = join(spec.codeDir, confFileName);
    const conf = await readConfText(await readFile(file, 'utf8'), file);
    const own = ownConfOf(component.conf);
    return handshakeText({
      pidDir,
      confText: writeConfText(withConfValues(conf, own), 'strict'),
      context: contextOf(topology, task.taskId),
    });
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

/** Another serializer is a Java class that this side cannot run, and the child speaks it. */
function checkSerializer(conf: JsonObject, componentId: string): void {
  const serializer = conf['topology.multilang.serializer'] ?? jsonSerializer;
  if (serializer === jsonSerializer) return;
  throw new GatewayError(
    'CONFIG_INVALID',
    `component ${componentId}: topology.multilang.serializer is ${JSON.stringify(serializer)}, a Java class; shell components speak JSON here (${jsonSerializer})`,
    { facts: { componentId, serializer } },
  );
}
