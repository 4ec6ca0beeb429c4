import type { JsonObject } from '../../../base/index.ts';
import { containerNumber } from '../../../config/index.ts';
import { confNumber } from '../../spec/index.ts';

const mebibyte = 1 << 20;
/** Slots of a window are numbered in so many bits of a root id. */
export const windowTuplesLimit = 1 << 20;

export interface SinkSettings {
  /**
   * Bytes and tuples that wait to be committed: above high the sink is under pressure, below low no more,
   * beyond max it takes none.
   */
  readonly highBytes: number;
  readonly lowBytes: number;
  readonly bytesMax: number;
  readonly highTuples: number;
  readonly lowTuples: number;
  readonly tuplesMax: number;
  /**
   * Bytes of the log that the source has not reached yet. Above max the sink is under pressure, until they
   * fall below low.
   */
  readonly backlogBytesMax: number;
  readonly backlogBytesLow: number;
  /** A segment of the log is followed by a new one at this size and age. */
  readonly rollBytes: number;
  readonly rollAfterMs: number;
}

/** Throws `CONFIG_INVALID` naming the key. */
export function readSinkSettings(conf: JsonObject): SinkSettings {
  const highBytes = containerNumber(conf, 'topology.egret.durable.queue.high.bytes');
  const highTuples = containerNumber(conf, 'topology.egret.durable.queue.high.tuples');
  const backlogBytesMax = containerNumber(conf, 'topology.egret.durable.backlog.max.bytes');
  const retention = readRetention(conf);
  // What is behind is counted by segments, and so is what is kept: an eighth is how exact that is.
  const rollBytes = Math.min(128 * mebibyte, backlogBytesMax / 8, retention.bytesMax / 8);
  return {
    ...{ highBytes, lowBytes: highBytes / 2, highTuples, lowTuples: highTuples / 2 },
    bytesMax: Math.max(highBytes, containerNumber(conf, 'topology.egret.durable.queue.max.bytes')),
    tuplesMax: Math.max(highTuples, containerNumber(conf, 'topology.egret.durable.queue.max.tuples')),
    backlogBytesMax,
    backlogBytesLow: 0.75 * backlogBytesMax,
    rollBytes: Math.max(65_536, Math.floor(rollBytes)),
    rollAfterMs: Math.max(1000, Math.min(2 * 3_600_000, retention.ageMs / 4)),
  };
}

export interface SourceSettings {
  /**
   * Tuples whose trees are not complete: `topology.max.spout.pending`, else
   * `topology.egret.durable.window.max.tuples`.
   */
  readonly tuplesMax: number;
  /** Bytes of records that were read and are not complete. */
  readonly bytesMax: number;
  /** `topology.message.timeout.secs`; undefined when `topology.enable.message.timeouts` is false. */
  readonly messageTimeoutMs: number | undefined;
  readonly lostTreesGraceMs: number;
  readonly retention: Retention;
}

/** What is kept behind the position, to go back to. */
export interface Retention {
  readonly ageMs: number;
  readonly bytesMax: number;
}

/** Throws `CONFIG_INVALID` naming the key. */
export function readSourceSettings(conf: JsonObject): SourceSettings {
  const windowTuples = containerNumber(conf, 'topology.egret.durable.window.max.tuples');
  const timeoutSecs = confNumber(conf, 'topology.message.timeout.secs', 30, 0.001);
  return {
    tuplesMax: Math.min(windowTuplesLimit, confNumber(conf, 'topology.max.spout.pending', windowTuples, 1)),
    bytesMax: containerNumber(conf, 'topology.egret.durable.window.max.bytes'),
    messageTimeoutMs: conf['topology.enable.message.timeouts'] === false ? undefined : 1000 * timeoutSecs,
    lostTreesGraceMs: containerNumber(conf, 'topology.egret.lost.trees.grace.ms'),
    retention: readRetention(conf),
  };
}

function readRetention(conf: JsonObject): Retention {
  return {
    ageMs: containerNumber(conf, 'topology.egret.durable.retention.ms'),
    bytesMax: containerNumber(conf, 'topology.egret.durable.retention.bytes'),
  };
}
