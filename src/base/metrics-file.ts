import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from './clock.ts';
import { describeError } from './errors.ts';
import type { Logger } from './log.ts';
import type { Metrics } from './metrics.ts';

/**
 * Writes the metrics to a file every `everyMs`, whole at any moment, in the format that the textfile
 * collector of Prometheus's node exporter reads. The file is removed at the end: old figures must not look
 * like current ones.
 */
export class MetricsFile implements AsyncDisposable {
  readonly #metrics: Metrics;
  readonly #file: string;
  readonly #log: Logger;
  readonly #timer: Disposable;
  #writing: Promise<void> | undefined;
  #isFailing = false;

  constructor(
    metrics: Metrics,
    options: {
      readonly file: string;
      readonly everyMs: number;
      readonly clock: Clock;
      readonly log: Logger;
    },
  ) {
    this.#metrics = metrics;
    this.#file = options.file;
    this.#log = options.log;
    this.#timer = options.clock.every(options.everyMs, () => void this.write());
  }

  /** One write at a time; a disk that cannot be written is logged once. */
  write(): Promise<void> {
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#timer[Symbol.dispose]();
    await this.#writing;
    await remove(this.#file);
  }

  async #write(): Promise<void> {
    const beside = `${this.#file}.new`;
    try {
      await mkdir(dirname(this.#file), { recursive: true });
      await writeFile(beside, await this.#metrics.text());
      await rename(beside, this.#file);
      this.#isFailing = false;
    } catch (error) {
      await remove(beside);
      if (!this.#isFailing) this.#log.warn({ event: 'metrics.not-written', reason: describeError(error) });
      this.#isFailing = true;
    }
  }
}

/** A directory that cannot be written has been logged already, and holds no file of ours. */
async function remove(file: string): Promise<void> {
  await rm(file, { force: true }).catch(() => undefined);
}
