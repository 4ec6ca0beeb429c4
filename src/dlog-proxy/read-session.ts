import { type Clock, GatewayError } from '../base/index.ts';
import { compareDlsn, type DistributedLog, type Dlsn, type LogReader, type ReadFrom } from '../dlog/index.ts';
import { type Block, type Blocks, behind, blockOf, firstOf } from './block.ts';
import type { ProxyLimits } from './limits.ts';
import type { StreamTail } from './stream-tail.ts';
import type { Tails } from './tails.ts';

export interface ReadRequest {
  readonly stream: string;
  readonly from: ReadFrom;
  /** The limit in bytes of whole entries; one entry is returned whatever its size. */
  readonly bytesMax: number;
  /** How long to wait where there is nothing yet. */
  readonly waitMs: number;
  readonly signal: AbortSignal;
  /** Awaited when there is something to return, before it is taken. */
  readonly turn?: () => Promise<void>;
  /** Returns where the next read continues, for a caller that may take less than whole entries. */
  readonly take?: (found: Blocks) => Dlsn;
}

/** `next` is where the next read continues. `moved`: the records before `next` were truncated. */
export type ReadAnswer =
  | (Blocks & { readonly kind: 'blocks'; readonly next: Dlsn })
  | { readonly kind: 'idle' | 'moved' | 'end'; readonly next: Dlsn };

/** A position in a stream, with the reader at that position and what it read too much. */
interface Place {
  readonly reader: LogReader;
  at: Dlsn;
  left: readonly Block[];
}

interface Deps {
  readonly log: DistributedLog;
  readonly clock: Clock;
  readonly tails: Tails;
  readonly limits: ProxyLimits;
  /** Aborted when reads must not wait any longer: they return what there is. */
  readonly stopping: AbortSignal;
}

/**
 * The reads of one connection. Entries near the end of a stream come from the tail that all connections
 * share. Older entries are read from the storage, by a reader that is kept for the next read of this
 * connection.
 */
export class ReadSession {
  readonly #deps: Deps;
  /** The places by stream, the most recently used last. */
  readonly #places = new Map<string, Place>();
  /** Wakes the reads that wait at a tail. */
  readonly #wakes = new Set<() => void>();
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

  /** Discards the reader of that stream, so that the next read fetches it again. */
  async forget(stream: string): Promise<void> {
    const place = this.#places.get(stream);
    this.#places.delete(stream);
    await place?.reader.close();
  }

  /** Makes waiting reads check whether they may still wait. */
  wake(): void {
    for (const wake of [...this.#wakes]) wake();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.wake();
    const places = [...this.#places.values()];
    this.#places.clear();
    for (const place of places) await place.reader.close();
  }

  /** Undefined when the tail does not reach back far enough, or its state is unknown. */
  async #readTail(request: ReadRequest, at: Dlsn, deadlineMs: number): Promise<ReadAnswer | undefined> {
    const { clock, tails } = this.#deps;
    const tail = await tails.of(request.stream);
    if (tail === undefined) return undefined;
    for (;;) {
      const found = tail.look(at, request.bytesMax);
      if (found === 'behind') return undefined;
      if (typeof found === 'object') {
        await request.turn?.();
        return { kind: 'blocks', ...found, next: nextOf(request, found) };
      }
      if (found === 'end') return { kind: 'end', next: at };
      // A caller that does not wait expects everything committed by now, and the tail may lag for a moment.
      if (request.waitMs <= 0) return undefined;
      const remainingMs = deadlineMs - clock.monotonicMs();
      if (remainingMs <= 0 || this.#deps.stopping.aborted) return { kind: 'idle', next: at };
      await this.#changed(tail, remainingMs);
      if (request.signal.aborted)
        throw new GatewayError('ABORTED', 'the reader has gone', { cause: request.signal.reason as unknown });
      tail.usedAtMs = clock.monotonicMs();
    }
  }

  /** Nothing was awaited since the tail was examined, so no change is missed. */
  async #changed(tail: StreamTail, ms: number): Promise<void> {
    let wake = (): void => undefined;
    const woken = new Promise<void>((resolve) => {
      wake = resolve;
    });
    const held = [this.#deps.clock.after(ms, wake), tail.onChange(wake)];
    this.#wakes.add(wake);
    // The close may have come before this read was registered.
    if (!this.#isClosed) await woken;
    this.#wakes.delete(wake);
    for (const each of held) each[Symbol.dispose]();
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
    const { bytesMax, signal } = request;
    if (place.left.length > 0) return takeInTurn(place, request, place.at.slot);
    const found = await place.reader.readEntries({ bytesMax, signal });
    if (found.kind === 'entries') {
      place.left = found.entries.map(blockOf);
      return takeInTurn(place, request, found.firstSlot);
    }
    const { next } = place.reader;
    if (found.kind !== 'idle' || request.waitMs <= 0) return { kind: found.kind, next };
    // From here on other reads may wait for the same entries.
    const shared = await this.#readTail(request, next, deadlineMs);
    return shared ?? this.#waitAlone(place, request, deadlineMs);
  }

  /** Waits without a shared tail. */
  async #waitAlone(place: Place, request: ReadRequest, deadlineMs: number): Promise<ReadAnswer> {
    const { bytesMax, signal } = request;
    const waitMs = Math.max(0, deadlineMs - this.#deps.clock.monotonicMs());
    const either = AbortSignal.any([signal, this.#deps.stopping]);
    const found = await place.reader.readEntries({ bytesMax, waitMs, signal: either });
    if (found.kind !== 'entries') return { kind: found.kind, next: place.reader.next };
    place.left = found.entries.map(blockOf);
    return takeInTurn(place, request, found.firstSlot);
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
    // The place's own reader stayed behind where the shared tail took over.
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
}

function isAt(from: ReadFrom, at: Dlsn): boolean {
  return typeof from === 'object' && 'dlsn' in from && compareDlsn(from.dlsn, at) === 0;
}

/** Only this read uses the place while it waits. */
async function takeInTurn(place: Place, request: ReadRequest, firstSlot: number): Promise<ReadAnswer> {
  await request.turn?.();
  return takeLeft(place, request, firstSlot);
}

function takeLeft(place: Place, request: ReadRequest, firstSlot: number): ReadAnswer {
  const blocks = firstOf(place.left, request.bytesMax);
  const next = nextOf(request, { blocks, firstSlot });
  place.left = place.left.filter((block) => compareDlsn(behind(block), next) > 0);
  return { kind: 'blocks', blocks, firstSlot, next };
}

function nextOf({ take }: ReadRequest, found: Blocks): Dlsn {
  return take === undefined ? behind(found.blocks.at(-1)!) : take(found);
}
