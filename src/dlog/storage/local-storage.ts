import { join } from 'node:path';
import { errorCode, type JsonValue, type RandomSource } from '../../base/index.ts';
import { compareDlsn, type Dlsn, parseSortableDlsn, sortableDlsn } from '../format/dlsn.ts';
import { encodeSegmentHeader, type SegmentHeader } from '../format/segment-header.ts';
import { checkStreamName, fenced, segmentExists, streamUnknown } from './faults.ts';
import { type FileSystem, nodeFileSystem } from './file-system.ts';
import { removeLeftovers } from './leftovers.ts';
import { ignoring, numbersOf, readWhole, StreamFiles } from './local-files.ts';
import { recoverLocalSegment } from './local-recovery.ts';
import { LocalSegmentAppender } from './local-segment-appender.ts';
import { LocalSegmentReader, readStoredSegment } from './local-segment-reader.ts';
import { noteFileName } from './notes.ts';
import type {
  FenceResult,
  LogStorage,
  Permit,
  RawStream,
  SegmentAppender,
  SegmentReader,
  StandingSeal,
  StoredSegment,
} from './storage.ts';

const kinds = ['fences', 'segments', 'marks', 'notes'] as const;

export interface LocalStorageOptions {
  /**
   * The directory that contains the namespaces; created if missing. It must be on a local file system: NFS is
   * not enough.
   */
  readonly directory: string;
  readonly random: RandomSource;
  readonly fs?: FileSystem;
}

/**
 * Streams as files of one machine, for any number of processes there.
 *
 * A fence is a file named by its epoch, and granting one removes those below. An owner acknowledges what it
 * synced only if its fence still exists afterwards: the process that removes the fence later is then certain
 * to find those bytes. That needs no clock and no lock, but it needs one page cache for all processes. Bytes
 * that a fenced owner still writes lie behind the seal, where no reader looks: the seal is a file of its own,
 * so that such a write cannot touch it.
 */
export class LocalStorage implements LogStorage {
  readonly durabilities = ['memory', 'os', 'fsync'] as const;
  readonly #root: string;
  readonly #fs: FileSystem;
  readonly #random: RandomSource;

  constructor(options: LocalStorageOptions) {
    this.#root = options.directory;
    this.#fs = options.fs ?? nodeFileSystem;
    this.#random = options.random;
  }

