import {
  type Clock,
  type Deferred,
  deferred,
  type JsonObject,
  type Logger,
  type RandomSource,
} from '../../base/index.ts';
import { containerNumber } from '../../config/index.ts';
import type { StateStore } from '../../coordination/index.ts';
import type { ContainerSpec } from '../../records/index.ts';
import type { PackingPlan, TopologyIndex } from '../../topology/index.ts';
import type { HostToStreamManager, Network, TaskHost } from '../links/index.ts';
import { MetricsManager } from '../metrics-manager/index.ts';
import { confNumber, limitMs } from '../spec/index.ts';
import { StreamManager } from '../stream-manager/index.ts';
import { makeHost, type PlannedHost, planHosts, taskIdsOf } from './container-hosts.ts';
import { ContainerLog } from './container-log.ts';
import { HostKeeper } from './host-keeper.ts';
import { HostRoster, placeOf } from './host-roster.ts';
import { MasterClient } from './master-client.ts';
import { pidDirOf } from './prepare.ts';

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
const graceSecsDefault = 3;
/** What a host whose tasks leave may take to work off what it has. The master waits longer than this and the grace. */
const drainMs = 5000;
/** How often a container that leaves looks whether it is done. */
const settleLookMs = 20;

/**
 * Container 1..N: a stream manager, a metrics manager, and a keeper for each host of its tasks. It takes over packing plans
 * one after the other while it runs: routes first, then the hosts that come and go, then the master is told.
 */
export class WorkerContainer {
  readonly #deps: WorkerDeps;
  readonly #metrics: MetricsManager;
  readonly #roster: HostRoster;
  readonly #log: ContainerLog;
  readonly #left: Deferred<string> = deferred();
  #packing: PackingPlan;
  /** Version of the newest packing plan that is applied or waits to be. */
  #versionAsked: number;
  #moving: Promise<void> = Promise.resolve();
  /** Version of the packing plan that this container has applied, its hosts included. */
  #versionHeld: number;
  #streamManager: StreamManager | undefined;
  #master: MasterClient | undefined;
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
    this.#log = new ContainerLog(deps);
    this.#packing = deps.spec.plan;
    this.#versionAsked = this.#packing.version;
    this.#versionHeld = this.#packing.version;
    const graceSecs = confNumber(deps.conf, 'supervisor.worker.shutdown.sleep.secs', graceSecsDefault);
    this.#roster = new HostRoster({
      ...{ drainMs, graceMs: 1000 * graceSecs },
      makeKeeper: (host) => this.#makeKeeper(host),
    });
  }

  /** Resolves with the reason when a plan has left this container out, and it has handed on what it held. */
  get left(): Promise<string> {
    return this.#left.promise;
  }

  /**
   * Hosts end first (cleanup runs, at most `graceMs`), then what they reported is written, then the connections go.
   * A second call hurries: hosts still running are killed. Never rejects.
   */
  async close(graceMs: number): Promise<void> {
    const stopping = this.#roster.stop(graceMs);
    this.#closing ??= this.#close(stopping);
    await this.#closing;
  }

  async #open(): Promise<void> {
    const { spec, clock, log } = this.#deps;
    const hosts = planHosts(spec.plan, spec.containerId);
    this.#streamManager = await StreamManager.open({
      ...this.#deps,
      log: log.child({ room: 'stream-manager' }),
      hosts: hosts.map(placeOf),
      onHostReport: (host, message) => this.#hostReported(host, message),
    });
    const streamManager = this.#streamManager;
    this.#master = new MasterClient({
      ...this.#deps,
      address: streamManager.address,
      epochHeld: () => streamManager.physical?.epoch ?? 0,
      packingHeld: () => this.#versionHeld,
      onPhysical: (physical) => streamManager.applyPhysical(physical),
      onPacking: (packing) => this.#packed(packing),
    });
    this.#master.start();
    this.#metrics.reportFlow(() => streamManager.flow());
    await this.#roster.move(hosts);
    this.#metrics.start();
    this.#checks = clock.every(checkMs, () => this.#roster.check());
  }

  #makeKeeper(host: PlannedHost): HostKeeper {
    const { spec, conf, topology, clock, random, log } = this.#deps;
    const [streamManager, metrics] = [this.#streamManager!, this.#metrics];
    return new HostKeeper({
      ...{ streamManager, metrics, clock, random, log },
      heartbeatTimeoutMs: 1000 * confNumber(conf, 'supervisor.worker.timeout.secs', 30, 1),
      stoppedMsMax: limitMs(containerNumber(conf, 'egret.process.stopped.secs')),
      name: host.name,
      tasks: taskIdsOf(host),
      make: (onExit) => {
        const shared = {
          ...{ conf, topology, clock, random, log },
          // Each life begins with the plan of its moment.
          spec: { ...spec, plan: this.#packing },
          outlet: streamManager,
          metrics: metrics.registry,
          pidDir: pidDirOf(spec),
          openLog: () => this.#log.open(),
        };
        return makeHost(host, shared, onExit);
      },
    });
  }

  #packed(packing: PackingPlan): void {
    const { log, spec } = this.#deps;
    if (packing.topologyId !== spec.topologyId || packing.version <= this.#versionAsked) {
      log.info({ event: 'packing.ignored', version: packing.version, versionHeld: this.#versionAsked });
      return;
    }
    this.#versionAsked = packing.version;
    this.#moving = this.#moving.then(() => this.#take(packing));
  }

  /** Never rejects. */
  async #take(packing: PackingPlan): Promise<void> {
    if (this.#closing !== undefined) return;
    const { containerId } = this.#deps.spec;
    const hosts = planHosts(packing, containerId);
    this.#packing = packing;
    this.#metrics.repack(packing);
    this.#streamManager!.repack(packing, hosts.map(placeOf));
    await this.#roster.move(hosts);
    this.#versionHeld = packing.version;
    this.#master!.took(packing.version);
    if (!packing.containers.some((container) => container.containerId === containerId)) await this.#handOn();
  }

  async #handOn(): Promise<void> {
    while (this.#closing === undefined && !this.#streamManager!.isSettled)
      await this.#deps.clock.sleep(settleLookMs);
    this.#left.resolve(`packing plan ${this.#packing.version} has no place for this container`);
  }

  #hostReported(host: TaskHost, message: HostToStreamManager): void {
    if (message.type === 'heartbeat') this.#roster.heard(host.name);
    this.#metrics.hostReported(host, message);
  }

  async #close(stopping: Promise<void>): Promise<void> {
    this.#checks?.[Symbol.dispose]();
    await stopping;
    await this.#moving;
    await this.#log.close();
    await this.#metrics.close(metricsCloseMs);
    this.#master?.close();
    this.#streamManager?.close();
  }
}
