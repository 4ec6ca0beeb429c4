import { containerKeys } from './container-keys.ts';
import type { KeySchema } from './key-schema.ts';

export { containerKeys };

const port = { type: 'integer', minimum: 0, maximum: 65_535 };
const seconds = { type: 'integer', minimum: 1, maximum: 31_536_000 };
const bytes = { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER };
const optionalText = { type: ['string', 'null'], minLength: 1 };
const texts = { type: 'array', items: { type: 'string', minLength: 1 } };

/**
 * The keys the gateway itself and its containers read. Storm's own keys keep Storm's names, meanings and defaults (the defaults come from
 * the released jar); keys that Storm has no word for begin with `egret.` and have their default here.
 */
export const gatewayKeys: Readonly<Record<string, KeySchema>> = {
  ...containerKeys,
  'storm.local.dir': {
    ...{ type: 'string', minLength: 1 },
    description:
      'Directory of everything the gateway keeps. A relative path is taken from the installation. If it does not exist, the gateway creates it readable by its own user only.',
  },
  'storm.local.hostname': {
    ...optionalText,
    description: "The name this machine goes by; default: the machine's own host name.",
  },
  'nimbus.seeds': {
    ...texts,
    description:
      'Host names of the gateway as clients write them: the leader is named by the one that was dialled.',
  },
  'nimbus.thrift.port': { ...port, description: 'TCP port of the Nimbus service; 0 means any free port.' },
  'nimbus.thrift.max_buffer_size': {
    ...bytes,
    maximum: 0x7fff_ffff,
    description: 'Largest Thrift frame in bytes; a longer one closes the connection.',
  },
  'nimbus.file.copy.expiration.secs': {
    ...seconds,
    description: 'An upload that stood still for this long is given up and its file deleted.',
  },
  'nimbus.inbox.jar.expiration.secs': {
    ...seconds,
    description: 'A finished upload that no submission has taken is deleted at this age.',
  },
  'nimbus.cleanup.inbox.freq.secs': { ...seconds, description: 'How often the inbox is looked through.' },
  'nimbus.slots.perTopology': {
    type: ['integer', 'null'],
    minimum: 1,
    description: 'Most workers one topology may ask for; default: no limit.',
  },
  'nimbus.executors.perTopology': {
    type: ['integer', 'null'],
    minimum: 1,
    description: 'Most executors one topology may have; default: no limit.',
  },
  'supervisor.slots.ports': {
    ...texts,
    items: { type: 'integer', minimum: 1, maximum: 65_535 },
    uniqueItems: true,
    description: 'One slot for each; the number names the log directory of the container that takes it.',
  },
  'storm.workers.artifacts.dir': {
    ...{ type: 'string', minLength: 1 },
    description:
      'Directory of the logs of workers. A relative path is taken from storm.local.dir. Choose a directory elsewhere to let other users read these logs.',
  },
  'logviewer.cleanup.age.mins': {
    ...{ type: 'number', minimum: 0 },
    description:
      'Logs of workers of a topology that is gone are deleted when none of them is newer than this.',
  },
  'logviewer.cleanup.interval.secs': {
    ...{ type: 'integer', minimum: 1, maximum: 2_000_000, default: 600 },
    description: 'How often logs of workers are looked through for what is to be deleted.',
  },
  'logviewer.max.sum.worker.logs.size.mb': {
    ...{ type: 'number', minimum: 1 },
    description:
      'Largest size of the logs of all workers together; the oldest files above it are deleted, none that a running worker writes to.',
  },
  'logviewer.max.per.worker.logs.size.mb': {
    ...{ type: 'number', minimum: 1 },
    description: 'The same for the logs of one worker.',
  },
  'topology.min.replication.count': {
    type: 'integer',
    minimum: 1,
    description: 'Kept for clients that ask.',
  },
  'egret.bind.host': {
    ...{ type: 'string', minLength: 1, default: '127.0.0.1' },
    description:
      'Address the services listen on. Whoever reaches them may run code here: widen it with care.',
  },
  'egret.connections.per.address.max': {
    ...{ type: 'integer', minimum: 1, maximum: 10_000, default: 256 },
    description:
      'Most connections that clients of one address may have open to one service; clients of this machine (loopback) are not limited by it. Beyond it an idle one is closed for a new one, and if none is idle, the new one is refused. A service takes at most 1024 connections in all.',
  },
  'egret.connections.held.max.bytes': {
    ...{ ...bytes, minimum: 1_048_576, default: 8_388_608 },
    description:
      'Bytes of answers and unfinished calls that one service may hold for all its clients. Beyond it the connections that hold most and make no progress are closed.',
  },
  'egret.container.bind.host': {
    ...{ ...optionalText, default: null },
    description:
      'Address that containers listen on for each other; default: storm.local.hostname, else 127.0.0.1.',
  },
  'egret.container.timeout.secs': {
    ...{ type: 'number', minimum: 0, default: 10 },
    description:
      'A container that runs and gives no sign of life for this long is killed and started again; 0: never.',
  },
  'egret.containment': {
    ...{ type: 'string', enum: ['auto', 'cgroup', 'subreaper', 'group'], default: 'auto' },
    description:
      'How processes that components start end with them (docs/isolation.md): a control group (v2) for each component process, a subreaper, or process groups only, which a process leaves by setsid. auto: the first of these that works.',
  },
  'egret.dlog.port': {
    ...{ ...port, default: 0 },
    description: 'TCP port of the distributed log (thrift/dlog.thrift); 0 means any free port.',
  },
  'egret.dlog.soft.bytes.per.sec': {
    ...{ type: 'number', minimum: 0, default: 0 },
    description:
      'What is written to this gateway beyond is taken and told in its log, and no further stream is taken over meanwhile; 0: no such quota.',
  },
  'egret.dlog.soft.records.per.sec': {
    ...{ type: 'number', minimum: 0, default: 0 },
    description: 'The same, by records.',
  },
  'egret.dlog.stream.soft.bytes.per.sec': {
    ...{ type: 'number', minimum: 0, default: 0 },
    description:
      'What is written to one stream beyond is taken, counted (describe) and told in the log; 0: no such quota.',
  },
  'egret.dlog.stream.soft.records.per.sec': {
    ...{ type: 'number', minimum: 0, default: 0 },
    description: 'The same, by records.',
  },
  'egret.dlog.streams.max': {
    ...{ type: 'integer', minimum: 1, default: 100_000 },
    description:
      'Streams of the distributed log that clients may create in all. A namespace counts as one at least.',
  },
  'egret.dlog.storage': {
    ...{ type: 'string', enum: ['local', 'kafka'], default: 'local' },
    description:
      'Where streams of the distributed log are kept: files in storm.local.dir, or topics of Kafka.',
  },
  'egret.dlog.kafka.bootstrap.servers': {
    ...{ ...optionalText, default: null, pattern: '^[^\\s,:]+:\\d+(,[^\\s,:]+:\\d+)*$' },
    description: 'Brokers to ask first, host:port,host:port. Needed where egret.dlog.storage is kafka.',
  },
  'egret.dlog.kafka.topic.prefix': {
    ...{ type: 'string', pattern: '^[A-Za-z0-9._-]{1,100}$', default: 'egret-dlog.' },
    description:
      "What the topics of streams begin with. Nobody else's may: gateways that share a Kafka and not their streams need one each.",
  },
  'egret.dlog.kafka.replication.factor': {
    ...{ type: 'integer', minimum: 1, maximum: 1000, default: 1 },
    description:
      'Replicas of each topic that is made; from 2 on an acknowledgement means at least two brokers.',
  },
  'egret.dlog.kafka.fsync': {
    ...{ type: 'boolean', default: false },
    description:
      'Topics that are made sync the disk of their brokers at each append (flush.messages=1); else it is in their page cache.',
  },
  'egret.log.level': {
    ...{ type: 'string', enum: ['debug', 'info', 'warn', 'error'], default: 'info' },
    description: "Least severe event that the gateway's own log shows.",
  },
  'egret.java.command': {
    ...{ ...optionalText, default: null },
    description: 'The java program for JVM workers; default: that of JAVA_HOME, else the one on the PATH.',
  },
  'egret.redis.url': {
    ...{ ...optionalText, default: null, pattern: '^(rediss?://|unix:|/)' },
    description: 'Address of an external Redis; default: a private server inside storm.local.dir.',
  },
  'egret.redis.server.command': {
    ...{ ...optionalText, default: null },
    description: 'The redis-server or valkey-server program; default: the one on the PATH.',
  },
  'egret.redis.key.prefix': {
    ...{ type: 'string', minLength: 1, default: 'egret:' },
    description:
      'What every key of this gateway begins with in Redis. Gateways that share a Redis need one each.',
  },
  'egret.redis.timeout.secs': {
    ...{ type: 'number', minimum: 0, default: 10 },
    description:
      'A private Redis that runs and answers nothing for this long is killed and started again; 0: never.',
  },
  'egret.uploads.max': {
    ...{ type: 'integer', minimum: 1, maximum: 10_000, default: 64 },
    description: 'Most uploads open at one time.',
  },
  'egret.uploads.per.address.max': {
    ...{ type: 'integer', minimum: 1, maximum: 10_000, default: 16 },
    description: 'Most uploads that clients of one address may have open at one time.',
  },
  'egret.upload.timeout.secs': {
    ...{ ...seconds, default: 3600 },
    description: 'An upload that is not finished this long after it was begun is given up.',
  },
  'egret.inbox.max.bytes': {
    ...{ ...bytes, default: 17_179_869_184 },
    description: 'Most bytes that uploads may hold together, finished or not, until a submission takes them.',
  },
  'egret.inbox.max.files': {
    ...{ type: 'integer', minimum: 1, default: 1000 },
    description: 'Most finished uploads that may wait for a submission; further ones are refused.',
  },
  'egret.upload.max.bytes': { ...bytes, default: 1_073_741_824, description: 'Largest topology jar.' },
  'egret.resources.max.bytes': {
    ...{ ...bytes, default: 536_870_912 },
    description: 'Most bytes that the resources of one jar may unpack to.',
  },
  'egret.resources.max.files': {
    ...{ type: 'integer', minimum: 1, default: 20_000 },
    description: 'Most files that the resources of one jar may hold.',
  },
};

/** The defaults of the keys that Storm does not know. */
export function egretDefaults(): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(gatewayKeys)
      .filter(([, schema]) => schema.default !== undefined)
      .map(([key, schema]) => [key, JSON.stringify(schema.default)]),
  );
}

export function gatewaySchema(): object {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Configuration of the gateway',
    type: 'object',
    properties: gatewayKeys,
    additionalProperties: true,
  };
}
