import { readdir, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, GatewayError, type Logger } from '../base/index.ts';
import { type InboxBounds, inboxFault } from './upload-rules.ts';

/** The name of a finished upload, as Storm's Nimbus gives it. */
export const finishedName = /^stormjar-[0-9a-f-]{36}\.jar$/;

/** Minimum interval between recounts while the inbox is full. */
const recountEveryMs = 1000;
/** Bytes received between two checks of the free disk space. */
const diskCheckBytes = 8 * 1024 * 1024;

export interface InboxRoomDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** Free bytes on the disk of a directory. Default: what the file system reports. */
  readonly bytesFree?: (dir: string) => Promise<number>;
}

/**
 * The room for uploads in a directory: counts the finished files there, deletes the old ones, and watches the
 * free space of the disk.
 */
export class InboxRoom {
  readonly #dir: string;
  readonly #limits: InboxBounds & { readonly ageMsMax: number };
  readonly #deps: InboxRoomDeps;
  /** Bytes of each finished file, recounted by every sweep. */
  readonly #finished = new Map<string, number>();
  #recountedAtMs = Number.NEGATIVE_INFINITY;
  #diskBytesFree = Number.POSITIVE_INFINITY;
  /**
   * Bytes received since the last check of the disk. Invariant: below diskCheckBytes after every check of the
   * room.
   */
  #uncheckedBytes = 0;

  constructor(dir: string, limits: InboxBounds & { readonly ageMsMax: number }, deps: InboxRoomDeps) {
    this.#dir = dir;
    this.#limits = limits;
    this.#deps = deps;
  }

  finished(path: string, bytes: number): void {
    this.#finished.set(path, bytes);
  }

  removed(path: string): void {
    this.#finished.delete(path);
  }

  received(bytes: number): void {
    this.#uncheckedBytes += bytes;
  }

  /** Deletes finished files that have reached their age, and counts the others. */
  async sweep(): Promise<void> {
    const names = await readdir(this.#dir).catch(() => []);
    for (const name of names.filter((each) => finishedName.test(each))) {
      const path = join(this.#dir, name);
      const found = await stat(path).catch(() => undefined);
      if (found === undefined) continue;
      if (this.#deps.clock.nowMs() - found.mtimeMs < this.#limits.ageMsMax) {
        this.#finished.set(path, found.size);
        continue;
      }
      this.#deps.log.warn({ event: 'upload.abandoned', location: path, bytes: found.size });
      await rm(path, { force: true });
    }
    // Forget files that a submission took or an operator deleted.
    for (const path of [...this.#finished.keys()])
      if ((await stat(path).catch(() => undefined)) === undefined) this.#finished.delete(path);
  }

  /**
   * Throws `UPLOAD_FAILED` when there is no room for an upload of `ownBytes`, beside `openBytes` of all open
   * ones. Checks the disk when an upload begins, and now and then while it grows.
   */
  async check(ownBytes: number, openBytes: () => number): Promise<void> {
    if (ownBytes === 0 || this.#uncheckedBytes >= diskCheckBytes) await this.#readDisk();
    if (this.#fault(ownBytes, openBytes()) === undefined) return;
    // An operator may have deleted files. Counting is slow, so it is not done on every call.
    const nowMs = this.#deps.clock.monotonicMs();
    if (nowMs - this.#recountedAtMs >= recountEveryMs) {
      this.#recountedAtMs = nowMs;
      await this.sweep();
      await this.#readDisk();
    }
    const fault = this.#fault(ownBytes, openBytes());
    if (fault === undefined) return;
    throw new GatewayError(
      'UPLOAD_FAILED',
      `the inbox ${this.#dir} is full: ${fault}. Submit or wait (files expire after nimbus.inbox.jar.expiration.secs), or delete files there`,
      { retryable: true, facts: { dir: this.#dir } },
    );
  }

  #fault(ownBytes: number, openBytes: number): string | undefined {
    const use = {
      finishedFiles: this.#finished.size,
      finishedBytes: sumOf(this.#finished.values()),
      openBytes: Math.max(0, openBytes - ownBytes),
      ...{ ownBytes, diskBytesFree: this.#diskBytesFree },
    };
    return inboxFault(use, this.#limits);
  }

  async #readDisk(): Promise<void> {
    const bytesFree = this.#deps.bytesFree ?? diskBytesFree;
    this.#uncheckedBytes = 0;
    this.#diskBytesFree = await bytesFree(this.#dir).catch(() => Number.POSITIVE_INFINITY);
  }
}

function sumOf(numbers: Iterable<number>): number {
  let sum = 0;
  for (const each of numbers) sum += each;
  return sum;
}

async function diskBytesFree(dir: string): Promise<number> {
  const { bavail, bsize } = await statfs(dir);
  return bavail * bsize;
}
