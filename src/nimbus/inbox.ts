import type { FileHandle } from 'node:fs/promises';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type Clock, errorCode, GatewayError, type Logger, type RandomSource } from '../base/index.ts';

export interface InboxDeps {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
  /** Makes a file that is not there yet. Default: on the disk. */
  readonly create?: (path: string) => Promise<FileHandle>;
}

export interface InboxLimits {
  /** An open upload that stood still this long is given up. */
  readonly idleMs: number;
  /** A finished file that nobody took is deleted at this age. */
  readonly ageMsMax: number;
  readonly uploadsMax: number;
  readonly fileBytesMax: number;
}

interface Upload {
  readonly file: FileHandle;
  readonly partPath: string;
  bytes: number;
  touchedAtMs: number;
  /** Calls on one upload follow each other, also when a client does not wait. */
  last: Promise<unknown>;
}

const finishedName = /^stormjar-[0-9a-f-]{36}\.jar$/;
const partSuffix = '.part';
const ownerOnlyDir = { recursive: true, mode: 0o700 };

/**
 * The files that clients send before they submit: `<dir>/stormjar-<uuid>.jar`, as Storm's Nimbus names them. A file
 * carries a `.part` at its end until it is finished, so that what a stopped gateway left half done is known for what it is.
 * Clients may use a new connection for each call (old Node clients do), so an upload ends by standing still, not with
 * its connection.
 *
 * Faults are `UPLOAD_UNKNOWN` (no such upload, or expired) and `UPLOAD_FAILED` (too many, too large, disk full, ...).
 * A failed upload is over: its file is gone.
 */
export class Inbox {
  readonly #dir: string;
  readonly #limits: InboxLimits;
  readonly #deps: InboxDeps;
  readonly #uploads = new Map<string, Upload>();
  readonly #sweeping: Disposable;
  #swept: Promise<void> = Promise.resolve();

