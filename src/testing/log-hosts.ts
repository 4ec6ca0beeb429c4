import { type JsonObject, seededRandom, silentLog } from '../base/index.ts';
import type { HostToStreamManager } from '../container/links/index.ts';
import { MetricsRegistry } from '../container/metrics-manager/index.ts';
import type { LogHostDeps } from '../container/task-hosts/durable/deps.ts';
import { LogSinkHost, LogSourceHost } from '../container/task-hosts/durable/index.ts';
import type { DistributedLog } from '../dlog/index.ts';
import type { ContainerSpec } from '../records/index.ts';
import {
  type Component,
  type Grouping,
  makeSystemTopology,
  normalizeTopology,
  type PackingPlan,
  type PhysicalPlan,
  type PlannedTask,
  TopologyIndex,
  type TopologyStatus,
  withDurableStreams,
} from '../topology/index.ts';
import { DataFrameCursor, DataFrameWriter, decodeValues, type JavaValue } from '../tuple/index.ts';
import { LogFixture, turns } from './dlog/log-fixture.ts';

/** A tuple that a host has sent: `root` and `edge` of its first anchor as hexadecimal digits. */
export interface SentTuple {
  readonly target: string;
  readonly source: string;
  readonly stream: string;
  readonly values: readonly JavaValue[];
  readonly root: string | undefined;
  readonly edge: string | undefined;
}

export interface RigOptions {
  readonly conf?: JsonObject;
  readonly grouping?: Grouping;
  readonly producers?: number;
  readonly fixture?: LogFixture;
}

const baseConf: JsonObject = {
  ...{ 'topology.workers': 1, 'topology.acker.executors': 1, 'topology.eventlogger.executors': 0 },
  ...{ 'topology.message.timeout.secs': 30, 'topology.egret.durable.streams': ['a'] },
};

/**
 * The two sides of the log in `a -> b`, each as a host of its own over a simulated disk and a clock that is
 * moved by hand. Tasks are named `component/place`.
 */
export class LogHostsRig {
  readonly fixture: LogFixture;
  readonly index: TopologyIndex;
  readonly conf: JsonObject;
  readonly sent: SentTuple[] = [];
  readonly refused: number[] = [];
  readonly reports: HostToStreamManager[] = [];
  readonly metrics: MetricsRegistry;
  readonly plan: PackingPlan;
  readonly #log: DistributedLog;
  #hosts: (LogSinkHost | LogSourceHost)[] = [];
  #isLogThere = true;
  #waiting: (() => void)[] = [];

  constructor(options: RigOptions = {}) {
    this.fixture = options.fixture ?? new LogFixture();
    this.conf = { ...baseConf, ...options.conf };
    const producers = options.producers ?? 2;
    const components: Component[] = [
      part('a', { kind: 'spout', parallelismHint: producers }),
      part('b', {
        parallelismHint: 3,
        inputs: [{ sourceComponentId: 'a', sourceStreamId: 'default', grouping: options.grouping ?? byWord }],
      }),
    ];
    const normalized = normalizeTopology({ components }, this.conf);
    this.index = new TopologyIndex(
      makeSystemTopology(withDurableStreams(normalized, this.conf, 'words'), this.conf),
    );
    this.metrics = new MetricsRegistry(this.fixture.clock);
    this.plan = {
      ...{ topologyId: 'words-1-1', version: 1, codeVersion: 0 },
      containers: [{ containerId: 1, slotPort: 6700, nodeId: 'node', hostname: 'here' }],
      tasks: [...this.index.taskToComponent()].map(([taskId, componentId]) => planned(taskId, componentId)),
    };
    this.#log = this.fixture.process();
  }

  get log(): DistributedLog {
    return this.#log;
  }

  /** `__dlog_sink_a.default/0` and the like. */
  taskOf(name: string): number {
    const at = name.lastIndexOf('/');
    return this.index.tasksOf(name.slice(0, at))[Number(name.slice(at + 1))]!;
  }

  async sink(place = 0): Promise<LogSinkHost> {
    return this.#start(new LogSinkHost(this.#deps(`__dlog_sink_a.default/${place}`)));
  }

  async source(place = 0, status: TopologyStatus = 'ACTIVE'): Promise<LogSourceHost> {
    const host = await this.#start(new LogSourceHost(this.#deps(`__dlog_source_a.default/${place}`)));
    this.tell(host, status);
    await turns();
    return host;
  }

