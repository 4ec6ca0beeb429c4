import { type Clock, GatewayError } from '../base/index.ts';
import {
  compareDlsn,
  type DistributedLog,
  type Dlsn,
  type LogReader,
  type LogRecord,
  type ReadFrom,
} from '../dlog/index.ts';
import type { ProxyLimits } from './limits.ts';
import type { Tails } from './tails.ts';

export interface ReadRequest {
  readonly stream: string;
  readonly from: ReadFrom;
  readonly recordsMax: number;
  /** Of payloads; one record comes whatever its size. */
  readonly bytesMax: number;
  /** How long to wait where there is nothing yet. */
  readonly waitMs: number;
  readonly signal: AbortSignal;
}

/** `next` is where the next read goes on. `moved`: what lay before `next` was cut off. */
export type ReadAnswer =
  | { readonly kind: 'records'; readonly records: readonly LogRecord[]; readonly next: Dlsn }
  | { readonly kind: 'idle' | 'moved' | 'end'; readonly next: Dlsn };

/** A place in a stream, with the reader that stands there and what it read too much. */
interface Place {
  readonly reader: LogReader;
  at: Dlsn;
  left: readonly LogRecord[];
}

interface Deps {
  readonly log: DistributedLog;
  readonly clock: Clock;
  readonly limits: ProxyLimits;
  readonly tails: Tails;
  /** Aborted when reads are to wait no more: they are answered with what there is. */
  readonly stopping: AbortSignal;
}

/**
 * The reads of one connection. What is near the end of a stream comes from the tail that all share; what is behind is read from the
 * storage, by a reader that is kept for the next read of this connection.
 */
export class ReadSession {
  readonly #deps: Deps;
  /** By stream, the last used last. */
  readonly #places = new Map<string, Place>();
  #isClosed = false;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Rejects as the log's readers do, and with the signal's reason. */
  async read(request: ReadRequest): Promise<ReadAnswer> {
    const deadlineMs = this.#deps.clock.monotonicMs() + request.waitMs;
    if (typeof request.from === 'object' && 'dlsn' in request.from) {
      const answer = await this.#readTail(request, request.from.dlsn, deadlineMs);
      if (answer !== undefined) return answer;
    }
    return this.#readStorage(request, deadlineMs);
  }

  /** What is read next of that stream is read anew. */
  async forget(stream: string): Promise<void> {
    const place = this.#places.get(stream);
    this.#places.delete(stream);
    await place?.reader.close();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const places = [...this.#places.values()];
    this.#places.clear();
    for (const place of places) await place.reader.close();
  }

  /** Undefined when the tail does not reach back so far, or cannot say. */
  async #readTail(request: ReadRequest, at: Dlsn, deadlineMs: number): Promise<ReadAnswer | undefined> {
    const { clock, tails } = this.#deps;
    const tail = await tails.of(request.stream);
    if (tail === undefined) return undefined;
    for (;;) {
      const changed = tail.changed();
      const found = tail.look(at, request.recordsMax);
      if (found === 'behind') return undefined;
      if (typeof found === 'object') return answerOf(found, request.bytesMax).answer;
      if (found === 'end') return { kind: 'end', next: at };
      // Who does not wait wants to know what is committed by now: the tail may be a moment behind.
      if (request.waitMs <= 0) return undefined;
      const remainingMs = deadlineMs - clock.monotonicMs();
      if (remainingMs <= 0 || this.#deps.stopping.aborted) return { kind: 'idle', next: at };
      await this.#pause(changed, remainingMs, request.signal);
      tail.usedAtMs = clock.monotonicMs();
    }
  }

  async #readStorage(request: ReadRequest, deadlineMs: number): Promise<ReadAnswer> {
    const place = await this.#placeOf(request);
    try {
      const answer = await this.#readPlace(place, request, deadlineMs);
      place.at = answer.next;
      await this.#keep(request.stream, place);
      return answer;
    } catch (error) {
      await place.reader.close();
      throw error;
    }
  }

