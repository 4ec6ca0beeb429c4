import { containerKeys } from './container-keys.ts';
import type { KeySchema } from './key-schema.ts';

export { containerKeys };

const port = { type: 'integer', minimum: 0, maximum: 65_535 };
const seconds = { type: 'integer', minimum: 1, maximum: 31_536_000 };
const bytes = { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER };
const optionalText = { type: ['string', 'null'], minLength: 1 };
const texts = { type: 'array', items: { type: 'string', minLength: 1 } };

/**
 * The keys that the gateway and its containers read. Storm's own keys keep Storm's names, meanings and
 * defaults (the defaults come from the released jar). Keys that Storm lacks begin with `egret.` and have
 * their default here.
 */
export const gatewayKeys: Readonly<Record<string, KeySchema>> = {
  ...containerKeys,
  'storm.local.dir': {
    ...{ type: 'string', minLength: 1 },
    description:
      'Directory of all files that the gateway keeps. A relative path starts at the checkout, or at ~/.egret if npm installed Egret. If the directory does not exist, the gateway creates it with access for its own user only.',
  },
  'storm.local.hostname': {
    ...{ ...optionalText, whenUnset: "the machine's host name" },
    description: 'Name of this machine for clients and other machines.',
  },
  'nimbus.seeds': {
    ...texts,
    description:
      'Host names that clients use for the gateway. The gateway reports as leader the name that the client dialled.',
  },
  'nimbus.thrift.port': { ...port, description: 'TCP port of the Nimbus service. 0 picks a free port.' },
  'nimbus.thrift.max_buffer_size': {
    ...bytes,
    maximum: 0x7fff_ffff,
    description: 'Maximum length of a Thrift frame in bytes. A longer frame closes the connection.',
  },
  'nimbus.file.copy.expiration.secs': {
    ...seconds,
    description: 'An upload that makes no progress for this long is aborted and its file deleted.',
  },
  'nimbus.inbox.jar.expiration.secs': {
    ...seconds,
    description: 'A finished upload that no submission has used is deleted at this age.',
  },
  'nimbus.cleanup.inbox.freq.secs': { ...seconds, description: 'How often the inbox is cleaned.' },
  'nimbus.slots.perTopology': {
    ...{ type: ['integer', 'null'], minimum: 1, whenUnset: 'no limit' },
    description: 'Maximum number of workers that one topology may request.',
  },
  'nimbus.executors.perTopology': {
    ...{ type: ['integer', 'null'], minimum: 1, whenUnset: 'no limit' },
    description: 'Maximum number of executors that one topology may have.',
  },
  'supervisor.slots.ports': {
    ...texts,
    items: { type: 'integer', minimum: 1, maximum: 65_535 },
    uniqueItems: true,
    description:
      'The slots of this gateway, one for each number. The number names the log directory of the container in the slot.',
  },
  'storm.workers.artifacts.dir': {
    ...{ type: 'string', minLength: 1 },
    description:
      'Directory of worker logs. A relative path starts at storm.local.dir. Choose a directory elsewhere to let other users read these logs.',
  },
  'logviewer.cleanup.age.mins': {
    ...{ type: 'number', minimum: 0 },
    description:
      'Worker logs of a topology that no longer exists are deleted when all of them are older than this.',
  },
  'logviewer.cleanup.interval.secs': {
    ...{ type: 'integer', minimum: 1, maximum: 2_000_000, default: 600 },
    description: 'How often worker logs are checked against these limits.',
  },
  'logviewer.max.sum.worker.logs.size.mb': {
    ...{ type: 'number', minimum: 1 },
    description:
      'Maximum size of all worker logs together. Beyond it the oldest files are deleted, except files that a running worker writes to.',
  },
  'logviewer.max.per.worker.logs.size.mb': {
    ...{ type: 'number', minimum: 1 },
    description:
      'Maximum size of the logs of one worker. Beyond it the oldest files are deleted, except files that a running worker writes to.',
  },
  'topology.min.replication.count': {
    type: 'integer',
    minimum: 1,
    description: 'Reported to clients that ask for it; the gateway does not use it.',
  },
  'egret.bind.host': {
    ...{ type: 'string', minLength: 1, default: '127.0.0.1' },
    description:
      'Address that the services listen on. Any client that reaches them can run code on this machine, so widen it with care.',
  },
  'egret.connections.per.address.max': {
    ...{ type: 'integer', minimum: 1, maximum: 10_000, default: 256 },
    description:
      'Maximum number of connections from one address to one service. Clients on this machine (loopback) are exempt. Beyond it an idle connection is closed to admit a new one; if none is idle, the new one is refused. A service accepts at most 1024 connections in all.',
  },
  'egret.connections.held.max.bytes': {
    ...{ ...bytes, minimum: 1_048_576, default: 8_388_608 },
    description:
      'Maximum number of bytes of answers and unfinished calls that one service holds for all its clients. Beyond it the service closes the connections that hold the most and make no progress.',
  },
  'egret.container.bind.host': {
    ...{ ...optionalText, default: null, whenUnset: '`storm.local.hostname`, else `127.0.0.1`' },
    description: 'Address on which containers listen for each other.',
  },
  'egret.container.timeout.secs': {
    ...{ type: 'number', minimum: 0, default: 10 },
    description:
      'A running container that gives no sign of life for this long is killed and restarted. 0 disables the check.',
  },
  'egret.containment': {
    ...{ type: 'string', enum: ['auto', 'cgroup', 'subreaper', 'group'], default: 'auto' },
    description:
      'How processes that a component starts are ended with it (docs/isolation.md). `cgroup`: a control group (v2) for each component process. `subreaper`: its helper adopts and ends them. `group`: process groups only, which a process can leave with setsid. `auto`: the first of these that works.',
  },
  'egret.dlog.port': {
    ...{ ...port, default: 0 },
    description: 'TCP port of the distributed log (thrift/dlog.thrift). 0 picks a free port.',
  },
  'egret.dlog.soft.bytes.per.sec': {
    ...{ type: 'number', minimum: 0, default: 0 },
    description:
      "Soft quota of bytes written to this gateway. Writes beyond it are accepted and reported in the gateway's log, and the gateway acquires no further streams meanwhile. 0: no quota.",
  },
  'egret.dlog.soft.records.per.sec': {
    ...{ type: 'number', minimum: 0, default: 0 },
    description: 'Soft quota of records written to this gateway, with the same effect. 0: no quota.',
  },
  'egret.dlog.stream.soft.bytes.per.sec': {
    ...{ type: 'number', minimum: 0, default: 0 },
    description:
      "Soft quota of bytes written to one stream. Writes beyond it are accepted, counted (`egret dlog describe`) and reported in the gateway's log. 0: no quota.",
  },
  'egret.dlog.stream.soft.records.per.sec': {
    ...{ type: 'number', minimum: 0, default: 0 },
    description: 'Soft quota of records written to one stream, with the same effect. 0: no quota.',
  },
  'egret.dlog.streams.max': {
    ...{ type: 'integer', minimum: 1, default: 100_000 },
    description:
      'Maximum number of log streams that clients may create in total. A namespace counts as at least one.',
  },
  'egret.dlog.storage': {
    ...{ type: 'string', enum: ['local', 'kafka'], default: 'local' },
    description:
      'Where log streams are stored: files in storm.local.dir (`local`), or Kafka topics (`kafka`).',
  },
  'egret.dlog.kafka.bootstrap.servers': {
    ...{ ...optionalText, default: null, pattern: '^[^\\s,:]+:\\d+(,[^\\s,:]+:\\d+)*$' },
    whenUnset: 'required with `egret.dlog.storage: kafka`',
    description: 'Kafka brokers to contact first, as `host:port,host:port`.',
  },
  'egret.dlog.kafka.topic.prefix': {
    ...{ type: 'string', pattern: '^[A-Za-z0-9._-]{1,100}$', default: 'egret-dlog.' },
    description:
      'Prefix of the Kafka topics that hold streams. No other topic may begin with it. Gateways that share a Kafka cluster but not their streams need different prefixes.',
  },
  'egret.dlog.kafka.replication.factor': {
    ...{ type: 'integer', minimum: 1, maximum: 1000, default: 1 },
    description:
      'Number of replicas of each topic that the gateway creates. With 2 or more, an acknowledgement means that at least two brokers have the record.',
  },
  'egret.dlog.kafka.fsync': {
    ...{ type: 'boolean', default: false },
    description:
      "Whether brokers sync to disk at each append in topics that the gateway creates (`flush.messages=1`). Otherwise an acknowledged record may still be in the broker's page cache.",
  },
  'egret.log.level': {
    ...{ type: 'string', enum: ['debug', 'info', 'warn', 'error'], default: 'info' },
    description: "Lowest level of events in the gateway's own log.",
  },
  'egret.java.command': {
    ...{ ...optionalText, default: null, whenUnset: '`$JAVA_HOME/bin/java`, else `java` on the `PATH`' },
    description: 'The java program that runs JVM workers.',
  },
  'egret.redis.url': {
    ...{ ...optionalText, default: null, pattern: '^(rediss?://|unix:|/)' },
    whenUnset: 'a private server inside storm.local.dir',
    description: 'Address of an external Redis.',
  },
  'egret.redis.server.command': {
    ...{ ...optionalText, default: null, whenUnset: '`redis-server` or `valkey-server` on the `PATH`' },
    description: 'The program that runs the private Redis.',
  },
  'egret.redis.key.prefix': {
    ...{ type: 'string', minLength: 1, default: 'egret:' },
    description:
      'Prefix of all keys of this gateway in Redis. Gateways that share a Redis need different prefixes.',
  },
  'egret.redis.timeout.secs': {
    ...{ type: 'number', minimum: 0, default: 10 },
    description:
      'A running private Redis that answers nothing for this long is killed and restarted. 0 disables the check.',
  },
  'egret.uploads.max': {
    ...{ type: 'integer', minimum: 1, maximum: 10_000, default: 64 },
    description: 'Maximum number of uploads in progress.',
  },
  'egret.uploads.per.address.max': {
    ...{ type: 'integer', minimum: 1, maximum: 10_000, default: 16 },
    description: 'Maximum number of uploads in progress from one address.',
  },
  'egret.upload.timeout.secs': {
    ...{ ...seconds, default: 3600 },
    description: 'An upload that is not finished this long after it began is aborted.',
  },
  'egret.inbox.max.bytes': {
    ...{ ...bytes, default: 17_179_869_184 },
    description: 'Maximum size of all uploads, finished or not, that no submission has used yet.',
  },
  'egret.inbox.max.files': {
    ...{ type: 'integer', minimum: 1, default: 1000 },
    description:
      'Maximum number of finished uploads that no submission has used yet. Further uploads are refused.',
  },
  'egret.upload.max.bytes': {
    ...{ ...bytes, default: 1_073_741_824 },
    description: 'Maximum size of a topology jar.',
  },
  'egret.resources.max.bytes': {
    ...{ ...bytes, default: 536_870_912 },
    description: 'Maximum unpacked size of the resources in one jar.',
  },
  'egret.resources.max.files': {
    ...{ type: 'integer', minimum: 1, default: 20_000 },
    description: 'Maximum number of resource files in one jar.',
  },
};

/**
 * The defaults of the keys that only the gateway reads and Storm lacks. Containers look theirs up when they
 * read them.
 */
export function egretDefaults(): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(gatewayKeys)
      .filter(([key, schema]) => schema.default !== undefined && !Object.hasOwn(containerKeys, key))
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
