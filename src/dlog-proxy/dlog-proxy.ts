import { crc32 } from 'node:zlib';
import { type Clock, describeError, type Logger, TaskGroup } from '../base/index.ts';
import {
  checkStreamName,
  type DistributedLog,
  type Dlsn,
  deserializeDlsn,
  parseSettings,
  type ReadFrom,
  serializeDlsn,
} from '../dlog/index.ts';
import type {
  Call,
  DistributedLogServiceHandler,
  ReadResponse,
  ResponseHeader,
  StreamsResponse,
  ReadFrom as ThriftReadFrom,
  WriteContext,
  WriteResponse,
} from '../rpc/index.ts';
import { ProxyAdmin, settingsForThrift } from './admin.ts';
import { InFlight, type ProxyLimits, proxyLimits, WriteOrder } from './limits.ts';
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
import { type ReadAnswer, ReadSession } from './read-session.ts';
import { decodeRecordSet } from './record-set.ts';
import { recoverEnd } from './recover.ts';
import { Tails } from './tails.ts';

export interface DlogProxyDeps {
  readonly log: DistributedLog;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Where others find this service, `host:port`: known when it listens, before the first call. */
  readonly address: () => string;
  readonly limits?: Partial<ProxyLimits>;
}

interface Connection {
  /** Of its newest session. */
  writes: WriteOrder;
  readonly reads: ReadSession;
}

const sweepEveryMs = 10_000;
const lookedMax = 100_000;

/**
 * The log as a service: who writes here need not own a stream, who reads need not have its storage. Every failure that a request
 * can have is a status code of the answer.
 */
export class DlogProxy {
  readonly #deps: DlogProxyDeps;
  readonly #limits: ProxyLimits;
  readonly #total: InFlight;
  readonly #owned = new Map<string, { readonly stream: OwnedStream; usedAtMs: number }>();
  readonly #connections = new Map<AbortSignal, Connection>();
  readonly #tails: Tails;
  /** Streams whose end was looked at: what earlier owners left is settled. */
  readonly #looked = new Map<string, Promise<void>>();
  readonly #stopping = new AbortController();
  readonly #tasks: TaskGroup;
  readonly #admin: ProxyAdmin;
  readonly #sweeps: readonly Disposable[];

