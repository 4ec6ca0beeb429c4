import { type Deferred, deferred } from '../../base/index.ts';
import type { LogReader } from './log-reader.ts';
import type { ReadResult } from './read-result.ts';

/** Receives what is pushed, in order. A promise that it returns is awaited. */
export type PushSink = (result: Exclude<ReadResult, { readonly kind: 'idle' }>) => void | Promise<void>;

/**
 * Pushes records as they are committed, as many as the receiver has granted credits for. A slow receiver
 * costs nothing but its position in the stream: nothing is read ahead for it.
 */
export class LogPush {
  readonly #reader: LogReader;
  readonly #sink: PushSink;
  #credits = 0;
  #granted: Deferred<undefined> = deferred();

  constructor(reader: LogReader, sink: PushSink) {
    this.#reader = reader;
    this.#sink = sink;
  }

  /** Grants credits for that many more records. */
  grant(records: number): void {
    this.#credits += records;
    this.#granted.resolve(undefined);
  }

  /**
   * Pushes until the stream ends, then resolves. Rejects with the reader's and the sink's errors, and with
   * the signal's reason.
   */
  async run(signal: AbortSignal): Promise<void> {
    const aborted = deferred<undefined>();
    const onAbort = (): void => aborted.resolve(undefined);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      for (;;) {
        if (this.#credits === 0 && !signal.aborted) {
          this.#granted = deferred();
          await Promise.race([this.#granted.promise, aborted.promise]);
          continue;
        }
        const recordsMax = Math.min(this.#credits, 1000);
        const result = await this.#reader.read({ recordsMax, waitMs: Number.POSITIVE_INFINITY, signal });
        if (result.kind === 'idle') continue;
        if (result.kind === 'records') this.#credits -= result.records.length;
        await this.#sink(result);
        if (result.kind === 'end') return;
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }
}
