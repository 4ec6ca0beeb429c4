import type { Clock, JsonObject, Logger } from '../../base/index.ts';
import { containerNumber } from '../../config/index.ts';
import type { StateStore } from '../../coordination/index.ts';
import type { ContainerSpec, ErrorRecord, ExecutorStatsRecord, FlowRecord } from '../../records/index.ts';
import type { PackingPlan, PlannedContainer, TaskId } from '../../topology/index.ts';
import type { HostToStreamManager } from '../links/index.ts';
import { ErrorThrottle, errorThrottleLimits } from './error-throttle.ts';
import { MetricsRegistry } from './metrics-registry.ts';
import { ReportedExecutors } from './reported-executors.ts';
import { StoreWriter } from './store-writer.ts';

export interface MetricsManagerDeps {
  readonly spec: ContainerSpec;
  readonly conf: JsonObject;
  readonly store: StateStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** Whether the errors that a host reports have been throttled by the host. */
  readonly throttlesOwnErrors: (hostName: string) => boolean;
}

/** The sender of a report: a task host, reduced to what the metrics manager needs. */
export interface Reporter {
  readonly name: string;
  readonly tasks: readonly TaskId[];
}

/** A heartbeat is forgotten when this many in a row are missing. */
const heartbeatsMissedMax = 10;
const rotateMs = 1000;
const errorCharsMax = 16_384;

/**
 * Gathers the statistics and errors of a container's hosts and writes them to the state store: a heartbeat
 * every `egret.heartbeat.secs` and errors as they come. Errors, ends of hosts among them, are throttled as in
 * Storm, except those of a host that throttles its own.
 */
export class MetricsManager {
  readonly registry: MetricsRegistry;
  readonly #deps: MetricsManagerDeps;
  readonly #writer: StoreWriter;
  readonly #throttle: ErrorThrottle;
  readonly #container: PlannedContainer | undefined;
  readonly #startedAtMs: number;
  readonly #heartbeatMs: number;
  /** Host name -> the last statistics it sent. */
  readonly #statistics = new Map<string, readonly ExecutorStatsRecord[]>();
  readonly #reported: ReportedExecutors;
  readonly #restarts = new Map<string, number>();
  #timers: Disposable[] = [];
  #flow: (() => FlowRecord) | undefined;

  /** Throws `CONFIG_INVALID` naming the key. */
  constructor(deps: MetricsManagerDeps) {
    const { spec, conf, store, clock, log } = deps;
    const { topologyId, containerId } = spec;
    this.#deps = deps;
    this.registry = new MetricsRegistry(clock);
    this.#reported = new ReportedExecutors(clock);
    this.#startedAtMs = clock.monotonicMs();
    this.#heartbeatMs = 1000 * containerNumber(conf, 'egret.heartbeat.secs');
    this.#container = spec.plan.containers.find((each) => each.containerId === containerId);
    const heartbeatExpireMs = heartbeatsMissedMax * this.#heartbeatMs;
    this.#writer = new StoreWriter({ topologyId, containerId, store, clock, log, heartbeatExpireMs });
    this.#throttle = new ErrorThrottle(errorThrottleLimits(conf), this.#startedAtMs);
  }

  /** Writes the first heartbeat at once. */
  start(): void {
    const { clock } = this.#deps;
    this.#timers = [
      clock.every(rotateMs, () => {
        this.registry.rotate();
        this.#reported.rotate();
      }),
      clock.every(this.#heartbeatMs, () => this.#heartbeat()),
    ];
    this.#heartbeat();
  }

  /** Asked with each heartbeat from now on. */
  reportFlow(flow: () => FlowRecord): void {
    this.#flow = flow;
  }

  hostReported(host: Reporter, message: HostToStreamManager): void {
    switch (message.type) {
      case 'stats':
        this.#statistics.set(host.name, message.executors);
        this.#reported.report(host.name, message.totals);
        return;
      case 'error':
        this.#error(host.name, message.componentId, message.record);
        return;
      case 'fatal':
        this.faultOf(host, message.message);
        return;
      default:
        return;
    }
  }

  /** The host has ended and is started again: a fault of its components, and one more restart of each. */
  restarted(host: Reporter, why: string): void {
    this.faultOf(host, why);
    for (const componentId of this.#componentsOf(host)) {
      this.#restarts.set(componentId, (this.#restarts.get(componentId) ?? 0) + 1);
    }
  }

  /** A fault that concerns every component of a host. */
  faultOf(host: Reporter, text: string): void {
    const { clock } = this.#deps;
    const record: ErrorRecord = {
      error: text.slice(0, errorCharsMax),
      timeSecs: Math.floor(clock.nowMs() / 1000),
      host: this.#container?.hostname ?? 'localhost',
      port: this.#container?.slotPort ?? -1,
    };
    for (const componentId of this.#componentsOf(host)) this.#write(host.name, componentId, record);
  }

  /** The container runs by a new packing plan. */
  repack(packing: PackingPlan): void {
    const { containerId } = this.#deps.spec;
    const own = packing.tasks.filter((task) => task.containerId === containerId);
    this.registry.repack(own);
    this.#reported.keep(own.map(({ executor }) => executor));
  }

  /**
   * The host has ended. Its exact counts stay and continue in its next life; its sampled statistics are
   * dropped.
   */
  forget(host: Reporter): void {
    this.#statistics.delete(host.name);
    this.#reported.ended(host.name);
  }

  /** Writes what waits, at most `limitMs`, and removes the heartbeat. Idempotent; never rejects. */
  async close(limitMs: number): Promise<void> {
    for (const timer of this.#timers.splice(0)) timer[Symbol.dispose]();
    await this.#writer.close(limitMs);
  }

  #componentsOf(host: Reporter): ReadonlySet<string> {
    const own = new Set(host.tasks);
    const tasks = this.#deps.spec.plan.tasks.filter((task) => own.has(task.taskId));
    return new Set(tasks.map((task) => task.componentId));
  }

  #error(reporter: string, componentId: string, record: ErrorRecord): void {
    const cut = { ...record, error: record.error.slice(0, errorCharsMax) };
    if (this.#deps.throttlesOwnErrors(reporter)) this.#writer.error(componentId, cut);
    else this.#write(reporter, componentId, cut);
  }

  #write(reporter: string, componentId: string, record: ErrorRecord): void {
    const nowMs = this.#deps.clock.monotonicMs();
    if (this.#throttle.admit(`${reporter}/${componentId}`, nowMs)) this.#writer.error(componentId, record);
  }

  #heartbeat(): void {
    const { clock, spec } = this.#deps;
    this.#writer.heartbeat({
      containerId: spec.containerId,
      timeMs: clock.nowMs(),
      uptimeSecs: Math.floor((clock.monotonicMs() - this.#startedAtMs) / 1000),
      executors: [
        ...[...this.#statistics.values()].flat(),
        ...this.#reported.records(),
        ...this.registry.records(),
      ],
      ...(this.#restarts.size === 0 ? {} : { restarts: Object.fromEntries(this.#restarts) }),
      ...(this.#flow === undefined ? {} : { flow: this.#flow() }),
    });
  }
}
