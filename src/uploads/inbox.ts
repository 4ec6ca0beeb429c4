import type { FileHandle } from 'node:fs/promises';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { diskFullText, errorCode, GatewayError, type RandomSource } from '../base/index.ts';
import { finishedName, InboxRoom, type InboxRoomDeps } from './inbox-room.ts';
import {
  admitUpload,
  endOfUpload,
  type InboxBounds,
  type OpenUpload,
  progressBytes,
  type UploadLimits,
} from './upload-rules.ts';

export interface InboxDeps extends InboxRoomDeps {
  readonly random: RandomSource;
  /** Creates a file that must not exist yet. Default: on disk. */
  readonly create?: (path: string) => Promise<FileHandle>;
}

export interface InboxLimits extends UploadLimits, InboxBounds {
  /** A finished file that no submission has taken is deleted at this age. */
  readonly ageMsMax: number;
  readonly fileBytesMax: number;
}

/**
 * The client of a call: the address that its uploads count for, and the signal that its connection has
 * closed.
 */
export interface Uploader {
  readonly remoteAddress: string;
  readonly signal: AbortSignal;
}

interface Upload extends OpenUpload {
  /** Invariant: open until the upload finishes, fails or expires. */
  readonly file: FileHandle;
  readonly partPath: string;
  bytes: number;
  /** Invariant: never before begunAtMs. */
  touchedAtMs: number;
  /** Invariant: never before begunAtMs. */
  progressedAtMs: number;
  /** Invariant: undefined exactly while a connection that made calls on it is open. */
  orphanedAtMs: number | undefined;
  /** {@link bytes} at the time of the last progress. Invariant: progressedTo <= bytes. */
  progressedTo: number;
  /** The open connections that made calls on it, each with the function that removes its listener. */
  readonly connections: Map<AbortSignal, () => void>;
  /**
   * The last call. Invariant: calls on one upload run one at a time, even if a client does not wait. Never
   * rejects.
   */
  last: Promise<unknown>;
}

const partSuffix = '.part';
const ownerOnlyDir = { recursive: true, mode: 0o700 };

/**
 * The files that clients send before they submit: `<dir>/stormjar-<uuid>.jar`, as Storm's Nimbus names them.
 * An unfinished file ends in `.part`, so that the next gateway recognizes and deletes it. Clients may use a
 * new connection for each call (old Node clients do), so an upload outlives its connection for a short time.
 * upload-rules.ts decides who may begin an upload and when one expires.
 *
 * Errors are `UPLOAD_UNKNOWN` (no such upload, or expired) and `UPLOAD_FAILED` (too many, too large, disk
 * full, ...). A failed upload is closed and its file deleted.
 */
export class Inbox {
  readonly #dir: string;
  readonly #limits: InboxLimits;
  readonly #deps: InboxDeps;
  /** Open uploads. Invariant: each is stored under its own location, which no other upload ever has. */
  readonly #uploads = new Map<string, Upload>();
  readonly #room: InboxRoom;
  readonly #sweeping: Disposable;
  /**
   * The last begin. Invariant: uploads begin one at a time, so that no two take the last place. Never
   * rejects.
   */
  #beginning: Promise<unknown> = Promise.resolve();
  #swept: Promise<void> = Promise.resolve();

