import type { BackoffLimits, JsonObject } from '../../base/index.ts';
import { containerNumber } from '../../config/index.ts';
import type { Marks } from './route/water-marks.ts';

/** Every bound of a stream manager. Set by the `egret.stream.manager.*` keys of the topology's configuration. */
export interface StreamManagerLimits {
  /** Bytes waiting for one destination from which its tasks are reported as under pressure... */
  readonly queueHighBytes: number;
  /** ...and below which they no longer are. */
  readonly queueLowBytes: number;
  /** Bytes waiting for one destination at which hosts are no longer read, or frames for an absent one are dropped. */
  readonly queueBytesMax: number;
  /** The same three in tuples. */
  readonly queueHighTuples: number;
  readonly queueLowTuples: number;
  readonly queueTuplesMax: number;
  /** How long a full link may make no progress before its connection is given up: the peer has stopped. */
  readonly stallMs: number;
  /** What a read in progress may still add once hosts are paused: one largest frame and some reads. */
  readonly queueSlackBytes: number;
  /** How long an accepted connection may take to say who it is, and a plan to name it. */
  readonly helloMs: number;
  /** Accepted connections that have not yet said who they are. */
  readonly strangersMax: number;
  /** Pause before a peer is dialed again. */
  readonly reconnect: BackoffLimits;
}

const mebibyte = 1 << 20;

/** Throws `CONFIG_INVALID` naming the key. Marks above the bound are lowered to it. */
export function streamManagerLimits(conf: JsonObject): StreamManagerLimits {
  const queueBytesMax = containerNumber(conf, 'egret.stream.manager.queue.max.bytes');
  const high = containerNumber(conf, 'egret.stream.manager.queue.high.bytes');
  const low = containerNumber(conf, 'egret.stream.manager.queue.low.bytes');
  const queueHighBytes = Math.min(high, queueBytesMax);
  const queueTuplesMax = containerNumber(conf, 'egret.stream.manager.queue.max.tuples');
  const highTuples = containerNumber(conf, 'egret.stream.manager.queue.high.tuples');
  const lowTuples = containerNumber(conf, 'egret.stream.manager.queue.low.tuples');
  const queueHighTuples = Math.min(highTuples, queueTuplesMax);
  return {
    queueHighBytes,
    queueLowBytes: Math.min(low, queueHighBytes),
    queueBytesMax,
    queueHighTuples,
    queueLowTuples: Math.min(lowTuples, queueHighTuples),
    queueTuplesMax,
    stallMs: 1000 * containerNumber(conf, 'egret.stream.manager.stall.timeout.secs'),
    queueSlackBytes: 32 * mebibyte,
    helloMs: containerNumber(conf, 'egret.stream.manager.hello.ms'),
    strangersMax: 64,
    reconnect: { firstMs: 20, maxMs: 1000, factor: 2, jitter: 0.3 },
  };
}

/** Marks of the pressure that a queue stands for. */
export function pressureMarks(limits: StreamManagerLimits): Marks {
  return {
    highBytes: limits.queueHighBytes,
    lowBytes: limits.queueLowBytes,
    highTuples: limits.queueHighTuples,
    lowTuples: limits.queueLowTuples,
  };
}

/** Marks of the hard bound: reached at it, and left below the high mark. */
export function boundMarks(limits: StreamManagerLimits): Marks {
  return {
    highBytes: limits.queueBytesMax,
    lowBytes: limits.queueHighBytes,
    highTuples: limits.queueTuplesMax,
    lowTuples: limits.queueHighTuples,
  };
}
