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
  /** Mode of the file, whoever created it. Absent: as the umask says for a new one. */
  readonly mode: number | undefined;
  readonly monotonicMs: () => number;
}

/**
 * Keeps a log at its path while another writes it: rolls the file when it has grown, and makes it and its directory again when
 * it was deleted or moved away. Devices and pipes are left as they are.
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
   * To be asked before each line. True: the writer must open the path again, where there is a file that it can open. Throws
   * Node's error when there is none and none can be made; the next check tries again.
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
