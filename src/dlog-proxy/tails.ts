import type { Clock } from '../base/index.ts';
import type { DistributedLog } from '../dlog/index.ts';
import type { ProxyLimits } from './limits.ts';
import { StreamTail } from './stream-tail.ts';

/** The tails of all streams that somebody reads at the end, one each. */
export class Tails {
  readonly #deps: { readonly log: DistributedLog; readonly clock: Clock; readonly limits: ProxyLimits };
  readonly #tails = new Map<string, Promise<StreamTail | undefined>>();

  constructor(deps: { readonly log: DistributedLog; readonly clock: Clock; readonly limits: ProxyLimits }) {
    this.#deps = deps;
  }

  /** Undefined where there are too many, or it cannot be opened: who asks reads for itself, and is told why. */
  async of(stream: string): Promise<StreamTail | undefined> {
    const { log, clock, limits } = this.#deps;
    const nowMs = clock.monotonicMs();
    let found = this.#tails.get(stream);
    if ((await found)?.isClosed === true && this.#tails.get(stream) === found) this.#tails.delete(stream);
    found = this.#tails.get(stream);
    if (found === undefined) {
      if (this.#tails.size >= limits.tailsMax) return undefined;
      found = StreamTail.open(log, stream, { bytesMax: limits.tailBytesMax, nowMs }).catch(() => {
        this.#tails.delete(stream);
        return undefined;
      });
      this.#tails.set(stream, found);
    }
    const tail = await found;
    if (tail !== undefined) tail.usedAtMs = nowMs;
    return tail;
  }

  async close(stream: string): Promise<void> {
    const tail = this.#tails.get(stream);
    this.#tails.delete(stream);
    await (await tail)?.close();
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
