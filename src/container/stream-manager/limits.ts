import type { BackoffLimits, JsonObject } from '../../base/index.ts';
import { containerNumber } from '../../config/index.ts';
import { frameBodyBytesMax, frameHeaderBytes } from '../../tuple/index.ts';
import type { Marks } from './route/water-marks.ts';

/**
 * Every bound of a stream manager. Set by the `egret.stream.manager.*` keys of the topology's configuration.
 */
export interface StreamManagerLimits {
  /** Bytes waiting for one destination from which on its tasks are reported as under pressure... */
  readonly queueHighBytes: number;
  /** ...and below which they no longer are. */
  readonly queueLowBytes: number;
  /**
   * Bytes waiting for one destination at which hosts are no longer read, or frames for an absent one are
   * dropped.
   */
  readonly queueBytesMax: number;
  /** The same three in tuples. */
  readonly queueHighTuples: number;
  readonly queueLowTuples: number;
  readonly queueTuplesMax: number;
  /** How long a full link may make no progress before its connection is closed: the peer has stopped. */
  readonly stallMs: number;
  /**
   * What reads in progress may still add to a queue once the hosts are paused. See {@link queueSlackBytes}.
   */
  readonly queueSlackBytes: number;
  /** How long an accepted connection may take to introduce itself, and a plan to name it. */
  readonly helloMs: number;
  /** Most connections that have not been accepted as peers yet. */
  readonly strangersMax: number;
  /** Pause before a peer is dialed again. */
  readonly reconnect: BackoffLimits;
}

const kibibyte = 1 << 10;

/**
 * The buffer that one read of a peer's connection fills. The link to a JVM reads as much
 * (task-hosts/jvm/link.ts).
 */
export const peerReadBytes = 256 * kibibyte;
/**
 * Links that the event loop may read in the pass in which a queue becomes full: those of hosts, and of peers
 * that forward.
 */
const readsInProgress = 64;
/** The frame that the first of these reads completes may be of the largest size. */
const largestFrameBytes = frameHeaderBytes + frameBodyBytesMax;
const queueSlackBytes = largestFrameBytes + readsInProgress * peerReadBytes;

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
    queueSlackBytes,
    helloMs: containerNumber(conf, 'egret.stream.manager.hello.ms'),
    strangersMax: 64,
    reconnect: { firstMs: 20, maxMs: 1000, factor: 2, jitter: 0.3 },
  };
}

/** The marks between which the tasks of a queue are under pressure. */
export function pressureMarks(limits: StreamManagerLimits): Marks {
  return {
    highBytes: limits.queueHighBytes,
    lowBytes: limits.queueLowBytes,
    highTuples: limits.queueHighTuples,
    lowTuples: limits.queueLowTuples,
  };
}

/** The marks of the hard bound: full from the bound on, until the queue is below the high mark. */
export function boundMarks(limits: StreamManagerLimits): Marks {
  return {
    highBytes: limits.queueBytesMax,
    lowBytes: limits.queueHighBytes,
    highTuples: limits.queueTuplesMax,
    lowTuples: limits.queueHighTuples,
  };
}
