import type { KeySchema } from './key-schema.ts';

const amount = { type: ['number', 'null'], minimum: 0 } as const;
const atLeast = (minimum: number) => ({ ...amount, minimum });
/** A Node timer waits for at most 2^31 - 1 ms; a longer one fires at once. */
const timerSecs = (minimum: number) => ({ ...amount, minimum, maximum: 2_147_483 });
const timerMs = (minimum: number) => ({ ...amount, minimum, maximum: 2_147_483_647 });
const streams = { type: ['array', 'null'], items: { type: 'string', minLength: 1 } } as const;

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;
const gibibyte = 1024 * mebibyte;

/**
 * Keys that containers read from the gateway's configuration or from a topology's own. Containers take the
 * default and the least value from here (`container-values.ts`); the gateway checks the range when it starts
 * and when a topology is submitted. A default is not merged into `conf.json`, so that a key can fall back to
 * another one (`whenUnset`).
 */
export const containerKeys = {
  'egret.acker.trees.max': {
    ...{ ...atLeast(1), default: 4_000_000 },
    description: 'Maximum number of tuple trees that one acker outside a JVM tracks at a time.',
  },
  'egret.heartbeat.secs': {
    ...{ ...timerSecs(0.1), default: 3 },
    description: 'How often a container reports its counts to the gateway.',
  },
  'egret.jvm.queue.high.bytes': {
    ...{ ...atLeast(kibibyte), default: 4 * mebibyte },
    description: 'Producers pause when more bytes than this wait for a JVM (high watermark).',
  },
  'egret.jvm.queue.low.bytes': {
    ...{ ...amount, default: mebibyte },
    description: 'Producers resume when fewer bytes than this wait for a JVM (low watermark).',
  },
  'egret.jvm.queue.max.bytes': {
    ...{ ...atLeast(64 * kibibyte), default: 64 * mebibyte },
    description: 'Maximum number of bytes that wait for a JVM. Frames beyond it are dropped.',
  },
  'egret.jvm.queue.high.tuples': {
    ...{ ...atLeast(1), default: 131_072 },
    description: 'Producers pause when more tuples than this wait for a JVM (high watermark).',
  },
  'egret.jvm.queue.low.tuples': {
    ...{ ...amount, default: 32_768 },
    description: 'Producers resume when fewer tuples than this wait for a JVM (low watermark).',
  },
  'egret.jvm.queue.max.tuples': {
    ...{ ...atLeast(1), default: 2_097_152 },
    description: 'Maximum number of tuples that wait for a JVM. Frames beyond it are dropped.',
  },
  'egret.jvm.start.timeout.secs': {
    ...{ ...timerSecs(1), default: 60 },
    description: 'How long a JVM may take to start before the container restarts it.',
  },
  'egret.jvm.stats.secs': {
    ...{ ...timerSecs(1), default: 3 },
    description: 'How often a JVM reports its counts to its container.',
  },
  'egret.process.stopped.secs': {
    ...{ ...amount, default: 2 },
    description:
      'How long a process of a topology, or the private Redis, may be suspended by a signal (SIGSTOP) before it is replaced. 0 disables the check.',
  },
  'egret.shell.handshake.timeout.secs': {
    ...timerSecs(0),
    whenUnset: '`supervisor.worker.start.timeout.secs`',
    description: 'How long a shell component may take to answer the handshake.',
  },
  'egret.shell.message.max.bytes': {
    ...{ ...atLeast(1), default: 64 * mebibyte },
    description: 'Maximum length of one message from a shell component.',
  },
  'egret.shell.pending.max.tuples': {
    ...{ ...atLeast(1), default: 1_000_000 },
    description:
      'Maximum number of tuples that a shell bolt holds without acking or failing them. Beyond it the oldest tuples are failed.',
  },
  'egret.shell.queue.high.bytes': {
    ...{ ...amount, default: 8 * mebibyte },
    description: 'Producers pause when more bytes than this wait for a shell component (high watermark).',
  },
  'egret.shell.queue.low.bytes': {
    ...amount,
    whenUnset: 'half of `egret.shell.queue.high.bytes`',
    description: 'Producers resume when fewer bytes than this wait for a shell component (low watermark).',
  },
  'egret.shell.queue.max.bytes': {
    ...{ ...amount, default: 64 * mebibyte },
    description: 'Maximum number of bytes that wait for a shell component. Tuples beyond it are failed.',
  },
  'egret.shell.queue.high.tuples': {
    ...amount,
    whenUnset: '`topology.executor.receive.buffer.size`',
    description: 'Producers pause when more tuples than this wait for a shell component (high watermark).',
  },
  'egret.shell.queue.low.tuples': {
    ...amount,
    whenUnset: 'half of `egret.shell.queue.high.tuples`',
    description: 'Producers resume when fewer tuples than this wait for a shell component (low watermark).',
  },
  'egret.shell.queue.max.tuples': {
    ...{ ...amount, default: 1_048_576 },
    description: 'Maximum number of tuples that wait for a shell component. Tuples beyond it are failed.',
  },
  'egret.shell.spout.pending.max.tuples': {
    ...{ ...atLeast(1), default: 1_000_000 },
    description: 'Maximum number of tuple trees of a shell spout that are tracked at a time.',
  },
  'egret.shell.stdin.max.bytes': {
    ...{ ...atLeast(1), default: 64 * mebibyte },
    description:
      'Maximum number of bytes written to a shell component that it has not read yet. Beyond it the component is killed and restarted.',
  },
  'egret.stream.manager.hello.ms': {
    ...{ ...timerMs(1), default: 3000 },
    description: 'How long another container may take to identify itself after it connects.',
  },
  'egret.stream.manager.queue.high.bytes': {
    ...{ ...atLeast(kibibyte), default: 4 * mebibyte },
    description: 'Producers pause when more bytes than this wait for one destination (high watermark).',
  },
  'egret.stream.manager.queue.high.tuples': {
    ...{ ...atLeast(1), default: 131_072 },
    description: 'Producers pause when more tuples than this wait for one destination (high watermark).',
  },
  'egret.stream.manager.queue.low.bytes': {
    ...{ ...amount, default: mebibyte },
    description: 'Producers resume when fewer bytes than this wait for one destination (low watermark).',
  },
  'egret.stream.manager.queue.low.tuples': {
    ...{ ...amount, default: 32_768 },
    description: 'Producers resume when fewer tuples than this wait for one destination (low watermark).',
  },
  'egret.stream.manager.queue.max.bytes': {
    ...{ ...atLeast(64 * kibibyte), default: 64 * mebibyte },
    description: 'Maximum number of bytes that wait for one destination.',
  },
  'egret.stream.manager.queue.max.tuples': {
    ...{ ...atLeast(1), default: 2_097_152 },
    description: 'Maximum number of tuples that wait for one destination.',
  },
  'egret.stream.manager.stall.timeout.secs': {
    ...{ ...atLeast(0.01), default: 20 },
    description:
      'How long another container may accept nothing from a full queue before its connection is closed and re-opened.',
  },
  'topology.egret.backpressure.mode': {
    type: 'string',
    enum: ['spout', 'drop'],
    default: 'spout',
    description:
      'What happens while a component is under pressure. `spout`: the spouts upstream of it are paused. `drop`: its tuples are dropped and their trees failed; `topology.droptuples.upon.backpressure: true` means the same where this key is not set. Applies to a topology or to one component.',
  },
  'topology.egret.durable.backlog.max.bytes': {
    ...{ ...atLeast(64 * kibibyte), default: 64 * gibibyte },
    description:
      'Producers of a durable stream pause when its consumers are more than this many bytes of a partition behind.',
  },
  'topology.egret.durable.partitions': {
    type: ['integer', 'null'],
    minimum: 1,
    maximum: 256,
    default: 1,
    description: 'Number of log streams that each durable stream is split into. Each one keeps its order.',
  },
  'topology.egret.durable.queue.high.bytes': {
    ...{ ...atLeast(kibibyte), default: 8 * mebibyte },
    description:
      'Producers of a durable stream pause when more bytes than this wait to be committed, and resume below half of it.',
  },
  'topology.egret.durable.queue.high.tuples': {
    ...{ ...atLeast(1), default: 131_072 },
    description:
      'Producers of a durable stream pause when more tuples than this wait to be committed, and resume below half of it.',
  },
  'topology.egret.durable.queue.max.bytes': {
    ...{ ...amount, default: 64 * mebibyte },
    description:
      'Maximum number of bytes of a partition that wait to be committed. Tuples beyond it are failed.',
  },
  'topology.egret.durable.queue.max.tuples': {
    ...{ ...amount, default: 1_048_576 },
    description:
      'Maximum number of tuples of a partition that wait to be committed. Tuples beyond it are failed.',
  },
  'topology.egret.durable.retention.bytes': {
    ...{ ...atLeast(64 * kibibyte), default: 4 * gibibyte },
    description: 'Maximum number of processed bytes of a partition that the log keeps for a rewind.',
  },
  'topology.egret.durable.retention.ms': {
    ...{ ...amount, default: 3_600_000 },
    description: 'How long the log keeps processed records for a rewind.',
  },
  'topology.egret.durable.streams': {
    ...streams,
    whenUnset: 'no stream is durable',
    description:
      'Streams that go through the log: `"component"` for its default stream, or `"component.stream"`. A tuple is acked once the log has it on disk, and reaches its consumers whatever fails after that (docs/durable.md).',
  },
  'topology.egret.durable.window.max.bytes': {
    ...{ ...atLeast(1), default: 16 * mebibyte },
    description: 'Reading from the log pauses while incomplete trees hold more bytes of records than this.',
  },
  'topology.egret.durable.window.max.tuples': {
    ...{ ...atLeast(1), default: 65_536 },
    description:
      'Maximum number of in-flight tuples read from the log, at most 1048576. `topology.max.spout.pending` overrides it.',
  },
  'topology.egret.lost.trees.grace.ms': {
    ...{ ...timerMs(0), default: 500 },
    description:
      'After a process is lost, trees that may have had a tuple in it are failed when none of them completes for this long. 0: they wait for their timeout.',
  },
  'topology.egret.output.rate.bytes.per.sec': {
    ...{ ...amount, default: 0 },
    description:
      'Maximum number of bytes per second that all tasks of a component emit together. 0: no limit, unless `topology.component.output.bps` sets one.',
  },
  'topology.egret.output.rate.tuples.per.sec': {
    ...{ ...amount, default: 0 },
    description:
      'Maximum number of tuples per second that all tasks of a component emit together. 0: no limit.',
  },
  'topology.egret.shell.task.ids.ahead': {
    type: 'boolean',
    default: true,
    description:
      "Whether components on Storm's storm.py receive the task ids of their emits in advance, so that they do not wait for them: with one stream, where its groupings do not look at values.",
  },
  'topology.egret.spill.streams': {
    ...streams,
    whenUnset: 'no stream spills',
    description:
      'Streams whose backlog goes to disk instead of pausing the spouts. They work like durable streams, but a tuple is acked once the operating system has it.',
  },
} satisfies Readonly<Record<string, KeySchema>>;
