import type { Logger } from '../base/index.ts';
import type { AppendOutcome, DistributedLog, LogWriter, WriterOptions } from '../dlog/index.ts';
import { InFlight, type ProxyLimits, type WriteOrder } from './limits.ts';
import {
  cancelled,
  loggedRefusalOf,
  outcomeOf,
  type Refused,
  refused,
  type WriteOutcome,
  writtenBy,
} from './outcome.ts';
import type { Slots } from './slots.ts';
import { SoftQuota } from './soft-quota.ts';

export interface Write {
  /** At least one record; all of them are written or none. */
  readonly records: readonly Buffer[];
  /** Undefined for a write that is independent of others. */
  readonly order: { readonly of: WriteOrder; readonly place: number } | undefined;
}

export interface OwnedStreamDeps {
  readonly log: DistributedLog;
  readonly logger: Logger;
  readonly limits: ProxyLimits;
  /** What is in flight in all streams together. */
  readonly total: InFlight;
  /** The streams that this proxy acquires at the same time. */
  readonly acquisitions: Slots;
  /** Called for each write that is accepted. */
  readonly onTaken: (quota: SoftQuota, bytes: number, records: number) => void;
  readonly options: Partial<WriterOptions> & { readonly address: string };
}

type Opened = LogWriter | Refused;

/**
 *     without writer ──a write──> opening ──> open ──another owner, a fault──> without writer
 *
 * One stream that this proxy writes. The proxy becomes its owner at the first write, and again after its
 * writer was lost. Writes that arrive meanwhile wait in order; if another gateway owns the stream, all of
 * them are redirected there.
 */
export class OwnedStream {
  readonly #deps: OwnedStreamDeps;
  readonly #stream: string;
  readonly #inFlight: InFlight;
  readonly #quota: SoftQuota;
  readonly #waiting: ((opened: Opened) => void)[] = [];
  #writer: LogWriter | undefined;
  #opening: Promise<void> | undefined;
  #isOpening = false;
  #isClosed = false;

  constructor(stream: string, deps: OwnedStreamDeps) {
    this.#stream = stream;
    this.#deps = deps;
    const { streamBytesMax: bytesMax, streamRecordsMax: recordsMax } = deps.limits;
    this.#inFlight = new InFlight({ bytesMax, recordsMax });
    this.#quota = new SoftQuota(deps.limits.streamSoft);
  }

  /** True while this proxy writes the stream. */
  get isOwned(): boolean {
    return this.#writer?.state === 'open';
  }

  /** The records that were accepted above the soft quota of the stream. */
  get recordsOver(): number {
    return this.#quota.recordsOver;
  }

  /** Whether nothing is in flight or waits, so that nothing would be lost with this. */
  get isIdle(): boolean {
    return this.#inFlight.isEmpty && !this.#isOpening && this.#waiting.length === 0;
  }