  /** Until then hosts wait for the log. */
  setLogThere(isThere: boolean): void {
    this.#isLogThere = isThere;
    if (!isThere) return;
    for (const go of this.#waiting.splice(0)) go();
  }

  tell(host: LogSourceHost, status: TopologyStatus, isComplete = true): void {
    const { topologyId } = this.plan;
    const plan: PhysicalPlan = {
      ...{ topologyId, epoch: 1, packingVersion: 1, isComplete, status, streamManagers: [] },
    };
    host.control({ type: 'plan', plan });
  }

  /**
   * Tuples (word, count) from a task of the producer in one frame; each has the root of its number in the
   * list, from `root` on.
   */
  emit(sink: LogSinkHost, tuples: readonly (readonly JavaValue[])[], from = 'a/0', root = 1): void {
    const route = {
      target: sink.tasks[0]!,
      source: this.taskOf(from),
      stream: this.index.streamNumber('a', 'default'),
    };
    const writer = new DataFrameWriter(route, (buffer, start, end) => sink.deliver(buffer, start, end));
    tuples.forEach((values, place) => {
      writer.beginTuple(1);
      writer.addAnchor(0, root + place, 5, root + place);
      writer.values.writeAll(values);
      writer.endTuple();
    });
    writer.flush();
    sink.flush();
  }

  /** Sends the acker's answer about a tree that the source has begun. */
  answer(
    source: LogSourceHost,
    stream: '__ack_ack' | '__ack_fail' | '__ack_reset_timeout',
    root: string,
  ): void {
    const route = {
      target: source.tasks[0]!,
      source: this.taskOf('__acker/0'),
      stream: this.index.streamNumber('__acker', stream),
    };
    const writer = new DataFrameWriter(route, (buffer, start, end) => source.deliver(buffer, start, end));
    writer.beginTuple(0);
    writer.values.begin(2);
    writer.values.writeLong(
      Number.parseInt(root.slice(0, 8), 16) | 0,
      Number.parseInt(root.slice(8), 16) | 0,
    );
    writer.values.writeLong(0, 3);
    writer.endTuple();
    writer.flush();
    source.flush();
  }

  /** Sent on this stream since the last call for it, in order. */
  taken(stream: string): SentTuple[] {
    const found = this.sent.filter((tuple) => tuple.stream === stream);
    for (const tuple of found) this.sent.splice(this.sent.indexOf(tuple), 1);
    return found;
  }

  /** Time for a few commits: of entries, and of the position. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 10) {
      this.fixture.clock.advance(Math.min(10, left));
      await turns();
    }
  }

  async stop(): Promise<void> {
    for (const host of this.#hosts.splice(0)) await this.end(host);
  }

  async end(host: LogSinkHost | LogSourceHost): Promise<void> {
    this.#hosts = this.#hosts.filter((each) => each !== host);
    this.setLogThere(true);
    const ended = host.stop(1000);
    await turns();
    await this.pass(50);
    await ended;
  }

  async #start<H extends LogSinkHost | LogSourceHost>(host: H): Promise<H> {
    this.#hosts.push(host);
    await host.start();
    await turns();
    await this.pass(20);
    return host;
  }

  #deps(name: string): LogHostDeps {
    const { fixture, index, conf, plan } = this;
    const task = plan.tasks.find(({ taskId }) => taskId === this.taskOf(name))!;
    const spec = { ...{ topologyId: plan.topologyId, topologyName: 'words', containerId: 1, plan } };
    return {
      ...{ spec: spec as unknown as ContainerSpec, conf, topology: index, tasks: [task] },
      ...{ clock: fixture.clock, random: seededRandom(task.taskId), log: silentLog, metrics: this.metrics },
      pidDir: '/nowhere',
      onExit: () => undefined,
      openLog: () =>
        this.#isLogThere
          ? Promise.resolve(this.#log)
          : new Promise((resolve) => this.#waiting.push(() => resolve(this.#log))),
      outlet: {
        route: (buffer, start, end) => this.#routed(buffer, start, end),
        refused: (buffer, start, end) => {
          const cursor = new DataFrameCursor();
          cursor.open(buffer, start, end);
          this.refused.push(cursor.count);
        },
        flush: () => undefined,
        report: (_host, message) => void this.reports.push(message),
      },
    };
  }

  #routed(buffer: Buffer, start: number, end: number): void {
    const cursor = new DataFrameCursor();
    cursor.open(buffer, start, end);
    const component = this.index.componentOf(cursor.source)!;
    const hex = (hi: number, lo: number): string =>
      [hi, lo].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('');
    while (cursor.next()) {
      const isAnchored = cursor.anchorCount > 0;
      this.sent.push({
        ...{ target: this.#nameOf(cursor.target), source: this.#nameOf(cursor.source) },
        stream: this.index.streamId(component, cursor.stream),
        values: decodeValues(buffer, cursor.valuesStart, cursor.valuesEnd),
        root: isAnchored ? hex(cursor.rootHi(0), cursor.rootLo(0)) : undefined,
        edge: isAnchored ? hex(cursor.edgeHi(0), cursor.edgeLo(0)) : undefined,
      });
    }
  }

  #nameOf(taskId: number): string {
    const component = this.index.componentOf(taskId)!;
    return `${component}/${this.index.tasksOf(component).indexOf(taskId)}`;
  }
}

const byWord: Grouping = { kind: 'fields', fields: ['word'] };

function part(id: string, parts: Partial<Component>): Component {
  return {
    ...{ id, kind: 'bolt', implementation: { kind: 'serialized_java' }, inputs: [], conf: {} },
    ...{ streams: { default: { fields: ['word', 'count'], direct: false } }, parallelismHint: 1 },
    ...parts,
  };
}

function planned(taskId: number, componentId: string): PlannedTask {
  return { taskId, componentId, executor: [taskId, taskId], containerId: 1, host: 'system' };
}
