import { type Clock, systemClock } from '../base/index.ts';
import type {
  CheckResponse,
  DistributedLogServiceCaller,
  RepairResponse,
  ResponseHeader,
  StreamOwner,
  StreamResponse,
  StreamSettings,
} from '../rpc/index.ts';
import type { WriterLimits } from './append-queue.ts';
import { fromWire, type Position, toWire } from './position.ts';
import { type Address, OwnerCache, Route, type RouteOptions } from './route.ts';
import { StreamWriter } from './stream-writer.ts';
import { fromOf, type TailEvent, type TailFrom, type TailOptions, tailOf } from './tail.ts';

export interface DlogClientOptions {
  /** The gateways, tried in order. */
  readonly homes: readonly Address[];
  /** The time limit for connecting, and for one call. Default 30 s. */
  readonly timeoutMs?: number;
  /**
   * How long to retry temporary failures (a stream that changes its owner, a gateway that starts). Default 20
   * s; 0: no retries.
   */
  readonly patienceMs?: number;
  /** Whether to wait for a gateway that went away, for as long as `patienceMs`. Default true. */
  readonly reconnects?: boolean;
  /** What to check when no gateway answers; error messages name it. */
  readonly addressKeys?: string;
  readonly clock?: Clock;
}

/**
 * The distributed log of a gateway. Streams are named `namespace/name`. The client sends each call to the
 * stream's owner, retries what may be retried, and rejects with `CONNECT_FAILED`, `CONNECTION_CLOSED`,
 * `TIMED_OUT`, `STREAM_UNKNOWN`, `REMOTE_FAILURE` (`requestCode` has the answer's code). Every call has a
 * connection of its own while it lasts: only writers and tails must be closed.
 */
export class DlogClient {
  readonly #options: RouteOptions;

  constructor(options: DlogClientOptions) {
    this.#options = {
      homes: options.homes,
      owners: new OwnerCache(),
      clock: options.clock ?? systemClock,
      timeoutMs: options.timeoutMs ?? 30_000,
      patienceMs: options.patienceMs ?? 20_000,
      reconnects: options.reconnects ?? true,
      addressKeys: options.addressKeys ?? 'the address',
    };
  }

  writer(
    stream: string,
    options: Partial<WriterLimits> & { readonly signal?: AbortSignal } = {},
  ): StreamWriter {
    return new StreamWriter(this.#options, stream, options);
  }

  tail(stream: string, options: TailOptions = {}): AsyncGenerator<TailEvent, void, undefined> {
    return tailOf(this.#options, stream, options);
  }

  async create(stream: string, settings: StreamSettings = {}): Promise<void> {
    await this.#once(stream, (call) => call.createWith({ stream, settings }));
  }

  async delete(stream: string): Promise<void> {
    await this.#once(stream, (call) => call.deleteStream({ stream }));
  }

  async list(namespace: string): Promise<readonly string[]> {
    return (
      (await this.#often(namespace, (call) => call.listStreams({ inNamespace: namespace }))).streams ?? []
    );
  }

  async namespaces(): Promise<readonly string[]> {
    return (await this.#often('', (call) => call.namespaces({}))).names ?? [];
  }

  /** The stream's next position, owner, settings and segments. */
  describe(stream: string): Promise<StreamResponse> {
    return this.#often(stream, (call) => call.describe({ stream }));
  }

  /**
   * Sets where a subscriber continues; backwards is allowed. Its current reader notices soon. Returns the
   * position.
   */
  async moveSubscriber(stream: string, subscriber: string, to: TailFrom): Promise<Position> {
    const request = { stream, subscriber, to: fromOf(to) };
    return fromWire((await this.#often(stream, (call) => call.moveSubscriber(request))).dlsn!);
  }

  /**
   * Truncates everything before a position; the mark never moves backwards. Returns where the stream begins
   * now.
   */
  async truncate(stream: string, at: Position): Promise<Position> {
    const answer = await this.#often(stream, (call) => call.truncate({ stream, dlsn: toWire(at), ctx: {} }));
    return fromWire(answer.dlsn!);
  }

  /** Seals the stream permanently: it can be read, but no longer written. */
  async seal(stream: string): Promise<void> {
    await this.#often(stream, (call) => call.seal({ stream, ctx: {} }));
  }

  /** Asks the owner to release the stream. */
  async release(stream: string): Promise<void> {
    await this.#often(stream, (call) => call.release({ stream, ctx: {} }));
  }

  async owners(namespace: string): Promise<readonly StreamOwner[]> {
    return (await this.#often(namespace, (call) => call.owners({ inNamespace: namespace }))).owners ?? [];
  }

  /**
   * Runs one part of a check, from a segment on. The answer has the segment from which the next part
   * continues.
   */
  check(stream: string, fromLssn: bigint): Promise<CheckResponse> {
    return this.#often(stream, (call) => call.check({ stream, fromLssn }));
  }

  repair(
    stream: string,
    choice: { readonly dropAfter?: Position; readonly dropBefore?: Position },
  ): Promise<RepairResponse> {
    const { dropAfter, dropBefore } = choice;
    const wire = {
      dropAfter: dropAfter === undefined ? undefined : toWire(dropAfter),
      dropBefore: dropBefore === undefined ? undefined : toWire(dropBefore),
    };
    return this.#once(stream, (call) =>
      call.repair({ stream, choice: wire }, { timeoutMs: repairTimeoutMs }),
    );
  }

  /** Rebuilds the state store's records of the stream. Returns how many were missing or wrong. */
  async rebuild(stream: string): Promise<number> {
    return Number((await this.#often(stream, (call) => call.rebuild({ stream }))).changes ?? 0n);
  }

  /** For calls that are idempotent. */
  async #often<R extends { readonly header: ResponseHeader }>(
    stream: string,
    call: (caller: DistributedLogServiceCaller) => Promise<R>,
  ): Promise<R> {
    using route = new Route(this.#options, stream);
    return await route.settled(call, { isRepeatable: true });
  }

  async #once<R extends { readonly header: ResponseHeader }>(
    stream: string,
    call: (caller: DistributedLogServiceCaller) => Promise<R>,
  ): Promise<R> {
    using route = new Route(this.#options, stream);
    return await route.settled(call, { isRepeatable: false });
  }
}

/** A repair reads the whole stream, several times. */
const repairTimeoutMs = 600_000;
