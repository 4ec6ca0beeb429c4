import { closeSync, fchmodSync, fstatSync, mkdirSync, openSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { GatewayError } from './errors.ts';
import { rollFile } from './roll-file.ts';

/** A log file of this size is renamed to `.1`; with its old files a log takes at most six times this size. */
const fileBytesMax = 10 << 20;
const oldFilesMax = 5;
/** How often the path is checked, at most. What is written to a deleted file until then is lost. */
const checkEveryMs = 1000;

export interface LogFileOptions {
  readonly path: string;
  /** Mode of the file, also if another process created it. Absent: a new file gets the umask's mode. */
  readonly mode: number | undefined;
  readonly monotonicMs: () => number;
}

/**
 * Keeps a log at its path while another writes it: rolls the file when it has grown, and makes it and its
 * directory again when it was deleted or moved away. Devices and pipes are left as they are.
 */
export class LogFile {
  readonly #options: LogFileOptions;
  #opened: Pick<Stats, 'ino' | 'dev'> | undefined;
  #bytes = 0;
  #checkedAtMs: number;

  /** The path has just been opened. */
  constructor(options: LogFileOptions) {
    this.#options = options;
    this.#checkedAtMs = options.monotonicMs();
    const found = statSync(options.path, { throwIfNoEntry: false });
    if (found?.isFile() === true) this.#open();
  }

  wrote(bytes: number): void {
    this.#bytes += bytes;
  }

  /**
   * Call it before each line. True: the writer must reopen the path, which names a file that it can open.
   * Throws Node's error if there is no file and none can be created; the next check retries.
   */
  mustReopen(): boolean {
    if (this.#opened === undefined) return false;
    if (this.#bytes >= fileBytesMax) {
      this.#bytes = 0;
      rollFile(this.#options.path, oldFilesMax);
      this.#open();
      return true;
    }
    const nowMs = this.#options.monotonicMs();
    if (nowMs - this.#checkedAtMs < checkEveryMs) return false;
    this.#checkedAtMs = nowMs;
    const found = statSync(this.#options.path, { throwIfNoEntry: false });
    if (found?.ino === this.#opened.ino && found.dev === this.#opened.dev) return false;
    // Opening a FIFO would wait for its reader.
    if (found?.isFile() === false) {
      throw new GatewayError(
        'FILE_UNFIT',
        `log file ${this.#options.path} was replaced by something that is not a file`,
      );
    }
    this.#open();
    return true;
  }

  #open(): void {
    const { path, mode } = this.#options;
    mkdirSync(dirname(path), { recursive: true });
    const descriptor = openSync(path, 'a', mode);
    try {
      if (mode !== undefined) fchmodSync(descriptor, mode); // a file of an earlier release
      const { ino, dev, size } = fstatSync(descriptor);
      this.#opened = { ino, dev };
      this.#bytes = size;
    } finally {
      closeSync(descriptor);
    }
  }
}
