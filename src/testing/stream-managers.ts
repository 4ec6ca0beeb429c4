import {
  type JsonObject,
  type Logger,
  silentLog,
  systemClock,
  systemRandom,
  waitFor,
} from '../base/index.ts';
import { MasterClient } from '../container/life/master-client.ts';
import type { HostToStreamManager, StreamManagerToHost, TaskHost } from '../container/links/index.ts';
import { tcpNetwork } from '../container/links/index.ts';
import { StreamManager } from '../container/stream-manager/index.ts';
import { tasksThatForget } from '../container/task-hosts/planned-hosts.ts';
import { TopologyMaster } from '../container/topology-master/index.ts';
import { MemoryStore } from '../coordination/memory-store.ts';
import type { ContainerSpec } from '../records/index.ts';
import type { PackingPlan, TopologyIndex } from '../topology/index.ts';
import { DataFrameWriter, frameSource, frameTarget } from '../tuple/index.ts';

/** A task host in the test's own hands: keeps what it gets, and emits what the test says. */
export class FakeHost implements TaskHost {
  readonly name: string;
  readonly tasks: readonly number[];
  /** `source>target:number` of each tuple in order of arrival. */
  readonly received: string[] = [];
  readonly told: StreamManagerToHost[] = [];
  isPaused = false;
  flushes = 0;
  /** Called with each frame instead of keeping it. */
  onFrame: ((buffer: Buffer, start: number, end: number) => void) | undefined;

  constructor(name: string, tasks: readonly number[]) {
    this.name = name;
    this.tasks = tasks;
  }

  deliver(buffer: Buffer, start: number, end: number): void {
    if (this.onFrame !== undefined) {
      this.onFrame(buffer, start, end);
      return;
    }
    const route = `${frameSource(buffer, start)}>${frameTarget(buffer, start)}`;
    this.received.push(`${route}:${buffer.readInt32LE(start + 24)}`);
  }

  flush(): void {
    this.flushes++;
  }

  control(message: StreamManagerToHost): void {
    this.told.push(message);
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }

  /** The newest message of a type. */
  last<T extends StreamManagerToHost['type']>(
    type: T,
  ): Extract<StreamManagerToHost, { type: T }> | undefined {
    return this.told.findLast(
      (message): message is Extract<StreamManagerToHost, { type: T }> => message.type === type,
    );
  }
}

/** A frame of one tuple that holds a number (where {@link FakeHost.received} finds it) and `bytes` more. */
export function numberedFrame(
  route: { readonly source: number; readonly target: number },
  number: number,
  bytes = 0,
): Buffer {
  let frame = Buffer.alloc(0);
  const writer = new DataFrameWriter({ ...route, stream: 1 }, (buffer, start, end) => {
    frame = Buffer.from(buffer.subarray(start, end));
  });
  writer.beginTuple(0);
  writer.values.begin(2);
  writer.values.writeInt(number);
  writer.values.writeBytes(Buffer.alloc(bytes));
  writer.endTuple();
  writer.flush();
  return frame;
}

export interface StreamManagersOptions {
  /** Container ids (1..) and the tasks each has, all in one host named `fake`. */
  readonly tasks: Readonly<Record<number, readonly number[]>>;
  readonly conf?: JsonObject;
  /** Its tasks are those of `tasks`. */
  readonly topology?: TopologyIndex;
  readonly log?: Logger;
}

/** A topology master and stream managers in one process, over real TCP and a store in memory. */
export class StreamManagers implements AsyncDisposable {
  readonly store = new MemoryStore(systemClock);
  readonly managers = new Map<number, StreamManager>();
  readonly hosts = new Map<number, FakeHost>();
  readonly reports: HostToStreamManager[] = [];
  /** The packing plans that the master sent to stream managers. */
  readonly packings: PackingPlan[] = [];
  readonly #options: StreamManagersOptions;
  #master: TopologyMaster | undefined;
  readonly #masters = new Map<number, MasterClient>();
  readonly #packingsHeld = new Map<number, number>();
  #starts = 0;

  constructor(options: StreamManagersOptions) {
    this.#options = options;
  }

  /** All of it; see {@link complete}. */
  static async open(options: StreamManagersOptions): Promise<StreamManagers> {
    const cluster = new StreamManagers(options);
    await cluster.startMaster();
    for (const containerId of Object.keys(options.tasks)) await cluster.start(Number(containerId));
    await cluster.complete();
    return cluster;
  }

