import type { Clock, JsonObject, Logger, RandomSource } from '../base/index.ts';
import type { StateStore } from '../coordination/index.ts';
import type { ContainerSpec, TopologyIndex } from '../topology/index.ts';
import { confNumber, limitMs } from './conf.ts';
import { makeHost, planHosts, type SharedHostDeps, taskIdsOf } from './container-hosts.ts';
import { pidDirOf } from './container-prepare.ts';
import { HostKeeper } from './host-keeper.ts';
import { MetricsManager } from './metrics-manager/index.ts';
import type { Network } from './network.ts';
import type { HostToStreamManager } from './protocol.ts';
import { StreamManager } from './stream-manager/index.ts';
import type { TaskHost } from './task-host.ts';

export interface WorkerDeps {
  readonly spec: ContainerSpec;
  readonly conf: JsonObject;
  readonly topology: TopologyIndex;
  readonly network: Network;
  readonly store: StateStore;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
}

const checkMs = 1000;
const metricsCloseMs = 500;

/** Container 1..N: a stream manager, a metrics manager, and a keeper for each host of its tasks. */
export class WorkerContainer {
  readonly #deps: WorkerDeps;
  readonly #metrics: MetricsManager;
  readonly #keepers = new Map<string, HostKeeper>();
  #streamManager: StreamManager | undefined;
  #checks: Disposable | undefined;
  #closing: Promise<void> | undefined;

  /** Listens and begins to start the hosts; each comes up (and again, if need be) on its own. */
  static async open(deps: WorkerDeps): Promise<WorkerContainer> {
    const container = new WorkerContainer(deps);
    await container.#open();
    return container;
  }

  private constructor(deps: WorkerDeps) {
    this.#deps = deps;
    this.#metrics = new MetricsManager(deps);
  }

  /**
   * Hosts end first (cleanup runs, at most `graceMs`), then what they reported is written, then the connections go.
   * A second call hurries: hosts still running are killed. Never rejects.
   */
  async close(graceMs: number): Promise<void> {
    const stopping = [...this.#keepers.values()].map((keeper) => keeper.stop(graceMs));
    this.#closing ??= this.#close(stopping);
    await this.#closing;
  }

  async #open(): Promise<void> {
    const { spec, conf, topology, clock, random, log } = this.#deps;
    const hosts = planHosts(spec);
    const streamManager = await StreamManager.open({
      ...this.#deps,
      log: log.child({ room: 'stream-manager' }),
      hosts: hosts.map((host) => ({ name: host.name, tasks: taskIdsOf(host) })),
      onHostReport: (host, message) => this.#hostReported(host, message),
    });
    this.#streamManager = streamManager;
    const metrics = this.#metrics;
    metrics.reportFlow(() => streamManager.flow());
    const shared: SharedHostDeps = {
      ...{ spec, conf, topology, clock, random, log },
      outlet: streamManager,
      metrics: metrics.registry,
      pidDir: pidDirOf(spec),
    };
    const heartbeatTimeoutMs = 1000 * confNumber(conf, 'supervisor.worker.timeout.secs', 30, 1);
    const stoppedMsMax = limitMs(confNumber(conf, 'egret.process.stopped.secs', 2));
    for (const host of hosts) {
      const keeper = new HostKeeper({
        ...{ streamManager, metrics, clock, random, log, heartbeatTimeoutMs, stoppedMsMax },
        name: host.name,
        tasks: taskIdsOf(host),
        make: (onExit) => makeHost(host, shared, onExit),
      });
      this.#keepers.set(host.name, keeper);
      keeper.start();
    }
    metrics.start();
    this.#checks = clock.every(checkMs, () => {
      for (const keeper of this.#keepers.values()) keeper.check();
    });
  }

  #hostReported(host: TaskHost, message: HostToStreamManager): void {
    if (message.type === 'heartbeat') this.#keepers.get(host.name)?.heard();
    this.#metrics.hostReported(host, message);
  }

  async #close(stopping: readonly Promise<void>[]): Promise<void> {
    this.#checks?.[Symbol.dispose]();
    await Promise.all(stopping);
    await this.#metrics.close(metricsCloseMs);
    this.#streamManager?.close();
  }
}
