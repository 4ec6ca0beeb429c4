import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Clock,
  describeError,
  type Freeing,
  GatewayError,
  isDiskFull,
  type Logger,
} from '../base/index.ts';

export interface DiskReserveOptions {
  /**
   * Holds the pieces; created if it does not exist. On the disk that the state store and the log write to.
   */
  readonly dir: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Bytes that the disk of a directory has room for. Default: what the disk says. */
  readonly bytesFree?: (dir: string) => Promise<number>;
}

const pieceBytes = 1024 * 1024;
const pieces = 8;
const freeingMsMax = 10_000;
/** Redis retries to write its file once a second. */
const pieceEveryMs = 1200;
const retryEveryMs = 100;
const refillEveryMs = 10_000;

/**
 * Space that is kept for the operations that free space: files of 1 MiB, so that a topology can be killed and
 * a stream be deleted on a full disk. Nothing else may use it. Pieces that were given up are written again
 * when the disk has room for all of them twice.
 */
export class DiskReserve {
  readonly #options: DiskReserveOptions;
  readonly #timer: Disposable;
  #refilling: Promise<void> = Promise.resolve();
  #gaveAtMs = Number.NEGATIVE_INFINITY;

  private constructor(options: DiskReserveOptions) {
    this.#options = options;
    this.#timer = options.clock.every(refillEveryMs, () => void this.refill());
  }

  /**
   * Writes the pieces that are missing, if there is room. Never rejects: without a reserve the gateway runs
   * as well.
   */
  static async open(options: DiskReserveOptions): Promise<DiskReserve> {
    const reserve = new DiskReserve(options);
    await reserve.refill();
    return reserve;
  }

  readonly freeing: Freeing = async (what, action) => {
    const { clock } = this.#options;
    const startedMs = clock.monotonicMs();
    for (;;) {
      try {
        return await action();
      } catch (error) {
        if (!isDiskFull(error)) throw error;
        if (clock.monotonicMs() - startedMs >= freeingMsMax) throw this.#refusal(what, error);
        await this.#give(what);
        await clock.sleep(retryEveryMs);
      }
    }
  };

  /** Writes what is missing, if there is room. Runs by itself; never rejects. */
  refill(): Promise<void> {
    this.#refilling = this.#refilling.then(() => this.#refill());
    return this.#refilling;
  }

  /** The pieces stay for the next gateway. */
  async close(): Promise<void> {
    this.#timer[Symbol.dispose]();
    await this.#refilling;
  }

  async #give(what: string): Promise<void> {
    const { dir, clock, log } = this.#options;
    if (clock.monotonicMs() - this.#gaveAtMs < pieceEveryMs) return;
    const [piece] = await this.#standing();
    if (piece === undefined) return;
    this.#gaveAtMs = clock.monotonicMs();
    await rm(join(dir, piece), { force: true });
    log.warn({ event: 'disk.reserve.used', purpose: what, bytes: pieceBytes, dir });
  }

  async #refill(): Promise<void> {
    const { dir, clock, log, bytesFree = diskBytesFree } = this.#options;
    if (clock.monotonicMs() - this.#gaveAtMs < refillEveryMs) return;
    try {
      await mkdir(dir, { recursive: true, mode: 0o700 });
      const standing = new Set(await this.#standing());
      const missing = Array.from({ length: pieces }, (_, index) => `piece-${index}`).filter(
        (name) => !standing.has(name),
      );
      if (missing.length === 0 || (await bytesFree(dir)) < 2 * pieces * pieceBytes) return;
      for (const name of missing) await this.#write(name);
      log.info({ event: 'disk.reserve.filled', pieces: missing.length, dir });
    } catch (error) {
      log.warn({ event: 'disk.reserve.missing', dir, reason: describeError(error) });
    }
  }

  /** Bytes that no file system packs or leaves out, on the disk before the piece has its name. */
  async #write(name: string): Promise<void> {
    const path = join(this.#options.dir, name);
    const unfinished = `${path}.new`;
    try {
      const file = await open(unfinished, 'w', 0o600);
      try {
        await file.writeFile(randomBytes(pieceBytes));
        await file.datasync();
      } finally {
        await file.close();
      }
      await rename(unfinished, path);
    } catch (error) {
      await rm(unfinished, { force: true });
      throw error;
    }
  }

  async #standing(): Promise<string[]> {
    const names = await readdir(this.#options.dir).catch(() => []);
    return names.filter((name) => /^piece-\d+$/.test(name));
  }

  #refusal(what: string, cause: unknown): GatewayError {
    const { dir } = this.#options;
    return new GatewayError(
      'STATE_UNAVAILABLE',
      `${what}: the disk of ${join(dir, '..')} is full, and ${freeingMsMax / 1000} s of trying with its reserve did not help: delete files there by hand (old logs, files of others), then repeat the command`,
      { retryable: true, cause, facts: { dir } },
    );
  }
}

async function diskBytesFree(dir: string): Promise<number> {
  const { bavail, bsize } = await statfs(dir);
  return bavail * bsize;
}
