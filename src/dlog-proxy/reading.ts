import type { Logger } from '../base/index.ts';
import { checkStreamName, type Dlsn, deserializeDlsn, type ReadFrom, serializeDlsn } from '../dlog/index.ts';
import type { Call, ReadEntriesResponse, ReadResponse, ReadFrom as ThriftReadFrom } from '../rpc/index.ts';
import { type BlockRecord, recordsOf } from './block.ts';
import type { Connections } from './connections.ts';
import { FairTurns } from './fair-turns.ts';
import type { ProxyLimits } from './limits.ts';
import { header, loggedRefusalOf } from './outcome.ts';
import type { ReadAnswer } from './read-session.ts';

interface Deps {
  readonly limits: ProxyLimits;
  readonly connections: Connections;
  readonly logger: Logger;
  /** Settles what earlier owners left at the end of a stream. */
  readonly lookAtEnd: (stream: string) => Promise<void>;
}

interface ReadEntriesArguments {
  readonly stream: string;
  readonly start: ThriftReadFrom;
  readonly bytesMax: number;
  readonly waitMs: number;
}

/** The methods that read. A failure is a status code of the answer. */
export class ProxyReads {
  readonly #deps: Deps;
  readonly #turns = new FairTurns();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  async readEntries(request: ReadEntriesArguments, call: Call): Promise<ReadEntriesResponse> {
    try {
      const answer = await this.#read(request, call);
      if (answer.kind !== 'blocks') return standing(answer);
      const bytes = answer.blocks.map((block) => block.bytes);
      const entries = bytes.length === 1 ? bytes[0] : Buffer.concat(bytes);
      return { ...standing(answer), entries, firstSlot: answer.firstSlot };
    } catch (error) {
      return { header: header(loggedRefusalOf(this.#deps.logger, error)) };
    }
  }

  /**
   * Like `readEntries`, but with a structure for each record, for simple clients. A call costs as much as
   * many others, so one begins per event-loop turn.
   */
  async read(
    request: ReadEntriesArguments & { readonly recordsMax: number },
    call: Call,
  ): Promise<ReadResponse> {
    const recordsMax = clamp(request.recordsMax, 1, this.#deps.limits.readRecordsMax);
    const bytesMax = clamp(request.bytesMax, 1, this.#deps.limits.readBytesMax);
    let records: readonly BlockRecord[] = [];
    try {
      const answer = await this.#read(request, call, (found) => {
        const taken = recordsOf(found, { recordsMax, bytesMax });
        records = taken.records;
        return taken.next;
      });
      return { ...standing(answer), records: records.map(recordForThrift) };
    } catch (error) {
      return { header: header(loggedRefusalOf(this.#deps.logger, error)) };
    }
  }

  async #read(
    request: ReadEntriesArguments,
    { signal }: Call,
    take?: (found: Parameters<typeof recordsOf>[0]) => Dlsn,
  ): Promise<ReadAnswer> {
    const { limits, lookAtEnd, connections } = this.#deps;
    checkStreamName(request.stream);
    await lookAtEnd(request.stream);
    return connections.of(signal).reads.read({
      stream: request.stream,
      from: fromThrift(request.start),
      bytesMax: clamp(request.bytesMax, 1, limits.readBytesMax),
      waitMs: clamp(request.waitMs, 0, limits.readWaitMsMax),
      signal,
      ...(take === undefined ? {} : { take, turn: () => this.#turns.take(signal) }),
    });
  }
}

export function fromThrift(from: ThriftReadFrom): ReadFrom {
  switch (from.kind) {
    case 'earliest':
    case 'latest':
      return from.kind;
    case 'dlsn':
      return { dlsn: deserializeDlsn(from.value) };
    case 'timeMs':
      return { timeMs: Number(from.value) };
  }
}

function standing({ kind, next }: ReadAnswer) {
  return {
    header: header(),
    nextDlsn: serializeDlsn(next),
    moved: kind === 'moved',
    isEnd: kind === 'end',
  };
}

function recordForThrift(record: BlockRecord) {
  return {
    dlsn: serializeDlsn(record),
    transactionId: BigInt(record.transactionId),
    sequenceId: BigInt(record.sequenceId),
    payload: record.payload,
  };
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, value));
}
