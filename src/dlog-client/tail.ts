import type { ReadRecord, ReadResponse, ReadFrom as ThriftReadFrom } from '../rpc/index.ts';
import { fromWire, type Position, toWire } from './position.ts';
import { Route, type RouteOptions } from './route.ts';

/** Where to begin: at what is kept, behind the last record, at a position, at the first entry written at a time or later. */
export type TailFrom = 'earliest' | 'latest' | Position | { readonly timeMs: number };

export interface TailRecord {
  readonly position: Position;
  readonly transactionId: bigint;
  /** Counts the records of the stream from 0, without a gap. */
  readonly sequenceId: bigint;
  readonly payload: Buffer;
}

/** `moved`: what lay before `to` was cut off, and is not shown; told once. `next` is where to begin after this. */
export type TailEvent =
  | { readonly kind: 'records'; readonly records: readonly TailRecord[]; readonly next: Position }
  | { readonly kind: 'moved'; readonly to: Position };

export interface TailOptions {
  readonly from?: TailFrom;
  /** False: end where there is nothing more for now. Default true: go on as records are committed, until the stream is ended. */
  readonly follow?: boolean;
  /** How long the gateway lets one read wait where there is nothing new. */
  readonly waitMs?: number;
  /** Of one event. */
  readonly recordsMax?: number;
  readonly bytesMax?: number;
  readonly signal?: AbortSignal;
}

const defaults = { waitMs: 10_000, recordsMax: 1000, bytesMax: 512 * 1024 };

/**
 * The records of a stream, in order and once, over lost connections and changes of owner. While one event is looked at the next is read, and
 * no more: who takes none gets none. Leaving the loop closes the connection. Throws `STREAM_UNKNOWN`, `REMOTE_FAILURE` (damage), what was lost
 * when that lasts longer than the patience, and the signal's reason.
 */
export async function* tailOf(
  options: RouteOptions,
  stream: string,
  given: TailOptions,
): AsyncGenerator<TailEvent, void, undefined> {
  const { waitMs, recordsMax, bytesMax, follow = true } = { ...defaults, ...given };
  using route = new Route(options, stream, given.signal);
  const read = (from: ThriftReadFrom): Promise<ReadResponse> => {
    const request = { stream, start: from, recordsMax, bytesMax, waitMs: follow ? waitMs : 0 };
    const timeoutMs = options.timeoutMs + request.waitMs;
    const answer = route.settled((caller) => caller.read(request, { timeoutMs }), { isRepeatable: true });
    // Nobody may ask for what is read ahead.
    answer.catch(() => undefined);
    return answer;
  };
  let reading: Promise<ReadResponse> | undefined = read(fromOf(given.from ?? 'earliest'));
  while (reading !== undefined) {
    const answer: ReadResponse = await reading;
    const records = answer.records ?? [];
    const isMoved = answer.moved === true;
    const isLast = answer.isEnd === true || (!follow && records.length === 0 && !isMoved);
    reading = isLast ? undefined : read({ kind: 'dlsn', value: answer.nextDlsn! });
    const next = fromWire(answer.nextDlsn!);
    if (isMoved) yield { kind: 'moved', to: next };
    if (records.length > 0) yield { kind: 'records', records: records.map(recordOf), next };
  }
}

function recordOf({ dlsn, transactionId, sequenceId, payload }: ReadRecord): TailRecord {
  return { position: fromWire(dlsn), transactionId, sequenceId, payload };
}

export function fromOf(from: TailFrom): ThriftReadFrom {
  if (from === 'earliest' || from === 'latest') return { kind: from, value: true };
  if ('timeMs' in from) return { kind: 'timeMs', value: BigInt(from.timeMs) };
  return { kind: 'dlsn', value: toWire(from) };
}