  spec(containerId: number): ContainerSpec {
    const ids = Object.keys(this.#options.tasks).map(Number);
    const plan: PackingPlan = {
      ...{ topologyId: 'test-1', version: 1, codeVersion: 0 },
      containers: ids.map((id) => ({
        containerId: id,
        slotPort: 6700 + id,
        nodeId: 'node',
        hostname: 'localhost',
      })),
      tasks: ids.flatMap((id) =>
        this.#options.tasks[id]!.map((taskId) => ({
          taskId,
          componentId: this.#options.topology?.componentOf(taskId) ?? `component-${taskId}`,
          executor: [taskId, taskId] as const,
          containerId: id,
          host: 'shell' as const,
        })),
      ),
    };
    return {
      topologyId: 'test-1',
      topologyName: 'test',
      containerId,
      incarnation: `incarnation-${++this.#starts}`,
      plan,
      codeDir: '/nowhere',
      workDir: '/nowhere',
      logDir: '/nowhere',
      stormLocalDir: '/nowhere',
      redisUrl: '',
      redisKeyPrefix: '',
      jvm: { java: 'java', classPath: [] },
    };
  }

  async startMaster(): Promise<TopologyMaster> {
    const { log = silentLog } = this.#options;
    const deps = { conf: {}, network: tcpNetwork, store: this.store, clock: systemClock, log };
    this.#master = await TopologyMaster.open(
      { ...deps, spec: this.spec(0), status: 'ACTIVE', leaseMs: 600 },
      new AbortController().signal,
    );
    void this.#master.run(new AbortController().signal).catch(() => undefined);
    return this.#master;
  }

  async stopMaster(): Promise<void> {
    await this.#master?.close();
  }

  /** Starts (or starts again, as a new incarnation) one stream manager with its host. */
  async start(containerId: number, options: { readonly hasHost?: boolean } = {}): Promise<StreamManager> {
    const tasks = this.#options.tasks[containerId]!;
    const spec = this.spec(containerId);
    const edges = {
      network: tcpNetwork,
      clock: systemClock,
      random: systemRandom,
      log: this.#options.log ?? silentLog,
    };
    const manager = await StreamManager.open({
      spec,
      conf: this.#options.conf ?? {},
      ...(this.#options.topology === undefined ? {} : { topology: this.#options.topology }),
      ...edges,
      hosts: [{ name: 'fake', tasks }],
      tasksThatForget,
      onHostReport: (_host, message) => this.reports.push(message),
    });
    const master = new MasterClient({
      ...{ spec, store: this.store, ...edges, address: manager.address },
      epochHeld: () => manager.physical?.epoch ?? 0,
      packingHeld: () => this.#packingsHeld.get(containerId) ?? spec.plan.version,
      onPhysical: (physical) => manager.applyPhysical(physical),
      onPacking: (packing) => this.packings.push(packing),
    });
    master.start();
    this.#masters.set(containerId, master);
    this.managers.set(containerId, manager);
    if (options.hasHost ?? true) this.fill(containerId);
    return manager;
  }

  /** Tells the master that the container has applied a packing plan. */
  took(containerId: number, version: number): void {
    this.#packingsHeld.set(containerId, version);
    this.#masters.get(containerId)!.took(version);
  }

  /** Ends one stream manager, as a process that ends in order does. */
  close(containerId: number): void {
    this.#masters.get(containerId)!.close();
    this.managers.get(containerId)!.close();
  }

  fill(containerId: number): FakeHost {
    const host = new FakeHost('fake', this.#options.tasks[containerId]!);
    this.hosts.set(containerId, host);
    this.managers.get(containerId)!.fill(host);
    return host;
  }

  /** Every stream manager has a complete plan, and every pair is connected. */
  async complete(): Promise<void> {
    const isComplete = (manager: StreamManager): boolean =>
      manager.physical?.isComplete === true && [...manager.peers.values()].every((peer) => peer.isConnected);
    await waitFor(
      'a complete plan and all connections',
      () => [...this.managers.values()].every(isComplete) || undefined,
      { clock: systemClock, limitMs: 5000 },
    );
  }

  /** Emits as a host of the container does. */
  emit(containerId: number, frames: readonly Buffer[]): void {
    const manager = this.managers.get(containerId)!;
    for (const frame of frames) manager.route(frame, 0, frame.length);
    manager.flush();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const containerId of this.managers.keys()) this.close(containerId);
    await this.#master?.close();
    await this.store.close();
  }
}

/** Waits for a condition, at most 10 s. */
export async function until(what: string, isTrue: () => boolean): Promise<void> {
  await waitFor(what, () => isTrue() || undefined, { clock: systemClock, limitMs: 10_000, everyMs: 5 });
}
