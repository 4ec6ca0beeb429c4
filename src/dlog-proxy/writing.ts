import { crc32 } from 'node:zlib';
import { checkStreamName } from '../dlog/index.ts';
import type { BulkWriteResponse, Call, WriteContext } from '../rpc/index.ts';
import type { Connections } from './connections.ts';
import { WriteOrder } from './limits.ts';
import {
  cancelled,
  header,
  type Refused,
  refusalOf,
  refused,
  type WriteOutcome,
  writeResponse,
} from './outcome.ts';
import { OwnedStream, type Write } from './owned-stream.ts';
import type { OwnedStreams } from './owned-streams.ts';
import { decodeRecordSet } from './record-set.ts';

interface Sent {
  readonly stream: string;
  readonly data: Buffer;
}

/** The methods that write. */
export class ProxyWrites {
  readonly #deps: { readonly streams: OwnedStreams; readonly connections: Connections };

  constructor(deps: { readonly streams: OwnedStreams; readonly connections: Connections }) {
    this.#deps = deps;
  }

  /** Decides in the order of the calls: nothing is waited for before the write is handed on. */
  write({ stream, data }: Sent, ctx: WriteContext, call: Call): Promise<WriteOutcome> {
    const order = this.#order(ctx, call);
    if (order === 'past') return Promise.resolve(cancelled);
    const records = recordsOf(data, ctx);
    const refusal = refusalBefore({ stream, data }, ctx) ?? ('kind' in records ? records : undefined);
    const owned = refusal ?? this.#deps.streams.of(stream);
    if (owned instanceof OwnedStream && !('kind' in records)) return owned.write({ records, order });
    order?.of.refuse(order.place);
    return Promise.resolve(owned as Refused);
  }

  async writeBulk(
    { stream, data }: { readonly stream: string; readonly data: readonly Buffer[] },
    ctx: WriteContext,
    call: Call,
  ): Promise<BulkWriteResponse> {
    // A checksum of many records says nothing of one.
    const rest = { session: ctx.session, isRecordSet: ctx.isRecordSet };
    const outcomes = await Promise.all(data.map((each) => this.write({ stream, data: each }, rest, call)));
    return { header: header(), writeResponses: outcomes.map(writeResponse) };
  }

  /** The place of a write in its session; undefined where it has none, `past` where a newer session has begun. */
  #order(ctx: WriteContext, { signal }: Call): Write['order'] | 'past' {
    const session = Number(ctx.session ?? 0n);
    if (session <= 0) return undefined;
    const connection = this.#deps.connections.of(signal);
    if (session < connection.writes.session) return 'past';
    if (session > connection.writes.session) connection.writes = new WriteOrder(session);
    return { of: connection.writes, place: connection.writes.take() };
  }
}

function refusalBefore({ stream, data }: Sent, ctx: WriteContext): Refused | undefined {
  if (ctx.crc32 !== undefined && ctx.crc32 !== BigInt(crc32(data, crc32(stream))))
    return refused('CHECKSUM_FAILED', 'the record is not as it was sent');
  try {
    checkStreamName(stream);
  } catch (error) {
    return refusalOf(error);
  }
  return undefined;
}

function recordsOf(data: Buffer, ctx: WriteContext): readonly Buffer[] | Refused {
  if (ctx.isRecordSet !== true) return [data];
  const set = decodeRecordSet(data);
  switch (set.kind) {
    case 'records':
      return set.records;
    case 'packed':
      return refused('NOT_IMPLEMENTED', 'sets of records are taken unpacked only');
    case 'bad':
      return refused('INVALID_ENVELOPED_ENTRY', `this is no set of records: ${set.what}`);
  }
}
