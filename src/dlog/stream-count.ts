import { type Clock, GatewayError } from '../base/index.ts';
import type { LogStorage } from './storage/storage.ts';

/** Other processes that use the storage create and delete streams as well. */
const recountAfterMs = 60_000;

/**
 * How many streams exist, and whether one more may be created. A namespace counts as at least one stream,
 * because its directory stays. The count is refreshed once a minute; in between it follows what this process
 * creates and deletes. Several processes at once may exceed the limit by what they create in a minute.
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
   * Creates the stream. Rejects with `STREAM_LIMIT` when the limit is reached and the stream does not exist
   * yet.
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
    // Counted before it is created, so that concurrent calls do not count the same place.
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
