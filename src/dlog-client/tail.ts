import type { ReadEntriesResponse, ReadFrom as ThriftReadFrom } from '../rpc/index.ts';
import { type BlockRecord, recordsOf } from './block.ts';
import { fromWire, type Position, toWire } from './position.ts';
import { Route, type RouteOptions } from './route.ts';

/**
 * Where to begin: the oldest retained record, behind the last record, a position, or the first entry written
 * at a time or later.
 */
export type TailFrom = 'earliest' | 'latest' | Position | { readonly timeMs: number };

export type TailRecord = Readonly<Pick<BlockRecord, 'position' | 'transactionId' | 'sequenceId' | 'payload'>>;

/**
 * `moved`: the records before `to` were truncated and are skipped; reported once. `next` is where to begin
 * after this event.
 */
export type TailEvent =
  | { readonly kind: 'records'; readonly records: readonly TailRecord[]; readonly next: Position }
  | { readonly kind: 'moved'; readonly to: Position };

export interface TailOptions {
  readonly from?: TailFrom;
  /**
   * False: end where there is nothing more for now. True, the default: continue as records are committed,
   * until the stream is sealed.
   */
  readonly follow?: boolean;
  /** How long the gateway holds a read open while there is nothing new. */
  readonly waitMs?: number;
  /** The most records in one event. */
  readonly recordsMax?: number;
  /** The most bytes in one answer of the gateway, in whole entries. */
  readonly bytesMax?: number;
  readonly signal?: AbortSignal;
}

const defaults = { waitMs: 10_000, recordsMax: 1000, bytesMax: 512 * 1024 };

/**
 * The records of a stream, in order and once, over lost connections and changes of owner. Reads the next
 * event while the caller processes the current one, and no further: a caller that takes none fetches none.
 * Leaving the loop closes the connection. Throws `STREAM_UNKNOWN`, `REMOTE_FAILURE` (damage), the error of a
 * lost connection that lasts longer than the patience, and the signal's reason.
 */
export async function* tailOf(
  options: RouteOptions,
  stream: string,
  given: TailOptions,
): AsyncGenerator<TailEvent, void, undefined> {
  const { waitMs, recordsMax, bytesMax, follow = true } = { ...defaults, ...given };
  using route = new Route(options, stream, given.signal);
  const read = (from: ThriftReadFrom): Promise<ReadEntriesResponse> => {
    const request = { stream, start: from, bytesMax, waitMs: follow ? waitMs : 0 };
    const timeoutMs = options.timeoutMs + request.waitMs;
    const answer = route.settled((caller) => caller.readEntries(request, { timeoutMs }), {
      isRepeatable: true,
    });
    // The caller may never ask for what was read ahead, so its rejection must not go unhandled.
    answer.catch(() => undefined);
    return answer;
  };
  let reading: Promise<ReadEntriesResponse> | undefined = read(fromOf(given.from ?? 'earliest'));
  while (reading !== undefined) {
    const answer: ReadEntriesResponse = await reading;
    const records = answer.entries === undefined ? [] : recordsOf(answer.entries, answer.firstSlot ?? 0);
    const isMoved = answer.moved === true;
    const isLast = answer.isEnd === true || (!follow && records.length === 0 && !isMoved);
    reading = isLast ? undefined : read({ kind: 'dlsn', value: answer.nextDlsn! });
    const next = fromWire(answer.nextDlsn!);
    if (isMoved) yield { kind: 'moved', to: next };
    yield* eventsOf(records, next, recordsMax);
  }
}

function* eventsOf(
  records: readonly TailRecord[],
  next: Position,
  recordsMax: number,
): Generator<TailEvent, void> {
  for (let at = 0; at < records.length; at += recordsMax) {
    const part = records.length <= recordsMax ? records : records.slice(at, at + recordsMax);
    yield { kind: 'records', records: part, next: records[at + recordsMax]?.position ?? next };
  }
}

export function fromOf(from: TailFrom): ThriftReadFrom {
  if (from === 'earliest' || from === 'latest') return { kind: from, value: true };
  if ('timeMs' in from) return { kind: 'timeMs', value: BigInt(from.timeMs) };
  return { kind: 'dlsn', value: toWire(from) };
}