  async #readPlace(place: Place, request: ReadRequest, deadlineMs: number): Promise<ReadAnswer> {
    const { recordsMax, bytesMax, signal } = request;
    if (place.left.length > 0) return takeLeft(place, bytesMax);
    const found = await place.reader.read({ recordsMax, bytesMax, signal });
    if (found.kind === 'records') {
      place.left = found.records;
      return takeLeft(place, bytesMax);
    }
    const { next } = place.reader;
    if (found.kind !== 'idle' || request.waitMs <= 0) return { kind: found.kind, next };
    // From here on others may wait for the same.
    const shared = await this.#readTail(request, next, deadlineMs);
    return shared ?? this.#waitAlone(place, request, deadlineMs);
  }

  /** Where there is no tail. */
  async #waitAlone(place: Place, request: ReadRequest, deadlineMs: number): Promise<ReadAnswer> {
    const { recordsMax, bytesMax, signal } = request;
    const waitMs = Math.max(0, deadlineMs - this.#deps.clock.monotonicMs());
    const either = AbortSignal.any([signal, this.#deps.stopping]);
    const found = await place.reader.read({ recordsMax, bytesMax, waitMs, signal: either });
    if (found.kind !== 'records') return { kind: found.kind, next: place.reader.next };
    place.left = found.records;
    return takeLeft(place, bytesMax);
  }

  async #placeOf({ stream, from }: ReadRequest): Promise<Place> {
    const place = this.#places.get(stream);
    this.#places.delete(stream);
    const isThere = place !== undefined && isAt(from, place.at);
    if (isThere) return place;
    await place?.reader.close();
    const reader = await this.#deps.log.openReader(stream, from);
    return { reader, at: reader.next, left: [] };
  }

  async #keep(stream: string, place: Place): Promise<void> {
    const before = this.#places.get(stream);
    this.#places.set(stream, place);
    await before?.reader.close();
    // Its reader stayed where the shared tail took over.
    const isBehind = place.left.length === 0 && compareDlsn(place.reader.next, place.at) < 0;
    const [oldest] = this.#places.keys();
    const surplus =
      this.#isClosed || isBehind
        ? stream
        : this.#places.size > this.#deps.limits.readersMax
          ? oldest
          : undefined;
    if (surplus === undefined) return;
    const dropped = this.#places.get(surplus);
    this.#places.delete(surplus);
    await dropped?.reader.close();
  }

  async #pause(changed: Promise<undefined>, ms: number, signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const any = AbortSignal.any([signal, this.#deps.stopping, over.signal]);
    const slept = this.#deps.clock.sleep(ms, any).catch(() => undefined);
    await Promise.race([changed, slept]);
    over.abort();
    if (signal.aborted)
      throw new GatewayError('ABORTED', 'the reader has gone', { cause: signal.reason as unknown });
  }
}

function isAt(from: ReadFrom, at: Dlsn): boolean {
  return typeof from === 'object' && 'dlsn' in from && compareDlsn(from.dlsn, at) === 0;
}

function takeLeft(place: Place, bytesMax: number): ReadAnswer {
  const { answer, left } = answerOf(place.left, bytesMax);
  place.left = left;
  return answer;
}

/** As many as the bytes allow, at least one. */
function answerOf(
  records: readonly LogRecord[],
  bytesMax: number,
): { readonly answer: ReadAnswer; readonly left: readonly LogRecord[] } {
  let count = 1;
  let bytes = records[0]!.payload.length;
  while (count < records.length && bytes + records[count]!.payload.length <= bytesMax) {
    bytes += records[count]!.payload.length;
    count += 1;
  }
  const { lssn, entry, slot } = records[count - 1]!;
  const next = { lssn, entry, slot: slot + 1 };
  return { answer: { kind: 'records', records: records.slice(0, count), next }, left: records.slice(count) };
}
