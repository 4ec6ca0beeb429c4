import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type JsonObject, openLog, silentLog, systemClock, systemRandom, waitFor } from '../base/index.ts';
import type { HostToStreamManager, Outlet, TaskHost } from '../container/links/index.ts';
import { MetricsRegistry } from '../container/metrics-manager/index.ts';
import type { HostExit } from '../container/task-hosts/deps.ts';
import { JvmHost } from '../container/task-hosts/jvm/index.ts';
import type { ContainerSpec } from '../records/index.ts';
import type { PhysicalPlan, PlannedContainer, PlannedTask } from '../topology/index.ts';
import { TopologyIndex } from '../topology/index.ts';
import { frameCount, frameTarget } from '../tuple/index.ts';
import { askOracle } from './oracle.ts';
import { quickJvmOptions } from './quick-jvm.ts';

const root = new URL('../../', import.meta.url).pathname;

export interface JvmContainersOptions {
  /** A topology of egret.oracle.HostedTopology. */
  readonly kind: string;
  readonly conf?: JsonObject;
  /** Container (1 or 2) of a task. */
  readonly place: (task: { readonly taskId: number; readonly componentId: string }) => number;
}

/** What a host has reported, and how it ended. */
export interface HostRecord {
  readonly messages: HostToStreamManager[];
  exit: HostExit | undefined;
}

/**
 * One or two real JVM hosts with a router of a few lines between them, in the place of stream managers: for
 * tests of the host alone. Open, use, close; close leaves neither processes nor files.
 */
export class JvmContainers implements Outlet {
  readonly directory: string;
  readonly resultsDir: string;
  readonly codeDir: string;
  readonly hosts = new Map<number, JvmHost>();
  readonly records = new Map<number, HostRecord>();
  /** Tuples routed between hosts. */
  routedTuples = 0;
  readonly #specs = new Map<number, ContainerSpec>();
  readonly #tasks: readonly PlannedTask[];
  readonly #hostOfTask = new Map<number, number>();
  readonly #dirty = new Set<JvmHost>();
  #epoch = 0;

