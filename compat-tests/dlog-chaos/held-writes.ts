import { setTimeout as sleep } from 'node:timers/promises';
import type { DlogDeps } from '../../src/bin/up-dlog.ts';
import { DistributedLog, LocalStorage, type StorageSettings } from '../../src/dlog/index.ts';
import { type FileSystem, nodeFileSystem, type OpenFile } from '../../src/dlog/storage/file-system.ts';

/**
 * The log over local files, each of whose writes waits `writesHeldMs` before it is done. An owner that
 * acknowledges before it writes then always has acknowledged records in memory only.
 */
export function logWithHeldWrites(
  deps: DlogDeps,
  options: { readonly storage: StorageSettings; readonly writesHeldMs: number },
): DistributedLog {
  const { storage: settings, writesHeldMs } = options;
  if (settings.kind !== 'local') throw new Error('only writes to local files can be held');
  const { directory } = settings;
  const storage = new LocalStorage({ directory, random: deps.random, fs: heldFileSystem(writesHeldMs) });
  return new DistributedLog({ ...deps, storage });
}

function heldFileSystem(writesHeldMs: number): FileSystem {
  const hold = (file: OpenFile): OpenFile => ({
    async write(bytes, offset) {
      await sleep(writesHeldMs);
      return file.write(bytes, offset);
    },
    read: (into, offset) => file.read(into, offset),
    dataSync: () => file.dataSync(),
    size: () => file.size(),
    close: () => file.close(),
  });
  return { ...nodeFileSystem, open: async (path, mode) => hold(await nodeFileSystem.open(path, mode)) };
}
