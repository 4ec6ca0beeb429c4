import assert from 'node:assert/strict';
import type { JsonValue } from '../../base/index.ts';
import { compareDlsn, type Dlsn } from '../format/dlsn.ts';
import { type Entry, parseEntry } from '../format/entry.ts';
import { decodeSeal, encodeSeal, type Seal } from '../format/seal.ts';
import { decodeSegmentHeader, encodeSegmentHeader, type SegmentHeader } from '../format/segment-header.ts';
import { SegmentTally } from '../format/tally.ts';
import { checkStreamName, fenced, segmentExists, segmentMissing, streamUnknown } from './faults.ts';
import { noteFileName } from './notes.ts';
import type {
  FenceResult,
  LogStorage,
  Permit,
  SeekBy,
  SegmentAppender,
  SegmentReader,
  StandingSeal,
  StoredSegment,
} from './storage.ts';

interface KeptSegment {
  readonly header: SegmentHeader;
  readonly seed: number;
  readonly entries: Entry[];
  sealed: StandingSeal | undefined;
}

interface KeptStream {
  readonly settings: JsonValue;
  readonly segments: Map<number, KeptSegment>;
  readonly notes: Map<string, JsonValue>;
  promised: Pick<Permit, 'epoch' | 'token'>;
  mark: Dlsn | undefined;
}

/**
 * Streams in this process's memory, for tests: nothing outlives the object. Passes the same contract suite as
 * the file storage.
 */
export class MemoryStorage implements LogStorage {
  readonly durabilities = ['memory'] as const;
  readonly #streams = new Map<string, KeptStream>();

