import type { JsonObject } from '../../../base/index.ts';
import { containerNumber } from '../../../config/index.ts';

/** Every bound of a JVM host, from the `egret.jvm.*` keys of the topology's configuration. */
export interface JvmSettings {
  /** Bytes waiting for the JVM from which its tasks are under pressure... */
  readonly queueHighBytes: number;
  /** ...and below which they no longer are. */
  readonly queueLowBytes: number;
  /** Bytes waiting for the JVM at which frames for it are dropped (their trees time out). */
  readonly queueBytesMax: number;
  /** The same three in tuples. */
  readonly queueHighTuples: number;
  readonly queueLowTuples: number;
  readonly queueTuplesMax: number;
  /** How long a JVM may take from its start to its first message. */
  readonly helloMs: number;
  /**
   * How often a worker reports its statistics. Storm's own 60 s are too rare to look at
   * (executor.metrics.frequency.secs).
   */
  readonly statsSecs: number;
}

/** Throws `CONFIG_INVALID` naming the key. Marks above the bound are lowered to it. */
export function jvmSettings(conf: JsonObject): JvmSettings {
  const queueBytesMax = containerNumber(conf, 'egret.jvm.queue.max.bytes');
  const queueHighBytes = Math.min(containerNumber(conf, 'egret.jvm.queue.high.bytes'), queueBytesMax);
  const queueTuplesMax = containerNumber(conf, 'egret.jvm.queue.max.tuples');
  const highTuples = containerNumber(conf, 'egret.jvm.queue.high.tuples');
  const queueHighTuples = Math.min(highTuples, queueTuplesMax);
  return {
    queueHighTuples,
    queueLowTuples: Math.min(containerNumber(conf, 'egret.jvm.queue.low.tuples'), queueHighTuples),
    queueTuplesMax,
    queueHighBytes,
    queueLowBytes: Math.min(containerNumber(conf, 'egret.jvm.queue.low.bytes'), queueHighBytes),
    queueBytesMax,
    helloMs: containerNumber(conf, 'egret.jvm.start.timeout.secs') * 1000,
    statsSecs: containerNumber(conf, 'egret.jvm.stats.secs'),
  };
}
