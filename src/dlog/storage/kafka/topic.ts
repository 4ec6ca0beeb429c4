import { GatewayError } from '../../../base/index.ts';
import type { Durability } from '../../format/segment-header.ts';
import { topicUnfit } from './faults.ts';

/**
 * The size limit of one record with its key: an entry of 1 MiB, and what its header, compression and index
 * may add. The clients are configured with the same limit.
 */
export const recordBytesMax = 2 * 1024 * 1024;
/** The overhead that Kafka adds to a batch of one record, rounded up generously. */
const batchOverheadBytes = 4096;
const topicNameBytesMax = 249;

export interface TopicOptions {
  readonly replicationFactor: number;
  /** Sync the disk at every append (`flush.messages=1`). */
  readonly isFlushed: boolean;
}

/** What the broker reports about a topic. */
export interface TopicFacts {
  readonly partitions: number;
  readonly replicas: number;
  readonly settings: ReadonlyMap<string, string | null>;
}

/**
 * The topic of a stream: every character other than a letter or a digit becomes `-` and two digits, and one
 * `.` separates namespace and name. Different streams have different topics, even though Kafka treats `.` and
 * `_` as the same. Throws `STREAM_INVALID` when the name is too long.
 */
export function topicOf(prefix: string, stream: string): string {
  const topic = `${prefix}${stream.split('/').map(escaped).join('.')}`;
  if (topic.length <= topicNameBytesMax) return topic;
  throw new GatewayError(
    'STREAM_INVALID',
    `${stream}: its topic of Kafka, ${topic}, would have ${topic.length} characters, ${topicNameBytesMax} at most; take a shorter name`,
    { facts: { stream, topic } },
  );
}

/** The inverse; undefined for a topic that belongs to no stream. */
export function streamOf(prefix: string, topic: string): string | undefined {
  if (!topic.startsWith(prefix)) return undefined;
  const parts = topic.slice(prefix.length).split('.');
  if (parts.length !== 2 || !parts.every((part) => /^([A-Za-z0-9]|-[0-9a-f]{2})+$/.test(part)))
    return undefined;
  return parts
    .map((part) =>
      part.replaceAll(/-([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    )
    .join('/');
}

function escaped(part: string): string {
  return part.replaceAll(/[^A-Za-z0-9]/g, (char) => `-${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/**
 * The settings of a new topic. Only the log itself removes records: Kafka's retention by time or size would
 * delete records that readers may still need.
 */
export function settingsOf({ replicationFactor, isFlushed }: TopicOptions): Record<string, string> {
  return {
    'cleanup.policy': 'delete',
    'retention.ms': '-1',
    'retention.bytes': '-1',
    'max.message.bytes': String(recordBytesMax + batchOverheadBytes),
    'min.insync.replicas': String(Math.min(2, replicationFactor)),
    'unclean.leader.election.enable': 'false',
    ...(isFlushed ? { 'flush.messages': '1' } : {}),
  };
}

/** Throws `STORAGE_UNFIT` for a topic in which records could be lost, mixed up or refused. */
export function checkTopic(topic: string, { partitions, settings }: TopicFacts): void {
  if (partitions !== 1)
    throw topicUnfit(
      topic,
      `it has ${partitions} partitions, 1 is needed`,
      'delete it, and the stream re-creates it',
    );
  const expected = { 'cleanup.policy': 'delete', 'retention.ms': '-1', 'retention.bytes': '-1' };
  for (const [name, value] of Object.entries(expected)) {
    const found = settings.get(name);
    if (found !== value) throw unfitSetting(topic, `${name}=${found}`, `${name}=${value}`);
  }
  const bytesMax = Number(settings.get('max.message.bytes'));
  const needed = recordBytesMax + batchOverheadBytes;
  if (!(bytesMax >= needed))
    throw unfitSetting(topic, `max.message.bytes=${bytesMax}`, `max.message.bytes=${needed}`);
}

function unfitSetting(topic: string, found: string, needed: string): GatewayError {
  return topicUnfit(
    topic,
    `its ${found} would lose or refuse records`,
    `set ${needed} (kafka-configs.sh --alter --entity-type topics --entity-name ${topic} --add-config ${needed})`,
  );
}

/** The durabilities that a topic supports. */
export function durabilitiesOf({ replicas, settings }: TopicFacts): readonly Durability[] {
  const isFlushed = settings.get('flush.messages') === '1';
  const isReplicated = replicas > 1 && Number(settings.get('min.insync.replicas')) > 1;
  return [
    'memory',
    'os',
    ...(isFlushed ? ['fsync' as const] : []),
    ...(isReplicated ? ['replicated' as const] : []),
  ];
}
