import type { Logger } from '../../base/index.ts';
import type { Reading } from '../../records/index.ts';

/**
 * Lets only readable readings of one record through. A damaged one is logged once, and again only after a readable one: it is
 * asked for many times, and must not disturb what runs.
 */
export class RecordGuard {
  readonly #log: Logger;
  readonly #key: string;
  #isDamaged = false;

  constructor(log: Logger, key: string) {
    this.#log = log;
    this.#key = key;
  }

  /** Undefined when it is damaged. */
  pass<T>(reading: Reading<T>): T | undefined {
    const wasDamaged = this.#isDamaged;
    this.#isDamaged = reading.kind === 'unreadable';
    if (reading.kind === 'read') return reading.record;
    if (!wasDamaged) this.#log.warn({ event: 'record.unreadable', key: this.#key, reason: reading.reason });
    return undefined;
  }
}
