import { crc32 } from 'node:zlib';
import { checkStreamName } from '../dlog/index.ts';
import type { BulkWriteResponse, Call, WriteContext } from '../rpc/index.ts';
import { bulkRecords, bulkResponses, type RunOutcome, runsOf } from './bulk.ts';
import type { Connections } from './connections.ts';
import { type ProxyLimits, WriteOrder } from './limits.ts';
import {
  cancelled,
  header,
  type Refused,
  refusalOf,
  refused,
  tooManyRecords,
  type WriteOutcome,
} from './outcome.ts';
import { OwnedStream, type Write } from './owned-stream.ts';
import type { OwnedStreams } from './owned-streams.ts';
import { decodeRecordSet } from './record-set.ts';

interface Sent {
  readonly stream: string;
  readonly data: Buffer;
}

/**
 * The records of a bulk that share a promise, and their bytes: few enough to share an entry with other
 * writes.
 */
const runRecordsMax = 1024;
const runBytesMax = 256 * 1024;

/** The methods that write. */
export class ProxyWrites {
  readonly #deps: {
    readonly streams: OwnedStreams;
    readonly connections: Connections;
    readonly limits: Pick<ProxyLimits, 'bulkRecordsMax'>;
  };

  constructor(deps: {
    readonly streams: OwnedStreams;
    readonly connections: Connections;
    readonly limits: Pick<ProxyLimits, 'bulkRecordsMax'>;
  }) {
    this.#deps = deps;
  }

  /** Decides in the order of the calls: nothing is awaited before the write is passed on. */
  write({ stream, data }: Sent, ctx: WriteContext, call: Call): Promise<WriteOutcome> {
    const order = this.#order(ctx, call);
    if (order === 'past') return Promise.resolve(cancelled);
    const records = recordsOf(data, ctx, this.#deps.limits.bulkRecordsMax);
    const refusal = refusalBefore({ stream, data }, ctx) ?? ('kind' in records ? records : undefined);
    return this.#hand({ stream, peer: call.remoteAddress }, refusal ?? records, order);
  }

  /**
   * Writes the records one after the other; each is refused or accepted as if it had come alone. A bulk of
   * more records than `bulkRecordsMax` is refused as a whole with TOO_LARGE_RECORD in its header, before any
   * work per record.
   */
  async writeBulk(
    { stream, data }: { readonly stream: string; readonly data: readonly Buffer[] },
    ctx: WriteContext,
    call: Call,
  ): Promise<BulkWriteResponse> {
    const isRecordSet = ctx.isRecordSet === true;
    const records = bulkRecords(data, isRecordSet);
    const { bulkRecordsMax } = this.#deps.limits;
    if (records > bulkRecordsMax) {
      const order = this.#order(ctx, call);
      if (order !== 'past') order?.of.refuse(order.place);
      return { header: header(tooManyRecords('a bulk', { records, recordsMax: bulkRecordsMax })) };
    }
    // A checksum of many records says nothing about one of them.
    const rest = { session: ctx.session, isRecordSet };
    const writes: Promise<readonly RunOutcome[]>[] = [];
    if (isRecordSet) {
      for (const set of data)
        writes.push(
          this.write({ stream, data: set }, rest, call).then((outcome) => [{ outcome, records: 1 }]),
        );
    } else {
      for (const run of runsOf(data, { recordsMax: runRecordsMax, bytesMax: runBytesMax })) {
        for (const part of this.#fitting(
          { stream, peer: call.remoteAddress },
          data.slice(run.begin, run.end),
        )) {
          const written = this.#writeRun({ stream, data: part }, rest, call);
          writes.push(written.then((outcome) => outcomesOf(outcome, part.length, rest.session)));
        }
      }
    }
    return { header: header(), writeResponses: bulkResponses((await Promise.all(writes)).flat()) };
  }

  /**
   * The records that there is room for; the rest is refused. As many records are accepted as if each had come
   * alone.
   */
  #fitting(
    { stream, peer }: { readonly stream: string; readonly peer: string },
    data: readonly Buffer[],
  ): readonly (readonly Buffer[])[] {
    const owned = nameRefusal(stream) ?? this.#deps.streams.of(stream, peer);
    const count = owned instanceof OwnedStream ? owned.fitting(data) : data.length;
    return count === 0 || count === data.length ? [data] : [data.slice(0, count), data.slice(count)];
  }

  #writeRun(
    { stream, data }: { readonly stream: string; readonly data: readonly Buffer[] },
    ctx: WriteContext,
    call: Call,
  ): Promise<WriteOutcome> {
    const order = this.#order(ctx, call);
    if (order === 'past') return Promise.resolve(cancelled);
    return this.#hand({ stream, peer: call.remoteAddress }, nameRefusal(stream) ?? data, order);
  }

  #hand(
    { stream, peer }: { readonly stream: string; readonly peer: string },
    records: readonly Buffer[] | Refused,
    order: Write['order'],
  ): Promise<WriteOutcome> {
    const owned = 'kind' in records ? records : this.#deps.streams.of(stream, peer);
    if (owned instanceof OwnedStream && !('kind' in records)) return owned.write({ records, order });
    order?.of.refuse(order.place);
    return Promise.resolve(owned as Refused);
  }

  /**
   * The place of a write in its session; undefined if it has no session, `past` if a newer session has begun.
   */
  #order(ctx: WriteContext, { signal }: Call): Write['order'] | 'past' {
    const session = Number(ctx.session ?? 0n);
    if (session <= 0) return undefined;
    const connection = this.#deps.connections.of(signal);
    if (session < connection.writes.session) return 'past';
    if (session > connection.writes.session) connection.writes = new WriteOrder(session);
    return { of: connection.writes, place: connection.writes.take() };
  }
}

/** The outcomes of the records of a run. In a session, everything after a refused record is cancelled. */
function outcomesOf(
  outcome: WriteOutcome,
  records: number,
  session: bigint | undefined,
): readonly RunOutcome[] {
  const isOrdered = outcome.kind === 'refused' && (session ?? 0n) > 0n && records > 1;
  if (!isOrdered) return [{ outcome, records }];
  return [
    { outcome, records: 1 },
    { outcome: cancelled, records: records - 1 },
  ];
}

function refusalBefore({ stream, data }: Sent, ctx: WriteContext): Refused | undefined {
  if (ctx.crc32 !== undefined && ctx.crc32 !== BigInt(crc32(data, crc32(stream))))
    return refused('CHECKSUM_FAILED', 'the record is not as it was sent');
  return nameRefusal(stream);
}

function nameRefusal(stream: string): Refused | undefined {
  try {
    checkStreamName(stream);
  } catch (error) {
    return refusalOf(error);
  }
  return undefined;
}

function recordsOf(data: Buffer, ctx: WriteContext, recordsMax: number): readonly Buffer[] | Refused {
  if (ctx.isRecordSet !== true) return [data];
  const set = decodeRecordSet(data, recordsMax);
  switch (set.kind) {
    case 'records':
      return set.records;
    case 'packed':
      return refused('NOT_IMPLEMENTED', 'sets of records are taken unpacked only');
    case 'too-many':
      return tooManyRecords('a set', { records: set.records, recordsMax });
    case 'bad':
      return refused('INVALID_ENVELOPED_ENTRY', `this is no set of records: ${set.what}`);
  }
}
