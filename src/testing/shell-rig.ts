import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type JsonObject, silentLog, systemClock, systemRandom, waitFor } from '../base/index.ts';
import type { HostToStreamManager, Outlet, TaskHost } from '../container/links/index.ts';
import { MetricsRegistry } from '../container/metrics-manager/index.ts';
import type { HostExit, TaskHostDeps } from '../container/task-hosts/deps.ts';
import { ShellHost } from '../container/task-hosts/shell/index.ts';
import { AckerHost } from '../container/task-hosts/system/index.ts';
import type { ContainerSpec } from '../records/index.ts';
import {
  type Component,
  type Grouping,
  makeSystemTopology,
  normalizeTopology,
  type PackingPlan,
  type PlannedTask,
  TopologyIndex,
} from '../topology/index.ts';
import {
  DataFrameCursor,
  DataFrameWriter,
  decodeValues,
  frameTarget,
  type JavaValue,
} from '../tuple/index.ts';

const root = new URL('../../', import.meta.url).pathname;
const stockAdapters = join(root, 'build', 'test-jars', 'resources');

export interface RigComponent {
  readonly id: string;
  readonly kind: 'spout' | 'bolt';
  /** [execution command, script]; without it the test plays the component itself. */
  readonly shell?: readonly [string, string];
  readonly streams?: Record<string, { fields: string[]; direct?: boolean }>;
  readonly inputs?: readonly { from: string; stream?: string; grouping: Grouping }[];
  readonly tasks?: number;
  readonly conf?: JsonObject;
}

export interface RoutedTuple {
  readonly source: number;
  readonly target: number;
  readonly stream: string;
  readonly values: JavaValue[];
  readonly anchors: { readonly rootHi: number; readonly rootLo: number }[];
  /** Root and edge of each anchor, as the wire has them. */
  readonly ids: readonly [number, number, number, number][];
}

/**
 * Shell hosts with their real children, ackers, and in the place of a stream manager a router of a few lines
 * that keeps what passes: for tests of the host alone. `close` fails when a child is left.
 */
export class ShellRig implements Outlet {
  readonly directory = mkdtempSync(join(tmpdir(), 'egret-shell-'));
  readonly topology: TopologyIndex;
  readonly tuples: RoutedTuple[] = [];
  readonly reports: HostToStreamManager[] = [];
  readonly exits: HostExit[] = [];
  readonly metrics = new MetricsRegistry(systemClock);
  /** Off: only their bytes are counted, for runs that are long. */
  keepsTuples = true;
  routedBytes = 0;
  readonly #conf: JsonObject;
  readonly #plan: PackingPlan;
  readonly #spec: ContainerSpec;
  readonly #hosts = new Map<number, TaskHost>();
  readonly #dirty = new Set<TaskHost>();
  #isFlushing = false;

  constructor(options: {
    readonly components: readonly RigComponent[];
    readonly conf?: JsonObject;
    /** File name -> text, beside the stock storm.py and storm.js. */
    readonly resources?: Readonly<Record<string, string>>;
  }) {
    const defaults = JSON.parse(readFileSync(join(root, 'build/storm-defaults.json'), 'utf8')) as JsonObject;
    this.#conf = { ...defaults, 'topology.acker.executors': 1, ...options.conf };
    this.topology = new TopologyIndex(
      makeSystemTopology(
        normalizeTopology({ components: options.components.map(toComponent) }, this.#conf),
        this.#conf,
      ),
    );
    const codeDir = this.#writeCode(options.resources ?? {});
    this.#plan = this.#makePlan(options.components);
    this.#spec = {
      topologyId: 'rig-1-1',
      topologyName: 'rig',
      containerId: 1,
      incarnation: 'a',
      plan: this.#plan,
      codeDir,
      workDir: join(this.directory, 'work'),
      logDir: join(this.directory, 'logs'),
      stormLocalDir: this.directory,
      redisUrl: '',
      redisKeyPrefix: '',
      jvm: { java: 'java', classPath: [] },
    };
    const ackers = this.#plan.tasks.filter((task) => task.host === 'system');
    if (ackers.length > 0) this.#add(new AckerHost(this.deps(ackers)));
  }

