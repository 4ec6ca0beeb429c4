/**
 * Which logs of workers go: the decisions of Storm's log cleaner (LogCleaner and DirectoryCleaner, 2.8),
 * without a disk.
 */
export interface ArtifactsLimits {
  /**
   * `logviewer.cleanup.age.mins`: directories of topologies that are gone go when nothing in them is newer.
   */
  readonly ageMsMax: number;
  /** `logviewer.max.per.worker.logs.size.mb`: of one worker's directory. */
  readonly workerBytesMax: number;
  /** `logviewer.max.sum.worker.logs.size.mb`: of all of them together. */
  readonly sumBytesMax: number;
}

export interface WorkerDirectory {
  readonly topologyId: string;
  /** The slot's port, as the directory is called. */
  readonly port: string;
  readonly files: readonly LogFile[];
  /** When the directory itself changed. */
  readonly changedAtMs: number;
}

export interface LogFile {
  readonly name: string;
  readonly bytes: number;
  readonly changedAtMs: number;
}

export interface Cleaning {
  readonly directories: readonly WorkerDirectory[];
  readonly files: readonly { readonly directory: WorkerDirectory; readonly file: LogFile }[];
}

/** A file that a running worker may be writing to: `worker.log`, but not `worker.log.1.gz`. */
const activePattern = /\.(log|err|out|current|yaml|pid|metrics)$/;

/**
 * `alive`: ids of the topologies that there are. Their directories are never removed whole, nor is what is
 * written to in them. The oldest files go first, those of one worker before those of all.
 */
export function decideCleaning(
  directories: readonly WorkerDirectory[],
  alive: ReadonlySet<string>,
  { nowMs, limits }: { readonly nowMs: number; readonly limits: ArtifactsLimits },
): Cleaning {
  const isOld = (directory: WorkerDirectory): boolean =>
    !alive.has(directory.topologyId) && nowMs - newestOf(directory) > limits.ageMsMax;
  const kept = directories.filter((directory) => !isOld(directory));
  const removed = new Set<LogFile>();
  const chosen: { directory: WorkerDirectory; file: LogFile }[] = [];
  const shrink = (all: readonly WorkerDirectory[], bytesMax: number): void => {
    const present = all.flatMap((directory) =>
      directory.files.filter((file) => !removed.has(file)).map((file) => ({ directory, file })),
    );
    let bytes = present.reduce((sum, { file }) => sum + file.bytes, 0);
    if (bytes <= bytesMax) return;
    const removable = present
      .filter(({ directory, file }) => !(alive.has(directory.topologyId) && activePattern.test(file.name)))
      .sort((a, b) => a.file.changedAtMs - b.file.changedAtMs);
    for (const each of removable) {
      if (bytes <= bytesMax) return;
      bytes -= each.file.bytes;
      removed.add(each.file);
      chosen.push(each);
    }
  };
  for (const directory of kept) shrink([directory], limits.workerBytesMax);
  shrink(kept, limits.sumBytesMax);
  return { directories: directories.filter(isOld), files: chosen };
}

function newestOf({ files, changedAtMs }: WorkerDirectory): number {
  return files.reduce((newest, file) => Math.max(newest, file.changedAtMs), changedAtMs);
}