  /**
   * Creates the directory under a temporary name and moves it into place: the stream exists whole or not at
   * all.
   */
  async createStream(stream: string, settings: JsonValue): Promise<'created' | 'exists'> {
    const target = this.#files(stream).root;
    const namespace = join(target, '..');
    const made = new StreamFiles(join(namespace, `.${this.#random.uuid()}`), {
      fs: this.#fs,
      random: this.#random,
    });
    try {
      for (const kind of kinds) await this.#fs.makeDirectory(made.directory(kind));
      await made.writeOnce(made.settings, Buffer.from(JSON.stringify(settings)));
      await this.#fs.rename(made.root, target);
    } catch (error) {
      await this.#fs.removeTree(made.root).catch(() => undefined);
      if (errorCode(error) === 'ENOTEMPTY' || errorCode(error) === 'EEXIST') return 'exists';
      throw error;
    }
    for (const directory of [namespace, this.#root, join(this.#root, '..')])
      await this.#fs.syncDirectory(directory);
    return 'created';
  }

  async settings(stream: string): Promise<JsonValue> {
    const bytes = await readWhole(this.#fs, this.#files(stream).settings);
    if (bytes === undefined) throw streamUnknown(stream);
    return JSON.parse(bytes.toString()) as JsonValue;
  }

  async namespaces(): Promise<readonly string[]> {
    const names = await ignoring('ENOENT', this.#fs.names(this.#root));
    return (names ?? []).filter((name) => !name.startsWith('.')).sort();
  }

  async streams(namespace: string): Promise<readonly string[]> {
    checkStreamName(`${namespace}/x`);
    const names = await ignoring('ENOENT', this.#fs.names(join(this.#root, namespace)));
    return (names ?? [])
      .filter((name) => !name.startsWith('.'))
      .map((name) => `${namespace}/${name}`)
      .sort();
  }

  async deleteStream(stream: string): Promise<boolean> {
    const { root } = this.#files(stream);
    const aside = join(root, '..', `.${this.#random.uuid()}`);
    const isMoved = await ignoring(
      'ENOENT',
      this.#fs.rename(root, aside).then(() => true),
    );
    if (isMoved === undefined) return false;
    await this.#fs.syncDirectory(join(root, '..'));
    await this.#fs.removeTree(aside);
    return true;
  }

  async fence(permit: Permit): Promise<FenceResult> {
    const files = this.#files(permit.stream);
    const promised = numbersOf(await this.#names(permit.stream, 'fences'), '').at(-1) ?? 0;
    if (promised > permit.epoch) return { kind: 'refused', promised };
    const path = files.fence(permit.epoch);
    await files.writeOnce(path, Buffer.from(permit.token));
    const token = await readWhole(this.#fs, path);
    if (token?.toString() !== permit.token) return { kind: 'refused', promised: permit.epoch };
    const all = numbersOf(await this.#names(permit.stream, 'fences'), '');
    const highest = all.at(-1) ?? 0;
    if (highest > permit.epoch) {
      await ignoring('ENOENT', this.#fs.unlink(path));
      return { kind: 'refused', promised: highest };
    }
    for (const lower of all) {
      if (lower < permit.epoch) await ignoring('ENOENT', this.#fs.unlink(files.fence(lower)));
    }
    await this.#fs.syncDirectory(files.directory('fences'));
    return { kind: 'granted' };
  }

  /**
   * Removes temporary files that processes left beside the streams when they died. The process that opens the
   * storage calls it.
   */
  async removeLeftovers(nowMs: number): Promise<number> {
    let removed = 0;
    for (const namespace of await this.namespaces())
      removed += await removeLeftovers(this.#fs, join(this.#root, namespace), nowMs);
    return removed;
  }

  /**
   * The owner's fence was written a moment ago, so its time is the current time by the clock of the file
   * system.
   */
  async tidy({ stream, epoch }: Permit): Promise<void> {
    const files = this.#files(stream);
    const nowMs = await this.#fs.modifiedAtMs(files.fence(epoch));
    for (const kind of kinds) await removeLeftovers(this.#fs, files.directory(kind), nowMs);
  }

  async segments(stream: string): Promise<readonly StoredSegment[]> {
    const files = this.#files(stream);
    const found: StoredSegment[] = [];
    for (const lssn of numbersOf(await this.#names(stream, 'segments'), '.log')) {
      const segment = await readStoredSegment({ fs: this.#fs, files, stream, lssn });
      if (segment !== undefined) found.push(segment);
    }
    return found;
  }

  async createSegment(permit: Permit, header: SegmentHeader): Promise<SegmentAppender> {
    const files = this.#files(permit.stream);
    const fence = files.fence(permit.epoch);
    if (!this.#fs.exists(fence)) throw fenced(permit);
    const bytes = encodeSegmentHeader(permit.stream, header);
    const path = files.log(header.lssn);
    if ((await files.writeOnce(path, bytes)) === 'exists') throw segmentExists(permit.stream, header.lssn);
    if (!this.#fs.exists(fence)) throw fenced(permit);
    const file = await this.#fs.open(path, header.durability === 'fsync' ? 'write-synced' : 'write');
    return new LocalSegmentAppender({ fs: this.#fs, file, files, permit, header, headerBytes: bytes });
  }

  recoverSegment(permit: Permit, lssn: number, sealedAtMs: number): Promise<StandingSeal> {
    const files = this.#files(permit.stream);
    return recoverLocalSegment({ fs: this.#fs, files, permit, lssn, sealedAtMs });
  }

  openSegment(stream: string, lssn: number): Promise<SegmentReader> {
    return LocalSegmentReader.open({ fs: this.#fs, files: this.#files(stream), stream, lssn });
  }

  /**
   * The log goes first: a seal without a log means nothing, but a log without its seal would look like an
   * open segment.
   */
  async removeSegment(stream: string, lssn: number): Promise<void> {
    const files = this.#files(stream);
    await ignoring('ENOENT', this.#fs.unlink(files.log(lssn)));
    await this.#fs.syncDirectory(files.directory('segments'));
    await ignoring('ENOENT', this.#fs.unlink(files.seal(lssn)));
  }

  async truncate(stream: string, at: Dlsn): Promise<Dlsn> {
    const files = this.#files(stream);
    const standing = await this.truncation(stream);
    if (standing !== undefined && compareDlsn(standing, at) >= 0) {
      // The process that created the mark may have failed before it synced it, and no removal may outlive the
      // mark.
      await this.#fs.syncDirectory(files.directory('marks'));
      return standing;
    }
    await files.writeOnce(join(files.directory('marks'), sortableDlsn(at)), Buffer.alloc(0));
    const highest = (await this.truncation(stream)) ?? at;
    for (const name of await this.#names(stream, 'marks')) {
      const mark = parseSortableDlsn(name);
      if (mark !== undefined && compareDlsn(mark, highest) < 0)
        await ignoring('ENOENT', this.#fs.unlink(join(files.directory('marks'), name)));
    }
    return highest;
  }

  async truncation(stream: string): Promise<Dlsn | undefined> {
    const names = (await this.#names(stream, 'marks')).sort();
    return names.map(parseSortableDlsn).findLast((mark) => mark !== undefined);
  }

  async putNote(stream: string, name: string, value: JsonValue): Promise<void> {
    const files = this.#files(stream);
    const path = join(files.directory('notes'), noteFileName(name));
    try {
      await files.replace(path, Buffer.from(JSON.stringify(value)));
    } catch (error) {
      throw errorCode(error) === 'ENOENT' ? streamUnknown(stream, error) : error;
    }
  }

  async noteNames(stream: string): Promise<readonly string[]> {
    const names = await this.#names(stream, 'notes');
    return names.filter((name) => !name.startsWith('.')).map((name) => decodeURIComponent(name));
  }

  async notes(stream: string): Promise<ReadonlyMap<string, JsonValue>> {
    const found = new Map<string, JsonValue>();
    for (const name of (await this.#names(stream, 'notes')).sort()) {
      if (name.startsWith('.')) continue;
      const bytes = await readWhole(this.#fs, join(this.#files(stream).directory('notes'), name));
      if (bytes !== undefined) found.set(decodeURIComponent(name), JSON.parse(bytes.toString()) as JsonValue);
    }
    return found;
  }

  async #names(stream: string, kind: 'fences' | 'segments' | 'marks' | 'notes'): Promise<string[]> {
    const names = await ignoring('ENOENT', this.#fs.names(this.#files(stream).directory(kind)));
    if (names === undefined) throw streamUnknown(stream);
    return names;
  }

  /** The files themselves, for checks and repairs. */
  raw(stream: string): RawStream {
    return { fs: this.#fs, files: this.#files(stream), root: this.#root };
  }

  #files(stream: string): StreamFiles {
    checkStreamName(stream);
    return new StreamFiles(join(this.#root, stream), { fs: this.#fs, random: this.#random });
  }
}
