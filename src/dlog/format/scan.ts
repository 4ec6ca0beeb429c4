import { type Entry, entryBytesMax, entryHeaderBytes, parseEntry } from './entry.ts';

/** The position of a scan: the next entry must have exactly these numbers. */
export interface ScanPlace {
  readonly seed: number;
  readonly entry: number;
  /** Undefined when it is not known, as after a jump to an index point. */
  readonly sequenceId: number | undefined;
  readonly transactionId: number;
}

export interface Scan {
  readonly entries: readonly Entry[];
  /** The size of the entries in bytes. */
  readonly bytes: number;
  /**
   * `end`: nothing is left. `short`: the bytes end within an entry. `bad`: what follows is not an entry, or
   * not the expected one.
   */
  readonly stop: 'end' | 'short' | 'bad';
}

/**
 * Scans whole entries from the beginning of `bytes`, as long as they are valid and follow each other without
 * a gap.
 */
export function scanEntries(bytes: Buffer, place: ScanPlace): Scan {
  const entries: Entry[] = [];
  let at = 0;
  let { entry, sequenceId, transactionId } = place;
  while (at < bytes.length) {
    const parsed = parseEntry(bytes, at, place.seed);
    if (parsed === 'short' || parsed === 'bad') return { entries, bytes: at, stop: parsed };
    const isNext =
      parsed.entry === entry &&
      (sequenceId === undefined || parsed.firstSequenceId === sequenceId) &&
      parsed.firstTransactionId >= transactionId &&
      parsed.confirmed <= entry;
    if (!isNext) return { entries, bytes: at, stop: 'bad' };
    entries.push(parsed);
    at += parsed.bytes;
    entry += 1;
    sequenceId = parsed.firstSequenceId + parsed.count;
    transactionId = parsed.lastTransactionId;
  }
  return { entries, bytes: at, stop: 'end' };
}

/**
 * Whether what follows the last good entry is more than a torn tail: it contains an entry of this segment
 * that was written after the missing one had been confirmed. A writer that waits for its disk never leaves
 * that behind.
 */
export function hasConfirmedAfter(bytes: Buffer, place: ScanPlace): boolean {
  for (let at = 1; at + entryHeaderBytes <= bytes.length; at++) {
    const length = bytes.readUInt32LE(at + 4);
    if (length < entryHeaderBytes || length > entryBytesMax || at + length > bytes.length) continue;
    const kind = bytes[at + 8];
    if (kind !== 1 && kind !== 2) continue;
    const found = parseEntry(bytes, at, place.seed);
    if (typeof found === 'object' && found.confirmed > place.entry) return true;
  }
  return false;
}