  constructor(deps: DlogProxyDeps) {
    const { log, clock, logger } = deps;
    this.#deps = deps;
    this.#limits = { ...proxyLimits, ...deps.limits };
    const { proxyBytesMax: bytesMax, proxyRecordsMax: recordsMax } = this.#limits;
    this.#total = new InFlight({ bytesMax, recordsMax });
    this.#tails = new Tails({ log, clock, limits: this.#limits });
    this.#tasks = new TaskGroup((error) =>
      logger.warn({ event: 'dlog_proxy.close_failed', error: describeError(error) }),
    );
    this.#admin = new ProxyAdmin({
      ...deps,
      letGo: (stream) => this.#letGo(stream),
      cutOff: (stream) => this.#tails.close(stream),
      stopping: this.#stopping.signal,
    });
    this.#sweeps = [
      clock.every(sweepEveryMs, () => this.#tasks.add(this.#closeIdle())),
      clock.every(this.#limits.retentionEveryMs, () => this.#tasks.add(this.#admin.retain())),
    ];
  }

  /** For a server whose connections may have many calls under way. */
  get handler(): DistributedLogServiceHandler {
    const one = (answer: Promise<WriteOutcome | undefined>): Promise<WriteResponse> =>
      answer.catch(refusalOf).then(answered);
    return {
      handshake: () => this.#serverInfo({}),
      handshakeWithClientInfo: ({ clientInfo }) => this.#serverInfo(clientInfo),
      write: ({ stream, data }, call) => this.#write({ stream, data }, {}, call).then(writeResponse),
      writeWithContext: ({ stream, data, ctx }, call) =>
        this.#write({ stream, data }, ctx, call).then(writeResponse),
      writeBulkWithContext: async ({ stream, data, ctx }, call) => {
        // A checksum of many records says nothing of one.
        const rest = { session: ctx.session, isRecordSet: ctx.isRecordSet };
        const outcomes = await Promise.all(
          data.map((each) => this.#write({ stream, data: each }, rest, call)),
        );
        return { header: header(), writeResponses: outcomes.map(writeResponse) };
      },
      create: ({ stream }) => one(this.#admin.create(stream)),
      createWith: ({ stream, settings }) => one(this.#admin.create(stream, settings)),
      delete: ({ stream }) => one(this.#delete(stream)),
      deleteStream: ({ stream }) => one(this.#delete(stream)),
      truncate: ({ stream, dlsn }) => one(this.#truncate(stream, dlsn)),
      release: ({ stream }) => one(this.#admin.release(stream)),
      getOwner: ({ stream }) => this.#getOwner(stream).catch((error: unknown) => answered(refusalOf(error))),
      seal: ({ stream }) => one(this.#seal(stream)),
      read: (request, call) => this.#read(request, call),
      listStreams: ({ inNamespace }) => this.#list(inNamespace).catch(failed),
      describe: ({ stream }) => this.#describe(stream).catch(failed),
      namespaces: () => this.#deps.log.namespaces().then((names) => ({ header: header(), names }), failed),
      owners: ({ inNamespace }) => this.#admin.owners(inNamespace).catch(failed),
      moveSubscriber: ({ stream, subscriber, to }) => one(this.#moveSubscriber(stream, subscriber, to)),
      check: ({ stream, fromLssn }) => this.#admin.check(stream, Number(fromLssn)).catch(failed),
      repair: ({ stream, choice }) => this.#admin.repair(stream, choice).catch(failed),
      rebuild: ({ stream }) => this.#admin.rebuild(stream).catch(failed),
    };
  }

  /** Takes no write more and answers reads that wait: what is under way is soon over. */
  stop(): void {
    this.#stopping.abort();
  }

  /** Settles what was taken and gives every stream back. */
  async close(): Promise<void> {
    this.stop();
    for (const sweep of this.#sweeps) sweep[Symbol.dispose]();
    await Promise.all([...this.#owned.values()].map(({ stream }) => stream.close()));
    await this.#tails.closeAll();
    for (const { reads } of this.#connections.values()) await reads.close();
    await this.#tasks.settle();
  }

  /** Decides in the order of the calls: nothing is waited for before the write is handed on. */
  #write(
    { stream, data }: { readonly stream: string; readonly data: Buffer },
    ctx: WriteContext,
    call: Call,
  ): Promise<WriteOutcome> {
    const order = this.#order(ctx, call);
    if (order === 'past') return Promise.resolve(cancelled);
    const records = recordsOf(data, ctx);
    const refusal = this.#writeRefusal({ stream, data }, ctx) ?? ('kind' in records ? records : undefined);
    const owned = refusal ?? this.#own(stream);
    if (owned instanceof OwnedStream && !('kind' in records)) return owned.write({ records, order });
    order?.of.refuse(order.place);
    return Promise.resolve(owned as Refused);
  }

  /** The place of a write in its session; undefined where it has none, `past` where a newer session has begun. */
  #order(ctx: WriteContext, { signal }: Call): Write['order'] | 'past' {
    const session = Number(ctx.session ?? 0n);
    if (session <= 0) return undefined;
    const connection = this.#connection(signal);
    if (session < connection.writes.session) return 'past';
    if (session > connection.writes.session) connection.writes = new WriteOrder(session);
    return { of: connection.writes, place: connection.writes.take() };
  }

  #writeRefusal(
    { stream, data }: { readonly stream: string; readonly data: Buffer },
    ctx: WriteContext,
  ): Refused | undefined {
    if (ctx.crc32 !== undefined && ctx.crc32 !== BigInt(crc32(data, crc32(stream))))
      return refused('CHECKSUM_FAILED', 'the record is not as it was sent');
    try {
      checkStreamName(stream);
    } catch (error) {
      return refusalOf(error);
    }
    return undefined;
  }

  #own(stream: string): OwnedStream | Refused {
    if (this.#stopping.signal.aborted) return refused('SERVICE_UNAVAILABLE', 'the gateway is ending');
    const usedAtMs = this.#deps.clock.monotonicMs();
    const found = this.#owned.get(stream);
    if (found !== undefined) {
      found.usedAtMs = usedAtMs;
      return found.stream;
    }
    if (this.#owned.size >= this.#limits.streamsMax && !this.#forgetOne())
      return refused('TOO_MANY_STREAMS', `${this.#limits.streamsMax} streams are written here already`);
    const options = { address: this.#deps.address() };
    const owned = new OwnedStream(stream, {
      ...this.#deps,
      limits: this.#limits,
      total: this.#total,
      options,
    });
    this.#owned.set(stream, { stream: owned, usedAtMs });
    return owned;
  }

  /** One that was asked for and is not written here: redirected, unknown or ended. */
  #forgetOne(): boolean {
    for (const [name, { stream }] of this.#owned) {
      if (stream.isOwned || !stream.isIdle) continue;
      this.#owned.delete(name);
      this.#tasks.add(stream.close());
      return true;
    }
    return false;
  }

  async #closeIdle(): Promise<void> {
    const { clock } = this.#deps;
    for (const [name, { stream, usedAtMs }] of [...this.#owned]) {
      const isUnused = clock.monotonicMs() - usedAtMs >= this.#limits.streamIdleMs;
      if (stream.isIdle && isUnused) await this.#giveBack(name);
    }
    await this.#tails.closeIdle();
  }

  async #giveBack(stream: string): Promise<void> {
    const found = this.#owned.get(stream);
    await found?.stream.close();
    if (this.#owned.get(stream) === found) this.#owned.delete(stream);
  }

  /** Readers hold files of what may be no more, and the end is to be looked at again. */
  async #letGo(stream: string): Promise<void> {
    await this.#giveBack(stream);
    await this.#tails.close(stream);
    for (const { reads } of this.#connections.values()) await reads.forget(stream);
    this.#looked.delete(stream);
  }

  async #delete(stream: string): Promise<WriteOutcome | undefined> {
    checkStreamName(stream);
    await this.#giveBack(stream);
    const isDeleted = await this.#deps.log.deleteStream(stream);
    await this.#letGo(stream);
    return isDeleted ? undefined : refused('LOG_NOT_FOUND', `there is no stream ${stream}`);
  }

  async #truncate(stream: string, dlsn: string): Promise<WriteOutcome> {
    checkStreamName(stream);
    const begin = await this.#deps.log.truncate(stream, deserializeDlsn(dlsn));
    // It would go on to show what was cut off.
    await this.#tails.close(stream);
    return { kind: 'committed', dlsn: begin };
  }

  async #seal(stream: string): Promise<WriteOutcome | undefined> {
    checkStreamName(stream);
    const owned = this.#own(stream);
    if (!(owned instanceof OwnedStream)) return owned;
    const outcome = await owned.seal();
    if (outcome === undefined) await this.#giveBack(stream);
    return outcome;
  }

  async #getOwner(stream: string): Promise<WriteResponse> {
    checkStreamName(stream);
    const location = await this.#deps.log.owner(stream);
    return { header: location === undefined ? header() : { code: 'FOUND', location } };
  }

  #serverInfo({
    getOwnerships,
    streamNameRegex,
  }: {
    getOwnerships?: boolean | undefined;
    streamNameRegex?: string | undefined;
  }) {
    const owned = [...this.#owned].filter(([, { stream }]) => stream.isOwned).map(([name]) => name);
    const wanted = streamNameRegex === undefined ? owned : owned.filter((name) => name === streamNameRegex);
    const address = this.#deps.address();
    const ownerships = getOwnerships === false ? undefined : new Map(wanted.map((name) => [name, address]));
    return {
      ownerships,
      serverStatus: this.#stopping.signal.aborted ? ('DOWN' as const) : ('WRITE_AND_ACCEPT' as const),
    };
  }

  async #read(
    request: {
      readonly stream: string;
      readonly start: ThriftReadFrom;
      readonly recordsMax: number;
      readonly bytesMax: number;
      readonly waitMs: number;
    },
    { signal }: Call,
  ): Promise<ReadResponse> {
    const limits = this.#limits;
    try {
      checkStreamName(request.stream);
      await this.#lookAtEnd(request.stream);
      const answer = await this.#connection(signal).reads.read({
        stream: request.stream,
        from: fromThrift(request.start),
        recordsMax: clamp(request.recordsMax, 1, limits.readRecordsMax),
        bytesMax: clamp(request.bytesMax, 1, limits.readBytesMax),
        waitMs: clamp(request.waitMs, 0, limits.readWaitMsMax),
        signal,
      });
      return readResponse(answer);
    } catch (error) {
      return { header: header(refusalOf(error)) };
    }
  }

  async #list(namespace: string): Promise<StreamsResponse> {
    if (!/^[\w-][\w.-]{0,199}$/.test(namespace))
      return {
        header: header(refused('INVALID_STREAM_NAME', `${JSON.stringify(namespace)} is no namespace`)),
      };
    return { header: header(), streams: await this.#deps.log.streams(namespace) };
  }

  async #moveSubscriber(stream: string, subscriber: string, to: ThriftReadFrom): Promise<WriteOutcome> {
    checkStreamName(stream);
    await this.#lookAtEnd(stream);
    const dlsn = await this.#deps.log.moveSubscriber(stream, subscriber, fromThrift(to));
    return { kind: 'committed', dlsn };
  }

  async #describe(stream: string) {
    const { log } = this.#deps;
    checkStreamName(stream);
    const settings = parseSettings(stream, await log.settings(stream));
    await this.#lookAtEnd(stream);
    const [next, owner, segments] = [
      await log.tail(stream),
      await log.owner(stream),
      await log.segments(stream),
    ];
    return {
      header: header(),
      name: stream,
      nextDlsn: serializeDlsn(next),
      owner,
      isEnded: segments.at(-1)?.isEndOfStream ?? false,
      settings: settingsForThrift(settings),
      segments: segments.map(({ lssn, epoch, isSealed, entries, records, bytes }) => ({
        ...{ lssn: BigInt(lssn), epoch: BigInt(epoch), isSealed },
        ...{ entries: BigInt(entries), records: BigInt(records), bytes: BigInt(bytes) },
      })),
    };
  }

  /** Once for each stream. */
  #lookAtEnd(stream: string): Promise<void> {
    const before = this.#looked.get(stream);
    if (before !== undefined) return before;
    if (this.#looked.size >= lookedMax) this.#looked.clear();
    const deps = { ...this.#deps, signal: this.#stopping.signal };
    const looking = recoverEnd(deps, stream, async () => {
      const owned = this.#own(stream);
      return owned instanceof OwnedStream ? owned.own() : owned;
    }).then((isDone) => {
      if (!isDone) this.#looked.delete(stream);
    });
    this.#looked.set(stream, looking);
    return looking;
  }

  /** What is kept of a connection, for as long as it is there. */
  #connection(signal: AbortSignal): Connection {
    const found = this.#connections.get(signal);
    if (found !== undefined) return found;
    const deps = { ...this.#deps, limits: this.#limits, tails: this.#tails, stopping: this.#stopping.signal };
    const connection = { writes: new WriteOrder(0), reads: new ReadSession(deps) };
    this.#connections.set(signal, connection);
    const onGone = (): void => {
      this.#connections.delete(signal);
      this.#tasks.add(connection.reads.close());
    };
    if (signal.aborted) onGone();
    else signal.addEventListener('abort', onGone, { once: true });
    return connection;
  }
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

function failed(error: unknown): { readonly header: ResponseHeader } {
  return { header: header(refusalOf(error)) };
}

function answered(outcome: WriteOutcome | undefined): WriteResponse {
  return outcome === undefined ? { header: header() } : writeResponse(outcome);
}

function fromThrift(from: ThriftReadFrom): ReadFrom {
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

function readResponse(answer: ReadAnswer): ReadResponse {
  const records =
    answer.kind !== 'records'
      ? []
      : answer.records.map((record) => ({
          dlsn: serializeDlsn(record),
          transactionId: BigInt(record.transactionId),
          sequenceId: BigInt(record.sequenceId),
          payload: record.payload,
        }));
  return {
    header: header(),
    records,
    nextDlsn: serializeDlsn(answer.next satisfies Dlsn),
    moved: answer.kind === 'moved',
    isEnd: answer.kind === 'end',
  };
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, value));
}