  tasksOf(componentId: string): readonly number[] {
    return this.topology.tasksOf(componentId);
  }

  /** Starts a host for a shell task (the first of the component) and sends it the plan. */
  async start(componentId: string, options: { readonly isActive?: boolean } = {}): Promise<ShellHost> {
    const host = this.make(componentId);
    await host.start(new AbortController().signal);
    this.tell(host, { isActive: options.isActive ?? true });
    return host;
  }

  make(componentId: string, taskId: number = this.tasksOf(componentId)[0]!): ShellHost {
    const host = new ShellHost(this.deps(this.#plan.tasks.filter((task) => task.taskId === taskId)));
    this.#add(host);
    return host;
  }

  deps(tasks: readonly PlannedTask[]): TaskHostDeps {
    return {
      spec: this.#spec,
      conf: this.#conf,
      topology: this.topology,
      tasks,
      outlet: this,
      clock: systemClock,
      random: systemRandom,
      log: silentLog,
      metrics: this.metrics,
      pidDir: join(this.directory, 'records'),
      onExit: (exit) => this.exits.push(exit),
    };
  }

  tell(host: TaskHost, plan: { readonly isActive: boolean; readonly isComplete?: boolean }): void {
    const status = plan.isActive ? 'ACTIVE' : 'INACTIVE';
    const isComplete = plan.isComplete ?? true;
    host.control({
      type: 'plan',
      plan: { topologyId: 'rig-1-1', epoch: 1, packingVersion: 1, isComplete, status, streamManagers: [] },
    });
  }

  /** Sends tuples as a task of `from`, in one frame. */
  send(
    from: string,
    to: number,
    tuples: readonly {
      values: readonly JavaValue[];
      anchors?: readonly [number, number, number, number][];
    }[],
    stream = 'default',
  ): void {
    const writer = new DataFrameWriter(
      { target: to, stream: this.topology.streamNumber(from, stream), source: this.tasksOf(from)[0]! },
      (buffer, start, end) => this.route(buffer, start, end),
    );
    for (const { values, anchors = [] } of tuples) {
      writer.beginTuple(anchors.length);
      for (const [rootHi, rootLo, edgeHi, edgeLo] of anchors)
        writer.addAnchor(rootHi, rootLo, edgeHi, edgeLo);
      writer.values.writeAll(values);
      writer.endTuple();
    }
    writer.flush();
    this.flush();
  }

  route(buffer: Buffer, start: number, end: number): void {
    this.routedBytes += end - start;
    if (this.keepsTuples) this.#keep(buffer, start, end);
    const host = this.#hosts.get(frameTarget(buffer, start));
    if (host === undefined) return;
    host.deliver(buffer, start, end);
    this.#dirty.add(host);
  }

  refused(): void {
    // Shell hosts refuse in their own way.
  }

  flush(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    while (this.#dirty.size > 0) {
      const dirty = [...this.#dirty];
      this.#dirty.clear();
      for (const host of dirty) host.flush();
    }
    this.#isFlushing = false;
  }

  report(host: TaskHost, message: HostToStreamManager): void {
    this.reports.push(message);
    if (message.type !== 'pressure') return;
    for (const each of new Set(this.#hosts.values())) if (each !== host) each.control(message);
  }

  /** The tuples to a component, on any stream. */
  to(componentId: string): RoutedTuple[] {
    return this.tuples.filter((tuple) => this.tasksOf(componentId).includes(tuple.target));
  }

  async waitFor<T>(what: string, probe: () => T | undefined | false, limitMs = 10_000): Promise<T> {
    const found = await waitFor(what, () => probe() || undefined, { clock: systemClock, limitMs });
    return found;
  }

  errors(): string[] {
    return this.reports.flatMap((report) => (report.type === 'error' ? [report.record.error] : []));
  }

  workerLog(): string {
    const file = join(this.directory, 'logs', 'worker.log');
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }

  /** Files that a child or its record left behind. */
  leftovers(): string[] {
    return ['records', 'work/multilang-pids'].flatMap((name) => {
      const directory = join(this.directory, name);
      return existsSync(directory) ? readdirSync(directory) : [];
    });
  }

  hostOf(componentId: string): TaskHost {
    return this.#hosts.get(this.tasksOf(componentId)[0]!)!;
  }

  writeResource(name: string, text: string): void {
    writeFileSync(join(this.directory, 'code', 'resources', name), text);
  }

  async stopAll(graceMs: number): Promise<void> {
    await Promise.all([...new Set(this.#hosts.values())].map((host) => host.stop(graceMs)));
  }

  async close(): Promise<void> {
    await this.stopAll(1000);
    const left = this.leftovers();
    rmSync(this.directory, { recursive: true, force: true });
    if (left.length > 0) throw new Error(`children left behind: ${left.join(', ')}`);
  }

  #add(host: TaskHost): void {
    for (const task of host.tasks) this.#hosts.set(task, host);
    if (host instanceof AckerHost) void host.start();
  }

  #keep(buffer: Buffer, start: number, end: number): void {
    const cursor = new DataFrameCursor();
    cursor.open(Buffer.from(buffer.subarray(start, end)), 0, end - start);
    const stream = this.topology.streamId(this.topology.componentOf(cursor.source)!, cursor.stream);
    while (cursor.next()) {
      const ids = Array.from({ length: cursor.anchorCount }, (_, i): [number, number, number, number] => [
        cursor.rootHi(i),
        cursor.rootLo(i),
        cursor.edgeHi(i),
        cursor.edgeLo(i),
      ]);
      this.tuples.push({
        source: cursor.source,
        target: cursor.target,
        stream,
        values: decodeValues(cursor.buffer, cursor.valuesStart, cursor.valuesEnd),
        anchors: ids.map(([rootHi, rootLo]) => ({ rootHi, rootLo })),
        ids,
      });
    }
  }

  #writeCode(resources: Readonly<Record<string, string>>): string {
    const codeDir = join(this.directory, 'code');
    mkdirSync(join(codeDir, 'resources'), { recursive: true });
    writeFileSync(join(codeDir, 'conf.json'), JSON.stringify(this.#conf));
    fetchStockAdapters();
    for (const adapter of ['storm.py', 'storm.js']) {
      copyFileSync(join(stockAdapters, adapter), join(codeDir, 'resources', adapter));
    }
    for (const [name, text] of Object.entries(resources)) {
      writeFileSync(join(codeDir, 'resources', name), text, { mode: name.endsWith('.sh') ? 0o755 : 0o644 });
    }
    return codeDir;
  }

  #makePlan(components: readonly RigComponent[]): PackingPlan {
    const shells = new Set(components.filter((each) => each.shell !== undefined).map((each) => each.id));
    const tasks = [...this.topology.taskToComponent()].map(
      ([taskId, componentId]): PlannedTask => ({
        taskId,
        componentId,
        executor: [taskId, taskId],
        containerId: 1,
        host: shells.has(componentId) ? 'shell' : componentId === '__acker' ? 'system' : 'jvm',
      }),
    );
    const container = { containerId: 1, slotPort: 6700, nodeId: 'n', hostname: 'here' };
    return { topologyId: 'rig-1-1', version: 1, codeVersion: 0, containers: [container], tasks };
  }
}

/** Storm's own adapters, from Maven Central when they are not there yet. */
function fetchStockAdapters(): void {
  if (existsSync(join(stockAdapters, 'storm.py')) && existsSync(join(stockAdapters, 'storm.js'))) return;
  execFileSync(process.execPath, [join(root, 'scripts', 'fetch-test-jars.mjs')], { stdio: 'inherit' });
}

function toComponent(component: RigComponent): Component {
  const { shell } = component;
  return {
    id: component.id,
    kind: component.kind,
    implementation:
      shell === undefined
        ? { kind: 'serialized_java' }
        : { kind: 'shell', executionCommand: shell[0], script: shell[1] },
    inputs: (component.inputs ?? []).map(({ from, stream, grouping }) => ({
      sourceComponentId: from,
      sourceStreamId: stream ?? 'default',
      grouping,
    })),
    streams: Object.fromEntries(
      Object.entries(component.streams ?? {}).map(([id, { fields, direct }]) => [
        id,
        { fields, direct: direct ?? false },
      ]),
    ),
    parallelismHint: component.tasks ?? 1,
    conf: component.conf ?? {},
  };
}