  private constructor(dir: string, limits: InboxLimits, deps: InboxDeps) {
    this.#dir = dir;
    this.#limits = limits;
    this.#deps = deps;
    const sweepMs = Math.max(50, Math.min(60_000, limits.idleMs / 2, limits.ageMsMax / 2));
    this.#sweeping = deps.clock.every(sweepMs, () => {
      this.#swept = this.#swept.then(() => this.sweep());
    });
  }

  /** Makes the directory and deletes what an earlier gateway left half done. */
  static async open(dir: string, limits: InboxLimits, deps: InboxDeps): Promise<Inbox> {
    await mkdir(dir, ownerOnlyDir);
    const inbox = new Inbox(dir, limits, deps);
    for (const name of await readdir(dir)) {
      if (name.endsWith(partSuffix)) await rm(join(dir, name), { force: true });
    }
    await inbox.sweep();
    return inbox;
  }

  /** Answers the location that the client names in the calls that follow. */
  async begin(): Promise<string> {
    if (this.#uploads.size >= this.#limits.uploadsMax) {
      throw new GatewayError(
        'UPLOAD_FAILED',
        `${this.#uploads.size} uploads are open, which is the most allowed (egret.uploads.max)`,
        { retryable: true },
      );
    }
    const location = join(this.#dir, `stormjar-${this.#deps.random.uuid()}.jar`);
    const partPath = location + partSuffix;
    const file = await this.#create(partPath).catch((error: unknown) => {
      throw uploadFailed(location, error);
    });
    this.#uploads.set(location, {
      file,
      partPath,
      bytes: 0,
      touchedAtMs: this.#deps.clock.monotonicMs(),
      last: Promise.resolve(),
    });
    this.#deps.log.debug({ event: 'upload.begun', location });
    return location;
  }

  async append(location: string, chunk: Uint8Array): Promise<void> {
    await this.#inTurn(location, async (upload) => {
      upload.bytes += chunk.length;
      if (upload.bytes > this.#limits.fileBytesMax) {
        throw new GatewayError(
          'UPLOAD_FAILED',
          `upload ${location} is larger than ${this.#limits.fileBytesMax} bytes (egret.upload.max.bytes)`,
        );
      }
      await upload.file.appendFile(chunk);
    });
  }

  async finish(location: string): Promise<void> {
    await this.#inTurn(location, async (upload) => {
      await upload.file.close();
      await rename(upload.partPath, location);
      this.#uploads.delete(location);
      this.#deps.log.info({ event: 'upload.finished', location, bytes: upload.bytes });
    });
  }

  /**
   * Checks that `location` is a finished file of this inbox, whatever a client may have written there.
   * Throws `UPLOAD_UNKNOWN` when it is not: never sent, not finished, expired, or some other path.
   */
  async finished(location: string): Promise<string> {
    if (this.#isOurs(location) && !this.#uploads.has(location)) {
      const found = await stat(location).catch(() => undefined);
      if (found?.isFile() === true) return location;
    }
    throw unknown(location);
  }

  /** Deletes a finished file, if there is one; never throws. */
  async discard(location: string): Promise<void> {
    if (!this.#isOurs(location)) return;
    await rm(location, { force: true }).catch((error: unknown) =>
      this.#deps.log.error({ event: 'upload.left_behind', path: location, error }),
    );
  }

  /** Gives up what stood still and deletes what nobody took. Runs by itself; never throws. */
  async sweep(): Promise<void> {
    for (const [location, upload] of [...this.#uploads]) {
      if (this.#deps.clock.monotonicMs() - upload.touchedAtMs < this.#limits.idleMs) continue;
      this.#deps.log.warn({ event: 'upload.expired', location, bytes: upload.bytes });
      await this.#giveUp(location, upload);
    }
    const names = await readdir(this.#dir).catch(() => []);
    for (const name of names.filter((each) => finishedName.test(each))) {
      const path = join(this.#dir, name);
      const found = await stat(path).catch(() => undefined);
      if (found === undefined || this.#deps.clock.nowMs() - found.mtimeMs < this.#limits.ageMsMax) continue;
      this.#deps.log.warn({ event: 'upload.abandoned', location: path, bytes: found.size });
      await rm(path, { force: true });
    }
  }

  /** Ends the sweeping and gives up open uploads. Finished files stay for the next gateway. */
  async close(): Promise<void> {
    this.#sweeping[Symbol.dispose]();
    await this.#swept;
    for (const [location, upload] of [...this.#uploads]) await this.#giveUp(location, upload);
  }

  /** In a directory that is created again when somebody deleted it. */
  async #create(path: string): Promise<FileHandle> {
    const create = this.#deps.create ?? ((file: string) => open(file, 'wx', 0o600));
    try {
      return await create(path);
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
      await mkdir(this.#dir, ownerOnlyDir);
      return create(path);
    }
  }

  #isOurs(location: string): boolean {
    return dirname(location) === this.#dir && finishedName.test(basename(location));
  }

  async #inTurn(location: string, work: (upload: Upload) => Promise<void>): Promise<void> {
    const upload = this.#uploads.get(location);
    if (upload === undefined) throw unknown(location);
    const turn = upload.last.then(async () => {
      if (this.#uploads.get(location) !== upload) throw unknown(location);
      upload.touchedAtMs = this.#deps.clock.monotonicMs();
      await work(upload);
    });
    upload.last = turn.catch(() => undefined);
    try {
      await turn;
    } catch (error) {
      if (this.#uploads.get(location) === upload) await this.#giveUp(location, upload);
      throw error instanceof GatewayError ? error : uploadFailed(location, error);
    }
  }

  async #giveUp(location: string, upload: Upload): Promise<void> {
    this.#uploads.delete(location);
    await upload.file.close().catch(() => undefined);
    await rm(upload.partPath, { force: true }).catch((error: unknown) =>
      this.#deps.log.error({ event: 'upload.left_behind', path: upload.partPath, error }),
    );
  }
}

function unknown(location: string): GatewayError {
  return new GatewayError(
    'UPLOAD_UNKNOWN',
    `no finished or open upload at ${location}: it was never begun, or stood still too long`,
    { facts: { location } },
  );
}

function uploadFailed(location: string, error: unknown): GatewayError {
  const code = errorCode(error);
  const reason =
    code === 'ENOSPC' || code === 'EDQUOT' ? 'the disk is full' : 'the file could not be written';
  return new GatewayError('UPLOAD_FAILED', `upload ${location}: ${reason}`, {
    cause: error,
    facts: { location },
  });
}
