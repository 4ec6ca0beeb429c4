import type { Logger } from '../base/index.ts';
import type { Reading } from './key.ts';

/**
 * Logs a record that is damaged: once, and again only after it could be read in between. A record that is
 * followed is read many times.
 */
export class RecordGuard {
  readonly #log: Logger;
  readonly #key: string;
  #isDamaged = false;

  constructor(log: Logger, key: { readonly path: string }) {
    this.#log = log;
    this.#key = key.path;
  }

  /** The record; undefined when it is missing or damaged. */
  pass<T>(reading: Reading<T> | undefined): T | undefined {
    if (reading === undefined) return undefined;
    const wasDamaged = this.#isDamaged;
    this.#isDamaged = reading.kind === 'unreadable';
    if (reading.kind === 'read') return reading.record;
    if (!wasDamaged) this.#log.warn({ event: 'record.unreadable', key: this.#key, reason: reading.reason });
    return undefined;
  }
}
