import { GatewayError, type JsonObject } from '../../../base/index.ts';
import { containerNumber, derivedNumber } from '../../../config/index.ts';
import { confNumber } from '../../spec/index.ts';

export interface ShellSettings {
  /**
   * How long a child may answer nothing: `topology.subprocess.timeout.secs`, else
   * `supervisor.worker.timeout.secs`.
   */
  readonly silenceMsMax: number;
  /**
   * How long the answer to the handshake may take: `egret.shell.handshake.timeout.secs`, else
   * `supervisor.worker.start.timeout.secs`.
   */
  readonly handshakeMsMax: number;
  /** `topology.message.timeout.secs`; undefined when `topology.enable.message.timeouts` is false. */
  readonly messageTimeoutMs: number | undefined;
  /**
   * How long trees that may have lost a tuple are given to complete: `topology.egret.lost.trees.grace.ms`; 0:
   * their timeout.
   */
  readonly lostTreesGraceMs: number;
  /** `topology.max.spout.pending`; infinite when it is not set. */
  readonly spoutPendingMax: number;
  /** Pause after a `next` that emitted nothing: `topology.sleep.spout.wait.strategy.time.ms`. */
  readonly spoutWaitMs: number;
  /** `topology.tick.tuple.freq.secs`; undefined: no ticks. */
  readonly tickMs: number | undefined;
  /**
   * Tuples that may have been sent to the child and that it has not reached:
   * `topology.shellbolt.max.pending`. The others wait here.
   */
  readonly writtenTuplesMax: number;
  /**
   * Tuples that a bolt's child may hold unacked: `egret.shell.pending.max.tuples`. Beyond it the oldest are
   * failed.
   */
  readonly heldTuplesMax: number;
  /**
   * Trees of a spout, and news of ended ones, that may wait at a time:
   * `egret.shell.spout.pending.max.tuples`.
   */
  readonly spoutTreesMax: number;
  /** Bytes that may wait to be read by the child before it is ended: `egret.shell.stdin.max.bytes`. */
  readonly stdinBytesMax: number;
  /**
   * Marks of the tuples that wait for the child. Above one of the high marks the task is under pressure,
   * below both low ones no more.
   */
  readonly queue: QueueMarks;
  /** Characters of one message of the child: `egret.shell.message.max.bytes`. */
  readonly messageBytesMax: number;
  /** `topology.egret.shell.task.ids.ahead`. */
  readonly sendsTaskIdsAhead: boolean;
}

export interface QueueMarks {
  /** `egret.shell.queue.high.bytes` and `egret.shell.queue.low.bytes`. */
  readonly highBytes: number;
  readonly lowBytes: number;
  /**
   * `egret.shell.queue.high.tuples`, else `topology.executor.receive.buffer.size`;
   * `egret.shell.queue.low.tuples`, else half of it.
   */
  readonly highTuples: number;
  readonly lowTuples: number;
  /** Where frames are refused: `egret.shell.queue.max.bytes` and `egret.shell.queue.max.tuples`. */
  readonly bytesMax: number;
  readonly tuplesMax: number;
}

/** What `topology.shellbolt.max.pending: null` comes to. */
const unlimitedTuples = 1 << 20;

/** Throws `CONFIG_INVALID` naming a key whose value is no number. */
export function readShellSettings(conf: JsonObject): ShellSettings {
  const secondsToMs = (key: string, fallback: number): number => confNumber(conf, key, fallback) * 1000;
  const optional = (key: string): number | undefined =>
    conf[key] === undefined || conf[key] === null ? undefined : confNumber(conf, key, 0);
  const tickSecs = optional('topology.tick.tuple.freq.secs');
  const highBytes = containerNumber(conf, 'egret.shell.queue.high.bytes');
  const highTuples = derivedNumber(
    conf,
    'egret.shell.queue.high.tuples',
    confNumber(conf, 'topology.executor.receive.buffer.size', 32_768),
  );
  return {
    silenceMsMax: secondsToMs(
      'topology.subprocess.timeout.secs',
      confNumber(conf, 'supervisor.worker.timeout.secs', 30),
    ),
    handshakeMsMax:
      1000 *
      derivedNumber(
        conf,
        'egret.shell.handshake.timeout.secs',
        confNumber(conf, 'supervisor.worker.start.timeout.secs', 120),
      ),
    messageTimeoutMs:
      conf['topology.enable.message.timeouts'] === false
        ? undefined
        : secondsToMs('topology.message.timeout.secs', 30),
    lostTreesGraceMs: containerNumber(conf, 'topology.egret.lost.trees.grace.ms'),
    spoutPendingMax: optional('topology.max.spout.pending') ?? Number.POSITIVE_INFINITY,
    spoutWaitMs: confNumber(
      conf,
      'topology.sleep.spout.wait.strategy.time.ms',
      confNumber(conf, 'topology.spout.wait.progressive.level3.sleep.millis', 1),
    ),
    tickMs: tickSecs === undefined || tickSecs === 0 ? undefined : tickSecs * 1000,
    writtenTuplesMax: Math.max(1, optional('topology.shellbolt.max.pending') ?? unlimitedTuples),
    heldTuplesMax: containerNumber(conf, 'egret.shell.pending.max.tuples'),
    spoutTreesMax: containerNumber(conf, 'egret.shell.spout.pending.max.tuples'),
    stdinBytesMax: containerNumber(conf, 'egret.shell.stdin.max.bytes'),
    queue: {
      highBytes,
      lowBytes: Math.min(highBytes, derivedNumber(conf, 'egret.shell.queue.low.bytes', highBytes / 2)),
      highTuples,
      lowTuples: Math.min(highTuples, derivedNumber(conf, 'egret.shell.queue.low.tuples', highTuples / 2)),
      bytesMax: Math.max(highBytes, containerNumber(conf, 'egret.shell.queue.max.bytes')),
      tuplesMax: Math.max(highTuples, containerNumber(conf, 'egret.shell.queue.max.tuples')),
    },
    messageBytesMax: containerNumber(conf, 'egret.shell.message.max.bytes'),
    sendsTaskIdsAhead: conf['topology.egret.shell.task.ids.ahead'] !== false,
  };
}

export function confFlag(conf: JsonObject, key: string): boolean {
  return conf[key] === true;
}

const jsonSerializer = 'org.apache.storm.multilang.JsonSerializer';

/**
 * Throws `CONFIG_INVALID` for another serializer than JSON: it is a Java class that this side cannot run, and
 * the child speaks it.
 */
export function checkSerializer(conf: JsonObject, componentId: string): void {
  const serializer = conf['topology.multilang.serializer'] ?? jsonSerializer;
  if (serializer === jsonSerializer) return;
  throw new GatewayError(
    'CONFIG_INVALID',
    `component ${componentId}: topology.multilang.serializer is ${JSON.stringify(serializer)}, a Java class; shell components speak JSON here (${jsonSerializer})`,
    { facts: { componentId, serializer } },
  );
}
