import type { KeySchema } from './key-schema.ts';

const amount = { type: ['number', 'null'], minimum: 0 } as const;
const atLeast = (minimum: number) => ({ ...amount, minimum });
/** A timer of Node waits for at most 2^31 - 1 ms; a longer one ends at once. */
const timerSecs = (minimum: number) => ({ ...amount, minimum, maximum: 2_147_483 });
const timerMs = (minimum: number) => ({ ...amount, minimum, maximum: 2_147_483_647 });

/**
 * Keys that containers read, from the gateway's configuration or from a topology's own. Their defaults are where they
 * are read; here are their ranges, so that a misspelt key is found when the gateway starts, and a value that a container
 * cannot use when it starts or when a topology is submitted. Tests hold the two together.
 */
export const containerKeys: Readonly<Record<string, KeySchema>> = {
  'egret.acker.trees.max': {
    ...atLeast(1),
    description: 'Most tuple trees one acker outside a JVM follows at a time.',
  },
  'egret.heartbeat.secs': { ...timerSecs(0.1), description: 'How often a container reports its counts.' },
  'egret.jvm.queue.high.bytes': {
    ...atLeast(1024),
    description: 'Bytes waiting for a JVM above which its producers pause.',
  },
  'egret.jvm.queue.low.bytes': {
    ...amount,
    description: 'Bytes waiting for a JVM below which its producers go on.',
  },
  'egret.jvm.queue.max.bytes': { ...atLeast(65_536), description: 'Most bytes that may wait for a JVM.' },
  'egret.jvm.queue.high.tuples': {
    ...atLeast(1),
    description: 'Tuples waiting for a JVM above which its producers pause (131072).',
  },
  'egret.jvm.queue.low.tuples': {
    ...amount,
    description: 'Tuples waiting for a JVM below which its producers go on (32768).',
  },
  'egret.jvm.queue.max.tuples': {
    ...atLeast(1),
    description: 'Most tuples that may wait for a JVM (2097152).',
  },
  'egret.jvm.start.timeout.secs': {
    ...timerSecs(1),
    description: 'How long a JVM may take to start before it is started again.',
  },
  'egret.jvm.stats.secs': {
    ...timerSecs(1),
    description: 'How often a JVM reports its counts to its container.',
  },
  'egret.process.stopped.secs': {
    ...amount,
    description:
      'How long a process of a topology or the private Redis may stand still by a signal (SIGSTOP) before it is replaced (2); 0: for ever.',
  },
  'egret.shell.handshake.timeout.secs': {
    ...timerSecs(0),
    description: 'How long a shell component may take to answer its handshake.',
  },
  'egret.shell.pending.max.tuples': {
    ...atLeast(1),
    description:
      'Most tuples that a shell bolt may hold neither acked nor failed (1000000); beyond it the oldest are failed.',
  },
  'egret.shell.spout.pending.max.tuples': {
    ...atLeast(1),
    description: 'Most tuple trees of a shell spout that are followed at a time (1000000).',
  },
  'egret.shell.stdin.max.bytes': {
    ...atLeast(1),
    description:
      'Most bytes that may wait for a shell component to read (67108864); beyond it the child is ended.',
  },
  'egret.shell.message.bytes.max': {
    ...atLeast(1),
    description: 'Longest message that a shell component may write.',
  },
  'egret.shell.queue.bytes.high': {
    ...amount,
    description: 'Bytes waiting for a shell component above which its producers pause.',
  },
  'egret.shell.queue.bytes.low': {
    ...amount,
    description: 'Bytes waiting for a shell component below which its producers go on.',
  },
  'egret.shell.queue.max.bytes': {
    ...amount,
    description: 'Most bytes that may wait for a shell component (67108864); what comes beyond it is failed.',
  },
  'egret.shell.queue.max.tuples': {
    ...amount,
    description: 'Most tuples that may wait for a shell component (1048576); what comes beyond it is failed.',
  },
  'egret.shell.queue.tuples.high': {
    ...amount,
    description: 'Tuples waiting for a shell component above which its producers pause.',
  },
  'egret.shell.queue.tuples.low': {
    ...amount,
    description:
      'Tuples waiting for a shell component below which its producers go on; default: half of high.',
  },
  'egret.stream.manager.hello.ms': {
    ...timerMs(1),
    description: 'How long a peer may take to say who it is after it connected.',
  },
  'egret.stream.manager.queue.high.bytes': {
    ...atLeast(1024),
    description: 'Bytes waiting for one destination above which its producers pause.',
  },
  'egret.stream.manager.queue.high.tuples': {
    ...atLeast(1),
    description: 'Tuples waiting for one destination above which its producers pause (131072).',
  },
  'egret.stream.manager.queue.low.tuples': {
    ...amount,
    description: 'Tuples waiting for one destination below which its producers go on (32768).',
  },
  'egret.stream.manager.queue.max.tuples': {
    ...atLeast(1),
    description: 'Most tuples that may wait for one destination (2097152).',
  },
  'egret.stream.manager.stall.timeout.secs': {
    ...atLeast(0.01),
    description:
      'How long another container may take nothing of a full queue before its connection is given up (20).',
  },
  'egret.stream.manager.queue.low.bytes': {
    ...amount,
    description: 'Bytes waiting for one destination below which its producers go on.',
  },
  'egret.stream.manager.queue.max.bytes': {
    ...atLeast(65_536),
    description: 'Most bytes that may wait for one destination.',
  },
  'topology.egret.backpressure.mode': {
    type: 'string',
    enum: ['spout', 'drop'],
    description:
      'What is done while a component is under pressure: hold the spouts upstream of it (spout), or drop its tuples and fail their trees (drop; also: topology.droptuples.upon.backpressure). For a topology or for a component.',
  },
  'topology.egret.durable.streams': {
    type: ['array', 'null'],
    items: { type: 'string', minLength: 1 },
    description:
      'Streams ("component" for its default stream, or "component.stream") that go through the log: a tuple is acked when the log has it on the disk, and comes to its consumers whatever dies after that (docs/durable.md).',
  },
  'topology.egret.spill.streams': {
    type: ['array', 'null'],
    items: { type: 'string', minLength: 1 },
    description:
      'Streams whose backlog goes to the disk instead of holding the spouts back: as durable ones, but acked when the operating system has a tuple.',
  },
  'topology.egret.durable.partitions': {
    type: ['integer', 'null'],
    minimum: 1,
    maximum: 256,
    description:
      'Into how many streams of the log each durable stream is divided (1). Order is kept within one.',
  },
  'topology.egret.durable.backlog.max.bytes': {
    ...atLeast(65_536),
    description:
      'Bytes of a partition that its consumers have not come to above which its producers pause (68719476736).',
  },
  'topology.egret.durable.queue.high.bytes': {
    ...atLeast(1024),
    description:
      'Bytes that wait to be committed above which the producers of a durable stream pause (8388608); below half of it they go on.',
  },
  'topology.egret.durable.queue.high.tuples': {
    ...atLeast(1),
    description:
      'Tuples that wait to be committed above which the producers of a durable stream pause (131072).',
  },
  'topology.egret.durable.queue.max.bytes': {
    ...amount,
    description:
      'Most bytes of a partition that may wait to be committed (67108864); what comes beyond it is failed.',
  },
  'topology.egret.durable.queue.max.tuples': {
    ...amount,
    description:
      'Most tuples of a partition that may wait to be committed (1048576); what comes beyond it is failed.',
  },
  'topology.egret.durable.window.max.bytes': {
    ...atLeast(1),
    description:
      'Bytes of records that were read from the log and are not complete, above which no more are read (16777216).',
  },
  'topology.egret.durable.window.max.tuples': {
    ...atLeast(1),
    description:
      'Most tuples read from the log that are under way at a time, where topology.max.spout.pending does not say (65536; at most 1048576).',
  },
  'topology.egret.durable.retention.ms': {
    ...amount,
    description: 'How long what was processed stays in the log, to go back to (3600000).',
  },
  'topology.egret.durable.retention.bytes': {
    ...atLeast(65_536),
    description: 'Most bytes of a partition that stay in the log once they were processed (4294967296).',
  },
  'topology.egret.lost.trees.grace.ms': {
    ...timerMs(0),
    description:
      'After the loss of a process, trees that may have had a tuple in it fail when none of them completes for this long (500); 0: they wait for their timeout.',
  },
  'topology.egret.shell.task.ids.ahead': {
    type: 'boolean',
    description:
      "Whether Python children of ShellBolt and ShellSpout are told the task ids of their emits ahead, where these do not follow from the values (true): Storm's storm.py need not wait for them then.",
  },
  'topology.egret.output.rate.bytes.per.sec': {
    ...amount,
    description:
      'Most bytes that a component may emit in a second, all its tasks together (also: topology.component.output.bps).',
  },
  'topology.egret.output.rate.tuples.per.sec': {
    ...amount,
    description: 'Most tuples that a component may emit in a second, all its tasks together.',
  },
};