  constructor(options: JvmContainersOptions) {
    this.directory = mkdtempSync(join(tmpdir(), 'egret-jvm-'));
    this.resultsDir = join(this.directory, 'results');
    mkdirSync(this.resultsDir);
    const codeDir = join(this.directory, 'code');
    this.codeDir = codeDir;
    const answer = askOracle('HostedTopology', {
      kind: options.kind,
      dir: codeDir,
      conf: { 'test.results': this.resultsDir, ...options.conf },
    }) as unknown as { topologyId: string; tasks: Omit<PlannedTask, 'containerId' | 'host'>[] };
    this.#tasks = answer.tasks.map((task) => ({ ...task, containerId: options.place(task), host: 'jvm' }));
    for (const task of this.#tasks) this.#hostOfTask.set(task.taskId, task.containerId);
    const ids = [...new Set(this.#tasks.map((task) => task.containerId))].sort();
    const containers: PlannedContainer[] = ids.map((containerId) => ({
      containerId,
      slotPort: 6700 + containerId,
      nodeId: 'node-1',
      hostname: 'localhost',
    }));
    for (const id of ids)
      this.#specs.set(id, this.#spec(id, { codeDir, topologyId: answer.topologyId, containers }));
  }

  /** Waits until the workers of all hosts have started. */
  async started(): Promise<void> {
    await this.until('the workers to start', () =>
      [...this.hosts.keys()].every((id) => this.reported(id, 'started').length > 0) ? true : undefined,
    );
  }

  /** Makes and starts the hosts; resolves when they take messages. */
  async start(): Promise<void> {
    await Promise.all([...this.#specs.keys()].map((id) => this.startHost(id)));
  }

  async startHost(containerId: number): Promise<JvmHost> {
    const record: HostRecord = { messages: [], exit: undefined };
    const spec = this.#specs.get(containerId)!;
    const host = new JvmHost({
      spec,
      conf: { ...confOf(spec), 'worker.gc.childopts': quickJvmOptions },
      topology: new TopologyIndex({ components: [] }),
      tasks: this.#tasks.filter((task) => task.containerId === containerId),
      outlet: this,
      clock: systemClock,
      random: systemRandom,
      log:
        process.env['EGRET_TEST_LOG'] === undefined ? silentLog : openLog({ level: 'debug', destination: 2 }),
      metrics: new MetricsRegistry(systemClock),
      pidDir: join(spec.workDir, 'pids'),
      onExit: (exit) => {
        record.exit = exit;
      },
    });
    this.hosts.set(containerId, host);
    this.records.set(containerId, record);
    await host.start(new AbortController().signal);
    return host;
  }

  /** Gives all hosts a complete plan. */
  plan(status: PhysicalPlan['status'] = 'ACTIVE'): void {
    this.#epoch++;
    const { topologyId } = [...this.#specs.values()][0]!;
    const plan = {
      ...{ topologyId, epoch: this.#epoch, packingVersion: 1 },
      ...{ isComplete: true, status, streamManagers: [] },
    };
    for (const host of this.hosts.values()) host.control({ type: 'plan', plan });
  }

  route(buffer: Buffer, start: number, end: number): void {
    const host = this.hosts.get(this.#hostOfTask.get(frameTarget(buffer, start)) ?? 0);
    if (host === undefined)
      throw new Error(`a frame for task ${frameTarget(buffer, start)}, which no host runs`);
    this.routedTuples += frameCount(buffer, start);
    host.deliver(buffer, start, end);
    this.#dirty.add(host);
  }

  refused(): void {
    // Counted by the host.
  }

  flush(): void {
    for (const host of this.#dirty) host.flush();
    this.#dirty.clear();
  }

  report(from: TaskHost, message: HostToStreamManager): void {
    for (const [id, host] of this.hosts) {
      if (host === from) this.records.get(id)!.messages.push(message);
      else if (message.type === 'loads' || message.type === 'pressure') host.control(message);
    }
  }

  /** The messages of one type from one container so far. */
  reported<T extends HostToStreamManager['type']>(
    containerId: number,
    type: T,
  ): Extract<HostToStreamManager, { type: T }>[] {
    const messages = this.records.get(containerId)?.messages ?? [];
    return messages.filter(
      (message): message is Extract<HostToStreamManager, { type: T }> => message.type === type,
    );
  }

  /** What components have written so far, by component and task (`words-9`). */
  results(): Map<string, JsonObject> {
    const names = readdirSync(this.resultsDir).filter((name) => name.endsWith('.json'));
    return new Map(
      names.map((name) => [
        name.replace('.json', ''),
        JSON.parse(readFileSync(join(this.resultsDir, name), 'utf8')) as JsonObject,
      ]),
    );
  }

  logDir(containerId: number): string {
    return this.#specs.get(containerId)!.logDir;
  }

  /** Waits until `probe` answers something other than undefined. */
  async until<T>(what: string, probe: () => T | undefined, limitMs = 30_000): Promise<T> {
    try {
      return await waitFor(what, probe, { clock: systemClock, limitMs });
    } catch (error) {
      throw new Error(`${String(error)}\n${this.#lastLines()}`, { cause: error });
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.hosts.values()].map((host) => host.stop(3000)));
    rmSync(this.directory, { recursive: true, force: true });
  }

  #spec(
    containerId: number,
    shared: { codeDir: string; topologyId: string; containers: readonly PlannedContainer[] },
  ): ContainerSpec {
    const { codeDir, topologyId, containers } = shared;
    const stormLocalDir = join(this.directory, 'local');
    return {
      topologyId,
      topologyName: 'hosted',
      containerId,
      incarnation: '1',
      plan: { topologyId, version: 1, codeVersion: 0, containers, tasks: this.#tasks },
      codeDir,
      workDir: join(this.directory, `container-${containerId}`),
      logDir: join(stormLocalDir, 'workers-artifacts', topologyId, String(6700 + containerId)),
      stormLocalDir,
      redisUrl: '',
      redisKeyPrefix: '',
      jvm: {
        java: 'java',
        classPath: ['egret-jvm-host.jar', 'egret-shell.jar', 'lib-worker/*'].map(
          (name) => `${root}build/java/${name}`,
        ),
      },
    };
  }

  #lastLines(): string {
    const files = [...this.#specs.values()].flatMap(({ logDir }) =>
      ['worker.log', 'worker.log.err'].map((name) => join(logDir, name)),
    );
    return files
      .map((file) => {
        try {
          return `${file}:\n${readFileSync(file, 'utf8').split('\n').slice(-40).join('\n')}`;
        } catch {
          return '';
        }
      })
      .join('\n');
  }
}

function confOf({ codeDir }: ContainerSpec): JsonObject {
  return JSON.parse(readFileSync(join(codeDir, 'conf.json'), 'utf8')) as JsonObject;
}