  createStream(stream: string, settings: JsonValue): Promise<'created' | 'exists'> {
    return answer(() => {
      checkStreamName(stream);
      if (this.#streams.has(stream)) return 'exists';
      const promised = { epoch: 0, token: '' };
      const empty = { segments: new Map(), notes: new Map(), promised, mark: undefined };
      this.#streams.set(stream, { settings: copied(settings), ...empty });
      return 'created';
    });
  }

  settings(stream: string): Promise<JsonValue> {
    return answer(() => copied(this.#stream(stream).settings));
  }

  namespaces(): Promise<readonly string[]> {
    return answer(() => [...new Set([...this.#streams.keys()].map((name) => name.split('/')[0]!))].sort());
  }

  streams(namespace: string): Promise<readonly string[]> {
    return answer(() => {
      checkStreamName(`${namespace}/x`);
      return [...this.#streams.keys()].filter((name) => name.startsWith(`${namespace}/`)).sort();
    });
  }

  deleteStream(stream: string): Promise<boolean> {
    return answer(() => {
      checkStreamName(stream);
      return this.#streams.delete(stream);
    });
  }

  fence({ stream, epoch, token }: Permit): Promise<FenceResult> {
    return answer(() => {
      const kept = this.#stream(stream);
      const isRefused =
        kept.promised.epoch > epoch || (kept.promised.epoch === epoch && kept.promised.token !== token);
      if (isRefused) return { kind: 'refused', promised: kept.promised.epoch };
      kept.promised = { epoch, token };
      return { kind: 'granted' };
    });
  }

  segments(stream: string): Promise<readonly StoredSegment[]> {
    return answer(() => {
      const all = [...this.#stream(stream).segments.values()];
      return all.map(stored).sort((left, right) => left.header.lssn - right.header.lssn);
    });
  }

  createSegment(permit: Permit, header: SegmentHeader): Promise<SegmentAppender> {
    return answer(() => {
      this.#checkPermit(permit);
      const { segments } = this.#stream(permit.stream);
      if (segments.has(header.lssn)) throw segmentExists(permit.stream, header.lssn);
      const { seed } = decodeSegmentHeader(permit.stream, encodeSegmentHeader(permit.stream, header))!;
      const kept: KeptSegment = { header, seed, entries: [], sealed: undefined };
      segments.set(header.lssn, kept);
      return this.#appender(permit, kept);
    });
  }

  recoverSegment(permit: Permit, lssn: number, sealedAtMs: number): Promise<StandingSeal> {
    return answer(() => {
      this.#checkPermit(permit);
      const kept = this.#segment(permit.stream, lssn);
      const tally = new SegmentTally(kept.header);
      for (const entry of kept.entries) tally.add(entry);
      kept.sealed ??= sealOf(
        kept,
        tally.seal({ epoch: permit.epoch, sealedAtMs: sealedAtMs, isEndOfStream: false }),
      );
      return kept.sealed;
    });
  }

  openSegment(stream: string, lssn: number): Promise<SegmentReader> {
    return answer(() => readerOf(this.#segment(stream, lssn), () => this.#segment(stream, lssn)));
  }

  removeSegment(stream: string, lssn: number): Promise<void> {
    return answer(() => {
      this.#stream(stream).segments.delete(lssn);
    });
  }

  truncate(stream: string, at: Dlsn): Promise<Dlsn> {
    return answer(() => {
      const kept = this.#stream(stream);
      if (kept.mark === undefined || compareDlsn(kept.mark, at) < 0) kept.mark = at;
      return kept.mark;
    });
  }

  truncation(stream: string): Promise<Dlsn | undefined> {
    return answer(() => this.#stream(stream).mark);
  }

  putNote(stream: string, name: string, value: JsonValue): Promise<void> {
    return answer(() => {
      noteFileName(name);
      this.#stream(stream).notes.set(name, copied(value));
    });
  }

  noteNames(stream: string): Promise<readonly string[]> {
    return answer(() => [...this.#stream(stream).notes.keys()]);
  }

  notes(stream: string): Promise<ReadonlyMap<string, JsonValue>> {
    return answer(() => new Map([...this.#stream(stream).notes].sort()));
  }

  #appender(permit: Permit, kept: KeptSegment): SegmentAppender {
    let isFenced = false;
    const check = (): void => {
      if (!isFenced) {
        isFenced = true;
        this.#checkPermit(permit);
        isFenced = false;
      } else throw fenced(permit);
    };
    return {
      seed: kept.seed,
      append: (bytes) =>
        answer(() => {
          check();
          const entry = parseEntry(Buffer.from(bytes), 0, kept.seed);
          assert(typeof entry === 'object', 'only whole entries are appended');
          kept.entries.push(entry);
        }),
      seal: (seal) =>
        answer(() => {
          check();
          kept.sealed ??= sealOf(kept, seal);
          return kept.sealed;
        }),
      close: () => Promise.resolve(),
    };
  }

  #checkPermit(permit: Permit): void {
    const { promised } = this.#stream(permit.stream);
    if (promised.epoch !== permit.epoch || promised.token !== permit.token)
      throw fenced(permit, promised.epoch);
  }

  #segment(stream: string, lssn: number): KeptSegment {
    const kept = this.#stream(stream).segments.get(lssn);
    if (kept === undefined) throw segmentMissing(stream, lssn);
    return kept;
  }

  #stream(stream: string): KeptStream {
    checkStreamName(stream);
    const kept = this.#streams.get(stream);
    if (kept === undefined) throw streamUnknown(stream);
    return kept;
  }
}

function readerOf(kept: KeptSegment, find: () => KeptSegment): SegmentReader {
  const visible = (): readonly Entry[] => kept.entries.slice(0, kept.sealed?.seal.entries);
  return {
    get segment() {
      return stored(kept);
    },
    read: (from, bytesMax) =>
      answer(() => {
        let bytes = 0;
        return visible()
          .slice(from)
          .filter((entry, index) => {
            bytes += entry.bytes;
            return index === 0 || bytes <= bytesMax;
          });
      }),
    seek: ({ field, value }: SeekBy) =>
      answer(() => {
        const found = visible().findIndex((entry) => entry[field] >= value);
        return found === -1 ? visible().length : found;
      }),
    passed: () => undefined,
    refresh: () => answer(() => kept.sealed ?? find().sealed),
    close: () => Promise.resolve(),
  };
}

function stored({ header, seed, sealed }: KeptSegment): StoredSegment {
  return { header, seed, sealed };
}

function sealOf(kept: KeptSegment, seal: Seal): StandingSeal {
  return decodeSeal(encodeSeal(seal, kept.seed), kept.seed)!;
}

function copied(value: JsonValue): JsonValue {
  return JSON.parse(JSON.stringify(value)) as JsonValue;
}

/** Answers later, never within the call, as a disk does. */
async function answer<T>(work: () => T): Promise<T> {
  await Promise.resolve();
  return work();
}