  private constructor(dir: string, limits: InboxLimits, deps: InboxDeps) {
    this.#dir = dir;
    this.#limits = limits;
    this.#deps = deps;
    this.#room = new InboxRoom(dir, limits, deps);
    const sweepMs = Math.max(
      50,
      Math.min(60_000, limits.idleMs / 2, limits.orphanMs / 2, limits.ageMsMax / 2),
    );
    this.#sweeping = deps.clock.every(sweepMs, () => {
      this.#swept = this.#swept.then(() => this.sweep());
    });
  }

  /** Creates the directory and deletes the unfinished files of an earlier gateway. */
  static async open(dir: string, limits: InboxLimits, deps: InboxDeps): Promise<Inbox> {
    await mkdir(dir, ownerOnlyDir);
    const inbox = new Inbox(dir, limits, deps);
    for (const name of await readdir(dir)) {
      if (name.endsWith(partSuffix)) await rm(join(dir, name), { force: true });
    }
    await inbox.sweep();
    return inbox;
  }

  /**
   * Resolves with the location that the client names in later calls. Throws `UPLOAD_FAILED` (retryable) when
   * too many uploads are open or the inbox is full.
   */
  begin(by: Uploader): Promise<string> {
    const begun = this.#beginning.then(() => this.#begin(by));
    this.#beginning = begun.catch(() => undefined);
    return begun;
  }

  async #begin(by: Uploader): Promise<string> {
    await this.#checkRoom(0);
    await this.#makePlace(by.remoteAddress);
    const location = join(this.#dir, `stormjar-${this.#deps.random.uuid()}.jar`);
    const partPath = location + partSuffix;
    const file = await this.#create(partPath).catch((error: unknown) => {
      throw this.#failed(location, error);
    });
    const nowMs = this.#deps.clock.monotonicMs();
    const upload: Upload = {
      ...{ location, partPath, file, address: by.remoteAddress, bytes: 0, progressedTo: 0 },
      ...{ begunAtMs: nowMs, touchedAtMs: nowMs, progressedAtMs: nowMs, orphanedAtMs: undefined },
      ...{ connections: new Map(), last: Promise.resolve() },
    };
    this.#uploads.set(location, upload);
    this.#touch(upload, by);
    this.#deps.log.debug({ event: 'upload.begun', location });
    return location;
  }

  async append(location: string, chunk: Uint8Array, by: Uploader): Promise<void> {
    await this.#inTurn(location, by, async (upload) => {
      upload.bytes += chunk.length;
      if (upload.bytes > this.#limits.fileBytesMax) {
        throw new GatewayError(
          'UPLOAD_FAILED',
          `upload ${location} is larger than ${this.#limits.fileBytesMax} bytes (egret.upload.max.bytes)`,
        );
      }
      this.#room.received(chunk.length);
      await this.#checkRoom(upload.bytes);
      await upload.file.appendFile(chunk);
      if (upload.bytes - upload.progressedTo < progressBytes) return;
      upload.progressedTo = upload.bytes;
      upload.progressedAtMs = this.#deps.clock.monotonicMs();
    });
  }

  async finish(location: string, by: Uploader): Promise<void> {
    await this.#inTurn(location, by, async (upload) => {
      await upload.file.close();
      await rename(upload.partPath, location);
      this.#forget(upload);
      this.#room.finished(location, upload.bytes);
      this.#deps.log.info({ event: 'upload.finished', location, bytes: upload.bytes });
    });
  }

  /**
   * Checks that `location`, which comes from a client, is a finished file of this inbox.
   * Throws `UPLOAD_UNKNOWN` when it is not: never sent, not finished, expired, or another path.
   */
  async finished(location: string): Promise<string> {
    if (this.#isOurs(location) && !this.#uploads.has(location)) {
      const found = await stat(location).catch(() => undefined);
      if (found?.isFile() === true) return location;
    }
    throw unknown(location);
  }

  /** Deletes a finished file if it exists. Never throws. */
  async discard(location: string): Promise<void> {
    if (!this.#isOurs(location)) return;
    await rm(location, { force: true }).then(
      () => this.#room.removed(location),
      (error: unknown) => this.#deps.log.error({ event: 'upload.left-behind', path: location, error }),
    );
  }

  /** Expires stalled uploads and deletes old finished files. Runs periodically; never throws. */
  async sweep(): Promise<void> {
    for (const upload of [...this.#uploads.values()]) {
      const reason = endOfUpload(upload, this.#deps.clock.monotonicMs(), this.#limits);
      if (reason !== undefined) await this.#expire(upload, reason);
    }
    await this.#room.sweep();
  }

  /** Stops sweeping and closes open uploads. Finished files stay for the next gateway. */
  async close(): Promise<void> {
    this.#sweeping[Symbol.dispose]();
    await this.#swept;
    for (const upload of [...this.#uploads.values()]) await this.#giveUp(upload);
  }

  /** Re-creates the directory if it was deleted. */
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

  /** Throws `UPLOAD_FAILED` when no place is free and no upload has to yield one. */
  async #makePlace(address: string): Promise<void> {
    const nowMs = this.#deps.clock.monotonicMs();
    const admission = admitUpload([...this.#uploads.values()], { address, nowMs }, this.#limits);
    if (admission.kind === 'admitted') return;
    if (admission.kind === 'refused')
      throw new GatewayError('UPLOAD_FAILED', admission.reason, { retryable: true });
    const upload = this.#uploads.get(admission.upload.location)!;
    await this.#expire(upload, 'it made no progress and another upload needed its place');
  }

  #checkRoom(ownBytes: number): Promise<void> {
    return this.#room.check(ownBytes, () => {
      let openBytes = 0;
      for (const { bytes } of this.#uploads.values()) openBytes += bytes;
      return openBytes;
    });
  }

  async #inTurn(location: string, by: Uploader, work: (upload: Upload) => Promise<void>): Promise<void> {
    const upload = this.#uploads.get(location);
    if (upload === undefined) throw unknown(location);
    this.#touch(upload, by);
    const turn = upload.last.then(async () => {
      if (this.#uploads.get(location) !== upload) throw unknown(location);
      upload.touchedAtMs = this.#deps.clock.monotonicMs();
      await work(upload);
    });
    upload.last = turn.catch(() => undefined);
    try {
      await turn;
    } catch (error) {
      if (this.#uploads.get(location) !== upload) throw unknown(location);
      await this.#giveUp(upload);
      throw error instanceof GatewayError ? error : this.#failed(location, error);
    }
  }

  /** Keeps the upload alive as long as this connection is open, and for a short time after. */
  #touch(upload: Upload, { signal }: Uploader): void {
    if (upload.connections.has(signal)) return;
    upload.orphanedAtMs = undefined;
    const onClose = (): void => {
      upload.connections.delete(signal);
      if (upload.connections.size === 0) upload.orphanedAtMs = this.#deps.clock.monotonicMs();
    };
    upload.connections.set(signal, () => signal.removeEventListener('abort', onClose));
    if (signal.aborted) onClose();
    else signal.addEventListener('abort', onClose, { once: true });
  }

  #forget(upload: Upload): void {
    this.#uploads.delete(upload.location);
    for (const endWatch of upload.connections.values()) endWatch();
    upload.connections.clear();
  }

  async #expire(upload: Upload, reason: string): Promise<void> {
    const { location, bytes, address } = upload;
    this.#deps.log.warn({ event: 'upload.expired', location, bytes, address, reason });
    await this.#giveUp(upload);
  }

  async #giveUp(upload: Upload): Promise<void> {
    this.#forget(upload);
    await upload.file.close().catch(() => undefined);
    await rm(upload.partPath, { force: true }).catch((error: unknown) =>
      this.#deps.log.error({ event: 'upload.left-behind', path: upload.partPath, error }),
    );
  }

  #failed(location: string, error: unknown): GatewayError {
    const code = errorCode(error);
    const reason = code === 'ENOSPC' || code === 'EDQUOT' ? diskFullText(this.#dir) : 'cannot write the file';
    return new GatewayError('UPLOAD_FAILED', `upload ${location}: ${reason}`, {
      cause: error,
      facts: { location },
    });
  }
}

function unknown(location: string): GatewayError {
  return new GatewayError(
    'UPLOAD_UNKNOWN',
    `there is no open or finished upload at ${location}: it was never begun, it expired, or its connection closed. Upload the file again`,
    { facts: { location } },
  );
}
