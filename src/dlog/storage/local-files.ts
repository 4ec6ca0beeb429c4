import { join } from 'node:path';
import { errorCode, GatewayError, type RandomSource } from '../../base/index.ts';
import type { FileSystem, OpenFile } from './file-system.ts';

/**
 * The files of one stream. Only the segment that its owner appends to is ever changed in place. Every other
 * file is written under a temporary name, synced, and then linked to its name, which can happen only once.
 *
 *     <root>/<namespace>/<name>/
 *       stream.json         settings
 *       fences/<epoch>      the token to which the epoch was granted; only the highest stay
 *       segments/<lssn>.log header and entries          segments/<lssn>.seal   the end of the segment
 *       marks/<dlsn>        truncated below this position; the highest counts
 *       notes/<name>        small values
 */
export class StreamFiles {
  readonly root: string;
  readonly #fs: FileSystem;
  readonly #random: RandomSource;

  constructor(root: string, edges: { readonly fs: FileSystem; readonly random: RandomSource }) {
    this.root = root;
    this.#fs = edges.fs;
    this.#random = edges.random;
  }

  get settings(): string {
    return join(this.root, 'stream.json');
  }

  directory(kind: 'fences' | 'segments' | 'marks' | 'notes'): string {
    return join(this.root, kind);
  }

  fence(epoch: number): string {
    return join(this.root, 'fences', padded(epoch));
  }

  log(lssn: number): string {
    return join(this.root, 'segments', `${padded(lssn)}.log`);
  }

  seal(lssn: number): string {
    return join(this.root, 'segments', `${padded(lssn)}.seal`);
  }

  /**
   * Creates a file with that content, durably and atomically, unless the name is taken. In that case the
   * process that took it may not have synced it yet. It is synced all the same, because what the caller does
   * next must not outlive it.
   */
  async writeOnce(path: string, bytes: Buffer): Promise<'written' | 'exists'> {
    const beside = await this.#writeBeside(path, bytes);
    let result: 'written' | 'exists' = 'written';
    try {
      await this.#fs.link(beside, path);
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
      result = 'exists';
    } finally {
      await ignoring('ENOENT', this.#fs.unlink(beside));
    }
    await this.#fs.syncDirectory(join(path, '..'));
    return result;
  }

  /** Creates a file with that content, durably and atomically, and replaces an existing file of that name. */
  async replace(path: string, bytes: Buffer): Promise<void> {
    const beside = await this.#writeBeside(path, bytes);
    try {
      await this.#fs.rename(beside, path);
    } catch (error) {
      await this.#remove(beside);
      throw error;
    }
    await this.#fs.syncDirectory(join(path, '..'));
  }

  /**
   * Writes a synced file of that content under a temporary name in the same directory. Leaves no file when it
   * fails.
   */
  async #writeBeside(path: string, bytes: Buffer): Promise<string> {
    const beside = join(path, '..', `.${this.#random.uuid()}`);
    const file = await this.#fs.open(beside, 'create');
    try {
      await writeAll(file, bytes, 0);
      await file.dataSync();
    } catch (error) {
      await this.#remove(beside);
      throw error;
    } finally {
      await file.close();
    }
    return beside;
  }

  /**
   * The failure that led here is the one to report: a file that cannot be removed now is removed later
   * (leftovers.ts).
   */
  async #remove(beside: string): Promise<void> {
    await this.#fs.unlink(beside).catch(() => undefined);
  }
}

/** Pads a number to sixteen digits, so that names sort in the order of the numbers. */
export function padded(value: number): string {
  return String(value).padStart(16, '0');
}

/** The numbers among names of the form `<16 digits><suffix>`. */
export function numbersOf(names: readonly string[], suffix: string): number[] {
  return names
    .filter((name) => name.length === 16 + suffix.length && name.endsWith(suffix) && /^\d{16}/.test(name))
    .map((name) => Number(name.slice(0, 16)))
    .sort((left, right) => left - right);
}

export async function writeAll(file: OpenFile, bytes: Buffer, offset: number): Promise<void> {
  let done = await file.write(bytes, offset);
  while (done < bytes.length) {
    const more = await file.write(bytes.subarray(done), offset + done);
    if (more === 0) throw diskTookNothing(bytes.length - done);
    done += more;
  }
}

function diskTookNothing(bytes: number): GatewayError {
  return new GatewayError(
    'STORAGE_UNAVAILABLE',
    `the disk accepted none of the last ${bytes} bytes of a write`,
  );
}

/** Fills the buffer from `offset` on, up to the end of the file. */
export async function readUpTo(file: OpenFile, into: Buffer, offset: number): Promise<Buffer> {
  let done = 0;
  while (done < into.length) {
    const more = await file.read(into.subarray(done), offset + done);
    if (more === 0) break;
    done += more;
  }
  return into.subarray(0, done);
}

/** The content of a small file, or undefined if it does not exist. */
export async function readWhole(fs: FileSystem, path: string): Promise<Buffer | undefined> {
  const file = await ignoring('ENOENT', fs.open(path, 'read'));
  if (file === undefined) return undefined;
  try {
    return await readUpTo(file, Buffer.alloc(await file.size()), 0);
  } finally {
    await file.close();
  }
}

export async function ignoring<T>(code: string, work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (errorCode(error) === code) return undefined;
    throw error;
  }
}
