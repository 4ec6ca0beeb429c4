import { type Clock, describeError, type JsonObject } from '../../../base/index.ts';
import { type OutgoingStreams, systemStreamIds, type TopologyIndex } from '../../../topology/index.ts';
import { ByteWriter, type JavaValue, java, ValueWriter } from '../../../tuple/index.ts';
import type { Outlet } from '../../links/index.ts';
import { BuiltinMetrics, type DataPoint, type TaskMetrics } from '../../metrics-manager/index.ts';
import { confNumber } from '../../spec/index.ts';
import { TargetFrames } from '../emitting/index.ts';
import { noAnchors } from './anchors.ts';
import { Emitter } from './emitter.ts';
import type { EmitMessage } from './messages.ts';
import { confFlag } from './settings.ts';
import type { ShellMetrics } from './shell-metrics.ts';

const consumerClass = 'org.apache.storm.metric.api.IMetricsConsumer';

export interface MetricsReportsOptions {
  readonly topology: TopologyIndex;
  readonly outgoing: OutgoingStreams;
  readonly outlet: Outlet;
  readonly clock: Clock;
  readonly conf: JsonObject;
  readonly metrics: TaskMetrics;
  readonly shellMetrics: ShellMetrics;
  /** The host and port of the worker, as Storm shows them. */
  readonly place: { readonly host: string; readonly port: number };
  readonly reportError: (text: string) => void;
}

/**
 * Sends what a shell task has measured to the metrics consumers of its topology
 * (`topology.metrics.consumer.register`), as Storm's executors do (Executor.metricsTick, 2.8). Every
 * `topology.builtin.metrics.bucket.size.secs` it sends what the child reports. With
 * `topology.enable.v2.metrics.tick` it also sends, every `topology.v2.metrics.tick.interval.seconds`, what
 * Storm measures of every task. Does nothing in a topology without consumers.
 */
export class MetricsReports {
  readonly #options: MetricsReportsOptions;
  readonly #emitter: Emitter;
  readonly #frames: TargetFrames;
  readonly #builtin: BuiltinMetrics;
  readonly #isHeard: boolean;
  readonly #shellSecs: number;
  readonly #builtinSecs: number;
  readonly #sendsBuiltin: boolean;

  /** Throws `CONFIG_INVALID` naming the key. */
  constructor(options: MetricsReportsOptions) {
    const { topology, outgoing, outlet, clock, conf, metrics } = options;
    const { taskId, componentId } = metrics.description;
    this.#options = options;
    // Its own, so that what the gateway emits does not count against the child's limits.
    this.#frames = new TargetFrames(taskId, outlet, clock);
    this.#emitter = new Emitter({ topology, outgoing, frames: this.#frames, metrics });
    this.#builtin = new BuiltinMetrics(metrics, clock.monotonicMs());
    this.#isHeard = topology.subscribersOf(componentId, systemStreamIds.metrics).length > 0;
    this.#shellSecs = confNumber(conf, 'topology.builtin.metrics.bucket.size.secs', 60, 1);
    this.#builtinSecs = confNumber(conf, 'topology.v2.metrics.tick.interval.seconds', 60, 1);
    this.#sendsBuiltin = confFlag(conf, 'topology.enable.v2.metrics.tick');
  }

  /** Called once a second; `second` counts them from 1 on. */
  everySecond(second: number): void {
    if (!this.#isHeard) return;
    const isShellDue = second % this.#shellSecs === 0;
    const isBuiltinDue = this.#sendsBuiltin && second % this.#builtinSecs === 0;
    try {
      const reported = isShellDue ? this.#options.shellMetrics.read() : [];
      const builtin = isBuiltinDue ? this.#builtin.read(this.#options.clock.monotonicMs()) : [];
      if (this.#shellSecs === this.#builtinSecs) {
        this.#send([...reported, ...builtin], this.#shellSecs);
        return;
      }
      this.#send(reported, this.#shellSecs);
      this.#send(builtin, this.#builtinSecs);
    } catch (error) {
      this.#options.reportError(describeError(error));
    }
  }

  #send(points: readonly DataPoint[], intervalSecs: number): void {
    if (points.length === 0) return;
    const values = [this.#taskInfo(intervalSecs), java.list(points.map(dataPoint))];
    const message: EmitMessage = {
      ...{ kind: 'emit', stream: systemStreamIds.metrics, values, task: 0 },
      ...{ anchors: [], idText: undefined, needsTaskIds: false },
    };
    for (const target of this.#emitter.choose(message)) this.#emitter.send(target, noAnchors);
    if (this.#emitter.refused !== undefined) this.#options.reportError(this.#emitter.refused.message);
    this.#frames.flush();
  }

  #taskInfo(intervalSecs: number): JavaValue {
    const { metrics, place, clock } = this.#options;
    const { taskId, componentId } = metrics.description;
    const timestamp = java.long(BigInt(Math.floor(clock.nowMs() / 1000)));
    return partsOf(`${consumerClass}$TaskInfo`, [
      ...[place.host, java.int(place.port), componentId, java.int(taskId)],
      ...[timestamp, java.int(intervalSecs)],
    ]);
  }
}

function dataPoint({ name, value }: DataPoint): JavaValue {
  return partsOf(`${consumerClass}$DataPoint`, [name, value, java.map([])]);
}

/** An object that a JVM makes of its parts. */
function partsOf(className: string, parts: readonly JavaValue[]): JavaValue {
  const out = new ByteWriter();
  new ValueWriter(out).writeAll(parts);
  const bytes = out.buffer.subarray(0, out.position);
  return { type: 'object', codec: 'parts', className, bytes, view: undefined };
}