  /** How many of the records, from the first on, there is room for now. */
  fitting(records: readonly Buffer[]): number {
    const { total } = this.#deps;
    let bytes = 0;
    for (let count = 0; count < records.length; count++) {
      bytes += records[count]!.length;
      if (!this.#inFlight.hasRoom(bytes, count + 1) || !total.hasRoom(bytes, count + 1)) return count;
    }
    return records.length;
  }

  /**
   * Writes behind everything that was accepted before, or refuses at once. Never rejects. Whether the write
   * is accepted is decided before this returns: the order of the calls is the order in the stream.
   */
  write(write: Write): Promise<WriteOutcome> {
    const count = write.records.length;
    let bytes = 0;
    for (const record of write.records) bytes += record.length;
    const refusal = this.#refusal(write, bytes);
    if (refusal !== undefined) {
      refuseOrder(write);
      return Promise.resolve(refusal);
    }
    this.#inFlight.add(bytes, count);
    this.#deps.total.add(bytes, count);
    this.#deps.onTaken(this.#quota, bytes, count);
    return this.#hand(write).then((outcome) => {
      this.#inFlight.remove(bytes, count);
      this.#deps.total.remove(bytes, count);
      if (outcome.kind !== 'committed') refuseOrder(write);
      return outcome;
    });
  }

  /** Becomes the owner without a write. Returns undefined on success. */
  async own(): Promise<Refused | undefined> {
    const opened = await this.#owner();
    return 'kind' in opened ? opened : undefined;
  }

  /**
   * Seals the stream, behind everything that was accepted. Returns undefined when the stream is sealed, even
   * if it was sealed before.
   */
  async seal(): Promise<Exclude<WriteOutcome, { readonly kind: 'committed' }> | undefined> {
    const opened = await this.#owner();
    if ('kind' in opened) return opened.code === 'END_OF_STREAM' ? undefined : opened;
    if (await opened.endStream()) return undefined;
    return { kind: 'unknown', text: `${this.#stream}: its writer failed before it was known to be ended` };
  }

  /** Settles what was accepted, and releases the stream. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#opening;
    await this.#writer?.close();
  }

  #refusal(write: Write, bytes: number): Refused | undefined {
    const { limits, total } = this.#deps;
    if (isCancelled(write)) return cancelled;
    if (this.#isClosed) return closing(this.#stream);
    const large = write.records.find((record) => record.length > limits.recordBytesMax);
    if (large !== undefined)
      return refused(
        'TOO_LARGE_RECORD',
        `a record has ${large.length} bytes of at most ${limits.recordBytesMax}`,
      );
    const { length } = write.records;
    if (this.#inFlight.hasRoom(bytes, length) && total.hasRoom(bytes, length)) return undefined;
    return refused('OVER_CAPACITY', `${this.#stream}: too many writes are in flight: retry later`);
  }

  async #hand(write: Write): Promise<WriteOutcome> {
    const writer = this.#writer;
    if (writer?.state === 'open' && this.#waiting.length === 0) return outcomeOf(await append(writer, write));
    return new Promise((resolve) => {
      this.#waiting.push((opened) => {
        if ('kind' in opened) resolve(opened);
        // An earlier write of its session may have failed while it waited.
        else if (isCancelled(write)) resolve(cancelled);
        else void append(opened, write).then((outcome) => resolve(outcomeOf(outcome)));
      });
      this.#open();
    });
  }

  #owner(): Promise<Opened> {
    if (this.#isClosed) return Promise.resolve(closing(this.#stream));
    if (this.#writer?.state === 'open' && this.#waiting.length === 0) return Promise.resolve(this.#writer);
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#open();
    });
  }

  #open(): void {
    if (this.#isOpening) return;
    this.#isOpening = true;
    this.#opening = this.#become();
  }

  async #become(): Promise<void> {
    const opened = await this.#deps.acquisitions
      .run(() => this.#tryToOwn())
      .catch((error: unknown) => loggedRefusalOf(this.#deps.logger, error));
    // This is one step: the next write must find the writer, or ask for a new one.
    this.#isOpening = false;
    if (!('kind' in opened)) this.#writer = opened;
    for (const tell of this.#waiting.splice(0)) tell(opened);
  }

  async #tryToOwn(): Promise<Opened> {
    const { log, options } = this.#deps;
    const before = this.#writer;
    this.#writer = undefined;
    // This settles everything that it accepted, and its lease no longer blocks this proxy.
    await before?.close();
    const result = await log.openWriter(this.#stream, options);
    if (result.kind === 'opened') return result.writer;
    if (result.kind === 'ended') return refused('END_OF_STREAM', `${this.#stream} was ended`);
    // The proxy's own earlier lease is no place to redirect clients to.
    return writtenBy(this.#stream, result.address === options.address ? '' : result.address);
  }
}

function append(writer: LogWriter, { records }: Write): Promise<AppendOutcome> {
  return records.length === 1 ? writer.append(records[0]!) : writer.appendBatch(records);
}

function closing(stream: string): Refused {
  return refused('SERVICE_UNAVAILABLE', `${stream} is being given back`);
}

function isCancelled({ order }: Write): boolean {
  return order?.of.isCancelled(order.place) ?? false;
}

function refuseOrder({ order }: Write): void {
  order?.of.refuse(order.place);
}
