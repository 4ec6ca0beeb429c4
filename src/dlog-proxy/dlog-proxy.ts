import { type Clock, describeError, type Freeing, type Logger, TaskGroup } from '../base/index.ts';
import type { DistributedLog } from '../dlog/index.ts';
import type { DistributedLogServiceHandler, WriteResponse } from '../rpc/index.ts';
import { ProxyAdmin } from './admin.ts';
import { Connections } from './connections.ts';
import { Ends } from './ends.ts';
import { type ProxyLimits, proxyLimits } from './limits.ts';
import { header, loggedRefusalOf, type Refused, type WriteOutcome, writeResponse } from './outcome.ts';
import { OwnedStreams } from './owned-streams.ts';
import { ReadSession } from './read-session.ts';
import { ProxyReads } from './reading.ts';
import { StreamCalls } from './stream-calls.ts';
import { Tails } from './tails.ts';
import { ProxyWrites } from './writing.ts';

export interface DlogProxyDeps {
  readonly log: DistributedLog;
  readonly clock: Clock;
  readonly logger: Logger;
  /**
   * The address of this service for other clients, `host:port`: known once it listens, before the first call.
   */
  readonly address: () => string;
  readonly limits?: Partial<ProxyLimits>;
  /** Default: no reserve. */
  readonly freeing?: Freeing;
}

const sweepEveryMs = 10_000;

/**
 * The log as a service: a client that writes need not own the stream, and a client that reads needs no access
 * to the storage. Every failure of a request is a status code of the answer.
 */
export class DlogProxy {
  readonly #log: DistributedLog;
  readonly #logger: Logger;
  readonly #streams: OwnedStreams;
  readonly #connections: Connections;
  readonly #tails: Tails;
  readonly #ends: Ends;
  readonly #writes: ProxyWrites;
  readonly #reads: ProxyReads;
  readonly #calls: StreamCalls;
  readonly #admin: ProxyAdmin;
  readonly #stopping = new AbortController();
  readonly #tasks: TaskGroup;
  readonly #sweeps: readonly Disposable[];

  constructor(given: DlogProxyDeps) {
    const { log, clock, logger } = given;
    const limits = { ...proxyLimits, ...given.limits };
    const stopping = this.#stopping.signal;
    this.#tasks = new TaskGroup((error) =>
      logger.warn({ event: 'dlog-proxy.close-failed', error: describeError(error) }),
    );
    this.#log = log;
    this.#logger = logger;
    const tails = new Tails({ log, clock, limits });
    const streams = new OwnedStreams({ ...given, limits, stopping });
    const openReads = (): ReadSession => new ReadSession({ log, clock, limits, tails, stopping });
    const connections = new Connections(openReads, this.#tasks);
    const ends = new Ends({ log, clock, streams, stopping });
    [this.#tails, this.#streams, this.#connections, this.#ends] = [tails, streams, connections, ends];
    const stream = {
      lookAtEnd: (name: string) => ends.lookAt(name),
      letGo: (name: string) => this.#letGo(name),
      cutOff: (name: string) => tails.close(name),
    };
    this.#writes = new ProxyWrites({ streams, connections, limits });
    this.#reads = new ProxyReads({ limits, connections, logger, ...stream });
    this.#calls = new StreamCalls({ ...given, streams, stopping, ...stream });
    this.#admin = new ProxyAdmin({ ...given, stopping, ...stream });
    this.#sweeps = [
      clock.every(sweepEveryMs, () => this.#tasks.add(this.#closeIdle())),
      clock.every(limits.retentionEveryMs, () => this.#tasks.add(this.#admin.retain())),
    ];
  }

  /** The handler for a server whose connections may have many calls in flight. */
  get handler(): DistributedLogServiceHandler {
    const [writes, reads, calls, admin] = [this.#writes, this.#reads, this.#calls, this.#admin];
    const refusal = (error: unknown): Refused => loggedRefusalOf(this.#logger, error);
    const failed = (error: unknown) => ({ header: header(refusal(error)) });
    const answered = (answer: Promise<WriteOutcome | undefined>): Promise<WriteResponse> =>
      answer
        .catch(refusal)
        .then((outcome) => (outcome === undefined ? { header: header() } : writeResponse(outcome)));
    return {
      handshake: () => calls.serverInfo({}),
      handshakeWithClientInfo: ({ clientInfo }) => calls.serverInfo(clientInfo),
      write: ({ stream, data }, call) => writes.write({ stream, data }, {}, call).then(writeResponse),
      writeWithContext: ({ stream, data, ctx }, call) =>
        writes.write({ stream, data }, ctx, call).then(writeResponse),
      writeBulkWithContext: ({ stream, data, ctx }, call) => writes.writeBulk({ stream, data }, ctx, call),
      create: ({ stream }) => answered(admin.create(stream)),
      createWith: ({ stream, settings }) => answered(admin.create(stream, settings)),
      delete: ({ stream }) => answered(calls.delete(stream)),
      deleteStream: ({ stream }) => answered(calls.delete(stream)),
      truncate: ({ stream, dlsn }) => answered(calls.truncate(stream, dlsn)),
      release: ({ stream }) => answered(admin.release(stream)),
      getOwner: ({ stream }) => calls.getOwner(stream).catch(failed),
      seal: ({ stream }) => answered(calls.seal(stream)),
      read: (request, call) => reads.read(request, call),
      readEntries: (request, call) => reads.readEntries(request, call),
      listStreams: ({ inNamespace }) => calls.list(inNamespace).catch(failed),
      describe: ({ stream }) => calls.describe(stream).catch(failed),
      namespaces: () => this.#log.namespaces().then((names) => ({ header: header(), names }), failed),
      owners: ({ inNamespace }) => admin.owners(inNamespace).catch(failed),
      moveSubscriber: ({ stream, subscriber, to }) => answered(calls.moveSubscriber(stream, subscriber, to)),
      check: ({ stream, fromLssn }) => admin.check(stream, Number(fromLssn)).catch(failed),
      repair: ({ stream, choice }) => admin.repair(stream, choice).catch(failed),
      rebuild: ({ stream }) => admin.rebuild(stream).catch(failed),
    };
  }

  /** Refuses further writes and answers reads that wait, so that what is in flight ends soon. */
  stop(): void {
    this.#stopping.abort();
    this.#connections.wake();
  }

  /** Settles what was accepted and releases every stream. */
  async close(): Promise<void> {
    this.stop();
    for (const sweep of this.#sweeps) sweep[Symbol.dispose]();
    await this.#streams.close();
    await this.#tails.closeAll();
    await this.#connections.close();
    await this.#tasks.settle();
  }

  async #closeIdle(): Promise<void> {
    await this.#streams.closeIdle();
    await this.#tails.closeIdle();
  }

  /** Readers hold files that may be gone, and the end must be examined again. */
  async #letGo(stream: string): Promise<void> {
    await this.#streams.giveBack(stream);
    await this.#tails.close(stream);
    await this.#connections.forget(stream);
    this.#ends.forget(stream);
  }
}
