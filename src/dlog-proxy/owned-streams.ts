import { type Clock, describeError, type Logger, TaskGroup } from '../base/index.ts';
import type { DistributedLog } from '../dlog/index.ts';
import { InFlight, type ProxyLimits } from './limits.ts';
import { type Refused, refused } from './outcome.ts';
import { OwnedStream } from './owned-stream.ts';
import { streamToGiveBack } from './room.ts';
import { Slots } from './slots.ts';
import { SoftQuota } from './soft-quota.ts';

export interface OwnedStreamsDeps {
  readonly log: DistributedLog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly address: () => string;
  readonly limits: ProxyLimits;
  /** Aborted when nothing more is written here. */
  readonly stopping: AbortSignal;
}

interface Place {
  readonly stream: OwnedStream;
  usedAtMs: number;
  /** The address of the client that used it last. */
  peer: string;
  isGoing: boolean;
}

/**
 * The most streams that are being released at the same time to make room: until then each takes a place
 * beyond the limit.
 */
const goingMax = 64;

/**
 * The streams that this proxy writes or that clients asked it for. Each is created at its first use, and
 * released after a long time without a write, or when another stream needs the place (room.ts).
 */
export class OwnedStreams {
  readonly #deps: OwnedStreamsDeps;
  readonly #total: InFlight;
  /** The quota of all streams together. */
  readonly #quota: SoftQuota;
  /** The streams in the order of their last use. */
  readonly #streams = new Map<string, Place>();
  readonly #acquisitions: Slots;
  #going = 0;
  readonly #closing: TaskGroup;

  constructor(deps: OwnedStreamsDeps) {
    this.#deps = deps;
    const { proxyBytesMax: bytesMax, proxyRecordsMax: recordsMax } = deps.limits;
    this.#total = new InFlight({ bytesMax, recordsMax });
    this.#quota = new SoftQuota(deps.limits.proxySoft);
    this.#acquisitions = new Slots(deps.limits.acquisitionsMax);
    this.#closing = new TaskGroup((error) =>
      deps.logger.warn({ event: 'dlog-proxy.close-failed', error: describeError(error) }),
    );
  }

  /**
   * Does not wait for anything, so that the order of the calls is kept. `peer` is the address of the calling
   * client.
   */
  of(name: string, peer = ''): OwnedStream | Refused {
    if (this.#deps.stopping.aborted) return refused('SERVICE_UNAVAILABLE', 'the gateway is ending');
    const usedAtMs = this.#deps.clock.monotonicMs();
    const found = this.#streams.get(name);
    if (found !== undefined) {
      found.usedAtMs = usedAtMs;
      found.peer = peer;
      this.#streams.delete(name);
      this.#streams.set(name, found);
      return found.stream;
    }
    if (this.#quota.isOver(usedAtMs))
      return refused(
        'OVER_CAPACITY',
        'more is written here than the soft quota says: no further stream is taken',
      );
    const { streamsMax } = this.#deps.limits;
    if (this.#streams.size - this.#going >= streamsMax && !this.#makeRoom(usedAtMs, peer))
      return refused(
        'TOO_MANY_STREAMS',
        `${streamsMax} streams are written here already, and all of them were in use a moment ago: retry later`,
      );
    const options = { address: this.#deps.address() };
    const onTaken = (quota: SoftQuota, bytes: number, records: number): void =>
      this.#note(name, { quota, bytes, records });
    const [total, acquisitions] = [this.#total, this.#acquisitions];
    const stream = new OwnedStream(name, { ...this.#deps, total, acquisitions, options, onTaken });
    this.#streams.set(name, { stream, usedAtMs, peer, isGoing: false });
    return stream;
  }

  /** The names of the streams that are written here now. */
  get names(): readonly string[] {
    return [...this.#streams].filter(([, { stream }]) => stream.isOwned).map(([name]) => name);
  }

  /** The records of that stream that were accepted above its soft quota since this proxy owns it. */
  recordsOver(name: string): number | undefined {
    return this.#streams.get(name)?.stream.recordsOver;
  }

  /** Settles what the stream accepted, and releases it. */
  async giveBack(name: string): Promise<void> {
    const found = this.#streams.get(name);
    await found?.stream.close();
    if (this.#streams.get(name) === found) this.#streams.delete(name);
  }

  async closeIdle(): Promise<void> {
    const { clock, limits } = this.#deps;
    for (const [name, { stream, usedAtMs }] of [...this.#streams]) {
      const isUnused = clock.monotonicMs() - usedAtMs >= limits.streamIdleMs;
      if (stream.isIdle && isUnused) await this.giveBack(name);
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#streams.values()].map(({ stream }) => stream.close()));
    await this.#closing.settle();
  }

  /** Logs a line for a stream or for all, once in a while. */
  #note(
    stream: string,
    taken: { readonly quota: SoftQuota; readonly bytes: number; readonly records: number },
  ): void {
    const { clock, logger } = this.#deps;
    const nowMs = clock.monotonicMs();
    const quotas = [
      ['stream', taken.quota],
      ['gateway', this.#quota],
    ] as const;
    for (const [of, quota] of quotas) {
      if (quota.note(taken.bytes, taken.records, nowMs) !== 'say') continue;
      logger.warn({ event: 'dlog-proxy.over-soft-quota', of, stream, recordsOver: quota.recordsOver });
    }
  }

  /** True when a place is free, or will be as soon as a stream has been released. */
  #makeRoom(nowMs: number, peer: string): boolean {
    if (this.#going >= goingMax) return false;
    const name = streamToGiveBack(this.#held(), { nowMs, peer });
    const place = name === undefined ? undefined : this.#streams.get(name);
    if (name === undefined || place === undefined) return false;
    if (!place.stream.isOwned) {
      this.#streams.delete(name);
      this.#closing.add(place.stream.close());
      return true;
    }
    // The stream keeps its name until its writer has ended: a write that arrives meanwhile must not find
    // another writer.
    place.isGoing = true;
    this.#going += 1;
    this.#closing.add(
      this.giveBack(name).finally(() => {
        this.#going -= 1;
      }),
    );
    return true;
  }

  *#held() {
    for (const [name, { stream, usedAtMs, peer, isGoing }] of this.#streams)
      yield { name, peer, usedAtMs, isOwned: stream.isOwned, isQuiet: stream.isIdle && !isGoing };
  }
}
