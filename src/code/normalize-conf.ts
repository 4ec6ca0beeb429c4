import { isJsonObject, type JsonValue } from '../base/index.ts';
import { type ConfText, mergeConf, readConfValue, withConfValues } from '../config/index.ts';

export interface Submission {
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  /** The gateway's own configuration. */
  readonly clusterConf: ConfText;
  /** As submitted, `-c` options included. */
  readonly conf: ConfText;
  /** The `json_conf` of each component. */
  readonly componentConfs: readonly ConfText[];
}

/**
 * Computes the configuration that a topology's workers get (Nimbus.normalizeConf and submitTopologyWithOpts,
 * Storm 2.8): unites the serializers and decorators of all components, takes counts that must be equal on
 * every node from the cluster if the topology does not set them, restores settings that belong to the
 * cluster, and adds the submitter.
 */
export function normalizeConf(submission: Submission): ConfText {
  const { conf, clusterConf } = submission;
  const merged = mergeConf(clusterConf, conf);
  const normalized = withConfValues(conf, {
    'topology.kryo.register': uniteSerializers(submission, merged),
    'topology.kryo.decorators': uniteDecorators(submission, merged),
    'storm.messaging.netty.authentication': [clusterConf, conf].some(
      (layer) => readConfValue(layer, 'storm.messaging.netty.authentication') === true,
    ),
    'topology.metrics.reporters': uniteReporters(submission, merged),
    ...cappedTimeout(merged),
    'storm.id': submission.id,
    'topology.name': submission.name,
    'topology.submitter.principal': '',
    'topology.submitter.user': submission.owner,
    'topology.users': uniteUsers(submission),
    // There is no ZooKeeper to log in to, and the submitter does not choose where a worker runs and logs.
    'storm.zookeeper.topology.auth.scheme': undefined,
    'storm.zookeeper.topology.auth.payload': undefined,
    'storm.local.hostname': undefined,
    'storm.workers.artifacts.dir': undefined,
  });
  const sameEverywhere = [
    'topology.acker.executors',
    'topology.eventlogger.executors',
    'topology.max.task.parallelism',
  ];
  const tls = merged.get('topology.worker.nimbus.thrift.client.use.tls') ?? 'null';
  return new Map([
    ...normalized,
    ...pick(merged, sameEverywhere),
    ...pick(clusterConf, ofTheCluster),
    // A worker connects to Nimbus as its topology says, not as the submitting client did.
    ['topology.worker.nimbus.thrift.client.use.tls', tls],
    ['nimbus.thrift.client.use.tls', tls],
  ]);
}

/** A topology cannot set these for itself. */
const ofTheCluster = ['storm.cgroup.hierarchy.dir', 'worker.metrics'];

function pick(conf: ConfText, keys: readonly string[]): [string, string][] {
  return keys.map((key) => [key, conf.get(key) ?? 'null']);
}

function uniteSerializers({ componentConfs }: Submission, merged: ConfText): JsonValue {
  const united = new Map<string, JsonValue>();
  for (const conf of [...componentConfs, merged]) {
    const registered = readConfValue(conf, 'topology.kryo.register');
    if (!Array.isArray(registered)) continue;
    for (const entry of registered as readonly JsonValue[]) {
      if (typeof entry === 'string') united.set(entry, null);
      else if (isJsonObject(entry))
        for (const [type, serializer] of Object.entries(entry)) united.set(type, serializer);
    }
  }
  return Object.fromEntries(united);
}

function uniteDecorators({ componentConfs }: Submission, merged: ConfText): JsonValue {
  const united = new Set<JsonValue>();
  for (const conf of [...componentConfs, merged]) {
    for (const each of listOf(conf, 'topology.kryo.decorators')) united.add(each);
  }
  return [...united];
}

/** The topology's own reporters (or the deprecated `storm.metrics.reporters`) and those of the cluster. */
function uniteReporters({ conf, clusterConf }: Submission, merged: ConfText): JsonValue | undefined {
  const isOld = !merged.has('topology.metrics.reporters') && merged.has('storm.metrics.reporters');
  const own = isOld
    ? readConfValue(merged, 'storm.metrics.reporters')
    : readConfValue(conf, 'topology.metrics.reporters');
  if (!clusterConf.has('storm.topology.metrics.system.reporters')) return own;
  return [...asList(own), ...listOf(clusterConf, 'storm.topology.metrics.system.reporters')];
}

function cappedTimeout(merged: ConfText): Record<string, JsonValue> {
  const wanted = readConfValue(merged, 'topology.worker.timeout.secs');
  const max = readConfValue(merged, 'worker.max.timeout.secs');
  const isOver = typeof wanted === 'number' && typeof max === 'number' && wanted > max;
  return isOver ? { 'topology.worker.timeout.secs': max } : {};
}

function uniteUsers({ conf, owner }: Submission): JsonValue {
  const users = readConfValue(conf, 'topology.users');
  const listed = typeof users === 'string' ? [users] : listOf(conf, 'topology.users');
  return [...new Set([...listed, owner])];
}

function listOf(conf: ConfText, key: string): readonly JsonValue[] {
  return asList(readConfValue(conf, key));
}

function asList(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : [];
}
