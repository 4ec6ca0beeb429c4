import type { JsonObject } from '../../../base/index.ts';
import { confNumber } from '../../spec/index.ts';

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
  /** How often a worker reports its statistics. Storm's own 60 s are too rare to look at (executor.metrics.frequency.secs). */
  readonly statsSecs: number;
}

const mebibyte = 1 << 20;

/** Throws `CONFIG_INVALID` naming the key. Marks above the bound are lowered to it. */
export function jvmSettings(conf: JsonObject): JvmSettings {
  const queueBytesMax = confNumber(conf, 'egret.jvm.queue.max.bytes', 64 * mebibyte, 65_536);
  const queueHighBytes = Math.min(
    confNumber(conf, 'egret.jvm.queue.high.bytes', 4 * mebibyte, 1024),
    queueBytesMax,
  );
  const queueTuplesMax = confNumber(conf, 'egret.jvm.queue.max.tuples', 2_097_152, 1);
  const highTuples = confNumber(conf, 'egret.jvm.queue.high.tuples', 131_072, 1);
  const queueHighTuples = Math.min(highTuples, queueTuplesMax);
  return {
    queueHighTuples,
    queueLowTuples: Math.min(confNumber(conf, 'egret.jvm.queue.low.tuples', 32_768), queueHighTuples),
    queueTuplesMax,
    queueHighBytes,
    queueLowBytes: Math.min(confNumber(conf, 'egret.jvm.queue.low.bytes', mebibyte), queueHighBytes),
    queueBytesMax,
    helloMs: confNumber(conf, 'egret.jvm.start.timeout.secs', 60, 1) * 1000,
    statsSecs: confNumber(conf, 'egret.jvm.stats.secs', 3, 1),
  };
}
