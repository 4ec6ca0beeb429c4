import { errorCode, GatewayError } from '../../../base/index.ts';
import type { KafkaBrokers } from './broker.ts';
import { decodeCheckpoint } from './checkpoint.ts';
import { topicUnfit } from './faults.ts';
import { StreamFold } from './fold.ts';
import { type PartitionRecord, stampOf } from './record.ts';

const bytesAtOnce = 256 * 1024;
const loadTriesMax = 3;
/** A byte limit that yields one record, whatever its size. */
const oneRecord = 1;

/**
 * Folds the partition up to its end. Begins at the newest checkpoint that the last record knows, or else at
 * the first checkpoint in the partition, or else at the beginning. Without an origin the stream has not been
 * created yet. Rejects with `STORAGE_UNFIT` for records that are not ours.
 */
export async function loadFold(kafka: KafkaBrokers, stream: string, topic: string): Promise<StreamFold> {
  for (let tries = 1; ; tries++) {
    try {
      return await loadOnce(kafka, stream, topic);
    } catch (error) {
      // The partition was truncated in between, so there is a newer checkpoint.
      if (errorCode(error) !== 'LOG_GAP' || tries === loadTriesMax) throw error;
    }
  }
}

async function loadOnce(kafka: KafkaBrokers, stream: string, topic: string): Promise<StreamFold> {
  const { low, high } = await kafka.watermarks(topic);
  if (low === high) return new StreamFold(stream, high);
  const fold =
    (await hinted(kafka, stream, { topic, low, high })) ??
    (await searched(kafka, stream, { topic, low, high }));
  await readOn(kafka, { topic, from: fold.next, to: high }, (record) => void fold.apply(record));
  if (fold.origin === undefined && fold.strangers > 0) {
    const found = `it has ${fold.strangers} records and none says what stream it is`;
    throw topicUnfit(topic, found, 'give egret.dlog.kafka.topic.prefix a prefix of its own');
  }
  return fold;
}

interface Span {
  readonly topic: string;
  readonly low: number;
  readonly high: number;
}

async function hinted(
  kafka: KafkaBrokers,
  stream: string,
  { topic, low, high }: Span,
): Promise<StreamFold | undefined> {
  const [last] = await kafka.read(topic, high - 1, oneRecord);
  const stamp = stampOf(last!);
  const at = stamp?.kind === 'checkpoint' ? high - 1 : stamp?.checkpoint;
  if (at === undefined || at < low || at >= high) return undefined;
  const [record] = await kafka.read(topic, at, oneRecord);
  return usable(stream, record!, low);
}

/**
 * Searches for a start when the last record knows no checkpoint, or one that is gone: the first checkpoint in
 * the partition, or else the first origin.
 */
async function searched(
  kafka: KafkaBrokers,
  stream: string,
  { topic, low, high }: Span,
): Promise<StreamFold> {
  if (low === 0) return new StreamFold(stream);
  let origin: number | undefined;
  for (let from = low; from < high; ) {
    const records = await kafka.read(topic, from, bytesAtOnce);
    for (const record of records) {
      const fold = usable(stream, record, low);
      if (fold !== undefined) return fold;
      // This origin belongs to a stream that was deleted and then re-created.
      if (stampOf(record)?.kind === 'origin') origin ??= record.offset;
    }
    from = records.at(-1)!.offset + 1;
  }
  if (origin !== undefined) return new StreamFold(stream, origin);
  throw topicUnfit(
    topic,
    `it begins at record ${low}, and none tells what was before`,
    'something else than the log has deleted records from it',
  );
}

function usable(stream: string, record: PartitionRecord, low: number): StreamFold | undefined {
  if (stampOf(record)?.kind !== 'checkpoint') return undefined;
  const fold = decodeCheckpoint(stream, record.value, record.offset);
  return fold !== undefined && fold.next >= low ? fold : undefined;
}

/** Passes on every record of a span, in order. */
export async function readOn(
  kafka: KafkaBrokers,
  { topic, from, to }: { readonly topic: string; readonly from: number; readonly to: number },
  handle: (record: PartitionRecord) => void,
): Promise<void> {
  for (let next = from; next < to; ) {
    const records = await kafka.read(topic, next, bytesAtOnce);
    if (records[0]!.offset !== next)
      throw new GatewayError('LOG_GAP', `${topic}: record ${next} is not kept any more`, {
        facts: { topic, next },
      });
    for (const record of records) if (record.offset < to) handle(record);
    next = records.at(-1)!.offset + 1;
  }
}
