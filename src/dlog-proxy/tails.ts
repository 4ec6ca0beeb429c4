import type { Clock } from '../base/index.ts';
import type { DistributedLog } from '../dlog/index.ts';
import type { ProxyLimits } from './limits.ts';
import { StreamTail } from './stream-tail.ts';

/** The tails of all streams that clients read at the end, one each. */
export class Tails {
  readonly #deps: { readonly log: DistributedLog; readonly clock: Clock; readonly limits: ProxyLimits };
  readonly #tails = new Map<string, Promise<StreamTail | undefined>>();
  /** The tails that contain entries. */
  readonly #open = new Set<StreamTail>();

  constructor(deps: { readonly log: DistributedLog; readonly clock: Clock; readonly limits: ProxyLimits }) {
    this.#deps = deps;
  }

  /**
   * Returns undefined when there are too many tails, or the tail cannot be opened. The caller then reads the
   * storage itself, and receives the reason there.
   */
  async of(stream: string): Promise<StreamTail | undefined> {
    const { log, clock, limits } = this.#deps;
    const nowMs = clock.monotonicMs();
    let found = this.#tails.get(stream);
    const before = await found;
    if (before?.isClosed === true) this.#open.delete(before);
    if (before?.isClosed === true && this.#tails.get(stream) === found) this.#tails.delete(stream);
    found = this.#tails.get(stream);
    if (found === undefined) {
      if (this.#tails.size >= limits.tailsMax) return undefined;
      const onGrown = (): void => this.#shrink();
      found = StreamTail.open(log, stream, { bytesMax: limits.tailBytesMax, nowMs, onGrown }).then(
        (tail) => {
          this.#open.add(tail);
          return tail;
        },
        () => {
          this.#tails.delete(stream);
          return undefined;
        },
      );
      this.#tails.set(stream, found);
    }
    const tail = await found;
    if (tail !== undefined) tail.usedAtMs = nowMs;
    return tail;
  }

  async close(stream: string): Promise<void> {
    const tail = this.#tails.get(stream);
    this.#tails.delete(stream);
    const opened = await tail;
    if (opened !== undefined) this.#open.delete(opened);
    await opened?.close();
  }

  /** The bytes of all tails together. */
  get bytes(): number {
    let bytes = 0;
    for (const tail of this.#open) bytes += tail.bytes;
    return bytes;
  }

  /** The largest tail drops its oldest entries first, so that no tail runs short because of another. */
  #shrink(): void {
    for (let surplus = this.bytes - this.#deps.limits.tailsBytesMax; surplus > 0; ) {
      const largest = [...this.#open].reduce((most, tail) => (tail.bytes > most.bytes ? tail : most));
      const before = largest.bytes;
      if (!largest.dropOldest()) return;
      surplus -= before - largest.bytes;
    }
  }

  async closeIdle(): Promise<void> {
    const { clock, limits } = this.#deps;
    for (const [stream, opening] of [...this.#tails]) {
      const tail = await opening;
      const isIdle = tail !== undefined && clock.monotonicMs() - tail.usedAtMs >= limits.tailIdleMs;
      if (isIdle && this.#tails.get(stream) === opening) await this.close(stream);
    }
  }

  async closeAll(): Promise<void> {
    await Promise.all([...this.#tails.keys()].map((stream) => this.close(stream)));
  }
}
