import { type Clock, GatewayError } from '../base/index.ts';
import type { LogStorage } from './storage/storage.ts';

/** Other processes that use the storage make and delete streams as well. */
const recountAfterMs = 60_000;

/**
 * How many streams there are, and whether one more may be. A namespace counts as one stream at least, since
 * its directory stays. Counted anew once a minute, and as this process makes and deletes them in between:
 * several processes at once may go beyond the bound by what they make in a minute.
 */
export class StreamCount {
  readonly #storage: LogStorage;
  readonly #clock: Clock;
  readonly #streamsMax: number;
  #count = 0;
  #countedAtMs = Number.NEGATIVE_INFINITY;
  #counting: Promise<void> | undefined;

  constructor(deps: { readonly storage: LogStorage; readonly clock: Clock }, streamsMax: number) {
    this.#storage = deps.storage;
    this.#clock = deps.clock;
    this.#streamsMax = streamsMax;
  }

  /**
   * Makes the stream. Rejects with `STREAM_LIMIT` where there are as many as may be, and this one is not
   * there.
   */
  async create(stream: string, make: () => Promise<'created' | 'exists'>): Promise<'created' | 'exists'> {
    if (!Number.isFinite(this.#streamsMax)) return make();
    if (this.#clock.monotonicMs() - this.#countedAtMs >= recountAfterMs) await this.#recount();
    if (this.#count >= this.#streamsMax) {
      const namespace = stream.slice(0, stream.indexOf('/'));
      if ((await this.#storage.streams(namespace)).includes(stream)) return 'exists';
      throw new GatewayError(
        'STREAM_LIMIT',
        `cannot create stream ${stream}: there are ${this.#streamsMax} streams already (egret.dlog.streams.max). Delete some, or raise the limit.`,
        { facts: { stream, streamsMax: this.#streamsMax } },
      );
    }
    // Before it is made: what is asked for meanwhile must not count the same place.
    this.#count += 1;
    try {
      const made = await make();
      if (made === 'exists') this.#count -= 1;
      return made;
    } catch (error) {
      this.#count -= 1;
      throw error;
    }
  }

  deleted(): void {
    this.#count = Math.max(0, this.#count - 1);
  }

  #recount(): Promise<void> {
    this.#counting ??= this.#countAll().finally(() => {
      this.#counting = undefined;
    });
    return this.#counting;
  }

  async #countAll(): Promise<void> {
    let count = 0;
    for (const namespace of await this.#storage.namespaces())
      count += Math.max(1, (await this.#storage.streams(namespace)).length);
    this.#count = count;
    this.#countedAtMs = this.#clock.monotonicMs();
  }
}
