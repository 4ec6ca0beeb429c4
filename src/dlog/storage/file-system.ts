import fs from 'node:fs';
import { promisify } from 'node:util';

/**
 * The file system as the local storage needs it. It is passed in, so that tests can fail, tear and lose
 * writes below it. Calls reject with Node's errors. Written bytes are durable after `dataSync`; a name that
 * was created or removed is durable after `syncDirectory`.
 */
export interface FileSystem {
  /**
   * `create`: the file must not exist yet. `write`: the file must exist, and may also be read.
   * `write-synced`: like `write`, but every write is durable when it returns. That takes one system call
   * where two would cost another turn of the thread pool.
   */
  open(path: string, mode: OpenMode): Promise<OpenFile>;
  /** Gives a file a second name; `EEXIST` when that is taken. */
  link(path: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  /** Replaces a file that has the new name; fails with `ENOTEMPTY` for a directory that is not empty. */
  rename(path: string, to: string): Promise<void>;
  /** Creates the directory and its parents. */
  makeDirectory(path: string): Promise<void>;
  removeTree(path: string): Promise<void>;
  names(directory: string): Promise<string[]>;
  syncDirectory(path: string): Promise<void>;
  /** When the content of a file or directory last changed, by the clock of the file system; ms since 1970. */
  modifiedAtMs(path: string): Promise<number>;
  /**
   * Synchronous, because it is called once for every commit, and every file system answers it from memory.
   */
  exists(path: string): boolean;
}

export type OpenMode = 'read' | 'write' | 'write-synced' | 'create';

export interface OpenFile {
  /** Returns how many bytes were written, which may be fewer than given. */
  write(bytes: Buffer, offset: number): Promise<number>;
  /** Returns how many bytes were read: 0 at the end. */
  read(into: Buffer, offset: number): Promise<number>;
  dataSync(): Promise<void>;
  size(): Promise<number>;
  close(): Promise<void>;
}

const open = promisify(fs.open);
const close = promisify(fs.close);
const fsync = promisify(fs.fsync);
const link = promisify(fs.link);
const unlink = promisify(fs.unlink);
const rename = promisify(fs.rename);
const fstat = promisify(fs.fstat);
const readdir = promisify(fs.readdir);
const flags = {
  read: 'r',
  write: 'r+',
  'write-synced': fs.constants.O_RDWR | fs.constants.O_DSYNC,
  create: 'wx+',
} as const;

/** The machine's file system. */
export const nodeFileSystem: FileSystem = {
  async open(path, mode) {
    return new NodeFile(await open(path, flags[mode]));
  },
  link,
  unlink,
  rename,
  async makeDirectory(path) {
    await fs.promises.mkdir(path, { recursive: true });
  },
  removeTree: (path) => fs.promises.rm(path, { recursive: true, force: true }),
  names: (directory) => readdir(directory),
  async syncDirectory(path) {
    const descriptor = await open(path, 'r');
    try {
      await fsync(descriptor);
    } finally {
      await close(descriptor);
    }
  },
  modifiedAtMs: async (path) => (await fs.promises.stat(path)).mtimeMs,
  exists: (path) => fs.existsSync(path),
};

/** Uses a bare descriptor, because Node's FileHandle costs measurable time at every commit. */
class NodeFile implements OpenFile {
  readonly #descriptor: number;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  write(bytes: Buffer, offset: number): Promise<number> {
    return new Promise((resolve, reject) => {
      fs.write(this.#descriptor, bytes, 0, bytes.length, offset, (error, written) =>
        error === null ? resolve(written) : reject(error),
      );
    });
  }

  read(into: Buffer, offset: number): Promise<number> {
    return new Promise((resolve, reject) => {
      fs.read(this.#descriptor, into, 0, into.length, offset, (error, bytesRead) =>
        error === null ? resolve(bytesRead) : reject(error),
      );
    });
  }

  dataSync(): Promise<void> {
    return new Promise((resolve, reject) => {
      fs.fdatasync(this.#descriptor, (error) => (error === null ? resolve() : reject(error)));
    });
  }

  async size(): Promise<number> {
    return (await fstat(this.#descriptor)).size;
  }

  close(): Promise<void> {
    return close(this.#descriptor);
  }
}
