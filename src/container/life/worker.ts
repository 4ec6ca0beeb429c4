import {
  type Clock,
  type Deferred,
  deferred,
  describeError,
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
import { type HostKind, hostKinds } from '../task-hosts/kinds.ts';
import {
  kindOfHost,
  type PlannedHost,
  planHosts,
  taskIdsOf,
  tasksThatForget,
} from '../task-hosts/planned-hosts.ts';
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
  /** The kinds of task hosts. Absent: {@link hostKinds}. */
  readonly kinds?: readonly HostKind[];
}

const checkMs = 1000;
const metricsCloseMs = 500;
const graceSecsDefault = 3;
/**
 * How long a host whose tasks leave may take to process what it has. The master waits longer than this and
 * the grace.
 */
const drainMs = 5000;
/** How often a container that leaves the topology checks whether it is done. */
const settleLookMs = 20;

/**
 * Container 1..N: a stream manager, a metrics manager, the client of the topology master, and a keeper for
 * each host of its tasks. It applies packing plans one after the other while it runs: first the routes, then
 * the hosts that start and end, then it notifies the master.
 */
export class WorkerContainer {
  readonly #deps: WorkerDeps;
  readonly #kinds: readonly HostKind[];
  readonly #metrics: MetricsManager;
  readonly #roster: HostRoster;
  readonly #log: ContainerLog;
  readonly #left: Deferred<string> = deferred();
  /** The packing plan by which routes are made and hosts start. */
  #packing: PackingPlan;
  /** Version of the newest packing plan that is applied or waits to be. Invariant: never decreases. */
  #versionAsked: number;
  #moving: Promise<void> = Promise.resolve();
  /**
   * Version of the plan applied, its hosts included. Invariant: #versionHeld <= #packing.version <=
   * #versionAsked.
   */
  #versionHeld: number;
  #streamManager: StreamManager | undefined;
  #master: MasterClient | undefined;
  #checks: Disposable | undefined;
  #closing: Promise<void> | undefined;

  /** Listens and starts the hosts, without waiting until they are up. */
  static async open(deps: WorkerDeps): Promise<WorkerContainer> {
    const container = new WorkerContainer(deps);
    await container.#open();
    return container;
  }

  private constructor(deps: WorkerDeps) {
    this.#deps = deps;
    this.#kinds = deps.kinds ?? hostKinds;
    this.#metrics = new MetricsManager({
      ...deps,
      throttlesOwnErrors: (hostName) => kindOfHost(hostName, this.#kinds)?.throttlesOwnErrors === true,
    });
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

  /**
   * Resolves with the reason when a packing plan has left this container out and it has handed on what it
   * held.
   */
  get left(): Promise<string> {
    return this.#left.promise;
  }

  /**
   * Ends the hosts (cleanup runs, for `graceMs` at most), then writes what they reported, then closes the
   * connections. A second call with less grace shortens the wait. Never rejects.
   */
  async close(graceMs: number): Promise<void> {
    const stopping = this.#roster.stop(graceMs);
    this.#closing ??= this.#close(stopping);
    await this.#closing;
  }

  async #open(): Promise<void> {
    const { spec, clock, log } = this.#deps;
    const hosts = planHosts(spec.plan, spec.containerId, this.#kinds);
    this.#streamManager = await StreamManager.open({
      ...this.#deps,
      log: log.child({ room: 'stream-manager' }),
      hosts: hosts.map(placeOf),
      tasksThatForget: (before, after) => tasksThatForget(before, after, this.#kinds),
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
        return host.kind.make({
          ...{ conf, topology, clock, random, tasks: host.tasks, onExit },
          log: log.child({ host: host.name }),
          // A host that restarts gets the packing plan of that moment.
          spec: { ...spec, plan: this.#packing },
          outlet: streamManager,
          metrics: metrics.registry,
          pidDir: pidDirOf(spec),
          openLog: () => this.#log.open(),
        });
      },
    });
  }

  #packed(packing: PackingPlan): void {
    const { log, spec } = this.#deps;
    if (packing.topologyId !== spec.topologyId || packing.version <= this.#versionAsked) {
      log.info({ event: 'packing.ignored', version: packing.version, versionHeld: this.#versionAsked });
      return;
    }
    let hosts: readonly PlannedHost[];
    try {
      hosts = planHosts(packing, spec.containerId, this.#kinds);
    } catch (error) {
      log.error({ event: 'packing.refused', version: packing.version, reason: describeError(error) });
      return;
    }
    this.#versionAsked = packing.version;
    this.#moving = this.#moving.then(() => this.#take(packing, hosts));
  }

  /** Never rejects. */
  async #take(packing: PackingPlan, hosts: readonly PlannedHost[]): Promise<void> {
    if (this.#closing !== undefined) return;
    const { containerId } = this.#deps.spec;
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
