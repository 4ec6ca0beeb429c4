import { appendFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import type { Logger } from '../../../base/index.ts';

/** As large as Storm lets `worker.log.out` and `.err` grow; then it is renamed to `.1`, over an older one. */
const fileBytesMax = 100 << 20;

/**
 * Where a worker's standard output or error goes, line by line. There is little: Storm sends System.out to
 * its log.
 */
export class OutputFile {
  readonly #path: string;
  readonly #log: Logger;
  #bytes: number;
  #hasFailed = false;

  constructor(path: string, log: Logger) {
    this.#path = path;
    this.#log = log;
    this.#bytes = 0;
    this.#try(() => {
      writeFileSync(path, '', { flag: 'a' });
      this.#bytes = statSync(path).size;
    });
  }

  add(line: string): void {
    this.#try(() => {
      if (this.#bytes > fileBytesMax) {
        renameSync(this.#path, `${this.#path}.1`);
        this.#bytes = 0;
      }
      const text = `${line}\n`;
      this.#bytes += Buffer.byteLength(text);
      appendFileSync(this.#path, text);
    });
  }

  /** A full disk must not end the worker: it is logged once, and lines are lost while it lasts. */
  #try(write: () => void): void {
    try {
      write();
      this.#hasFailed = false;
    } catch (error) {
      if (!this.#hasFailed) this.#log.warn({ event: 'jvm.output-not-written', path: this.#path, error });
      this.#hasFailed = true;
    }
  }
}
