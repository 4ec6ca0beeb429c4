import type { Dirent } from 'node:fs';
import { lstat, readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, describeError, errorCode, type Logger } from '../base/index.ts';
import { keys, type RecordStore, recordOf } from '../records/index.ts';
import {
  type ArtifactsLimits,
  type Cleaning,
  decideCleaning,
  type LogFile,
  type WorkerDirectory,
} from './artifacts.ts';

export interface ArtifactsCleanerOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly store: RecordStore;
  readonly artifactsDir: string;
  readonly limits: ArtifactsLimits;
  readonly everyMs: number;
  /** Directory entries that are looked at in one run. Default: 100,000. */
  readonly entriesMax?: number;
}

/** What is removed in one run; the next run removes what is left. */
const removalsMax = 1000;

/**
 * Removes logs of workers by age and size, as Storm's log cleaner does, at an interval. Works on one file
 * after the other, outside of the scheduler's passes. Follows no symbolic link and touches only `<topology
 * id>/<port>`.
 */
export class ArtifactsCleaner {
  readonly #options: ArtifactsCleanerOptions;
  readonly #timer: Disposable;
  #running: Promise<void> | undefined;
  #isClosed = false;
  /** A run begins behind the topology at which the one before had looked at enough. */
  #after = '';

  constructor(options: ArtifactsCleanerOptions) {
    this.#options = options;
    this.#timer = options.clock.every(options.everyMs, () => void this.run());
  }

  /** Cleans once. One run at a time. Never rejects. */
  run(): Promise<void> {
    this.#running ??= this.#run()
      .catch((error: unknown) =>
        this.#options.log.warn({ event: 'artifacts.not-cleaned', reason: describeError(error) }),
      )
      .finally(() => {
        this.#running = undefined;
      });
    return this.#running;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer[Symbol.dispose]();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock, log, limits, artifactsDir } = this.#options;
    // Directories first: those of a topology that is submitted in between are then found alive.
    const directories = await this.#list();
    const alive = await this.#alive();
    if (alive === undefined) return;
    const cleaning = decideCleaning(directories, alive, { nowMs: clock.nowMs(), limits });
    const { removedDirectories, removedFiles, bytes } = await this.#remove(cleaning);
    for (const id of new Set(cleaning.directories.map(({ topologyId }) => topologyId)))
      await rmdir(join(artifactsDir, id)).catch(() => undefined); // not empty yet
    if (removedDirectories + removedFiles > 0)
      log.info({ event: 'artifacts.cleaned', directories: removedDirectories, files: removedFiles, bytes });
  }

  /** Undefined while the store may have forgotten some. */
  async #alive(): Promise<ReadonlySet<string> | undefined> {
    const { store } = this.#options;
    const marker = async (): Promise<string | undefined> => {
      return recordOf(await store.read(keys.marker))?.id;
    };
    const before = await marker();
    const records = await store.list(keys.topologies);
    if (before === undefined || (await marker()) !== before) return undefined;
    return new Set(records.map(({ id }) => id));
  }

  async #list(): Promise<WorkerDirectory[]> {
    const { artifactsDir, entriesMax = 100_000 } = this.#options;
    const ids = await directoriesIn(artifactsDir);
    const inTurn = [...ids.filter((id) => id > this.#after), ...ids.filter((id) => id <= this.#after)];
    const found: WorkerDirectory[] = [];
    let entries = 0;
    for (const topologyId of inTurn) {
      for (const port of await directoriesIn(join(artifactsDir, topologyId))) {
        if (!/^\d+$/.test(port) || this.#isClosed) continue;
        const path = join(artifactsDir, topologyId, port);
        const files = await filesIn(path, entriesMax - entries);
        entries += files.length + 1;
        found.push({ topologyId, port, files, changedAtMs: (await lstat(path)).mtimeMs });
      }
      this.#after = topologyId;
      if (entries >= entriesMax) return found;
    }
    this.#after = '';
    return found;
  }

  async #remove({ directories, files }: Cleaning) {
    const { artifactsDir } = this.#options;
    const pathOf = ({ topologyId, port }: WorkerDirectory): string => join(artifactsDir, topologyId, port);
    const counts = { removedDirectories: 0, removedFiles: 0, bytes: 0 };
    for (const directory of directories.slice(0, removalsMax)) {
      if (this.#isClosed) return counts;
      await rm(pathOf(directory), { recursive: true, force: true });
      counts.removedDirectories += 1;
      counts.bytes += directory.files.reduce((sum, file) => sum + file.bytes, 0);
    }
    for (const { directory, file } of files.slice(0, removalsMax)) {
      if (this.#isClosed) return counts;
      await rm(join(pathOf(directory), file.name), { force: true });
      counts.removedFiles += 1;
      counts.bytes += file.bytes;
    }
    return counts;
  }
}

async function directoriesIn(dir: string): Promise<string[]> {
  return (await entriesOf(dir))
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

async function filesIn(dir: string, countMax: number): Promise<LogFile[]> {
  const files: LogFile[] = [];
  for (const entry of await entriesOf(dir)) {
    if (!entry.isFile() || files.length >= countMax) continue;
    const stats = await lstat(join(dir, entry.name)).catch(() => undefined); // gone meanwhile
    if (stats !== undefined) files.push({ name: entry.name, bytes: stats.size, changedAtMs: stats.mtimeMs });
  }
  return files;
}

async function entriesOf(dir: string): Promise<Dirent[]> {
  try {
    return await readdir(dir, { withFileTypes: true });
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}
