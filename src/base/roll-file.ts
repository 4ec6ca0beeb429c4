import { renameSync, statSync } from 'node:fs';

/**
 * Renames `file` to `file.1`, `file.1` to `file.2` and so on; what was `file.<oldFilesMax>` is overwritten.
 */
export function rollFile(file: string, oldFilesMax: number): void {
  for (let number = oldFilesMax; number > 0; number--) {
    const newer = number === 1 ? file : `${file}.${number - 1}`;
    if (statSync(newer, { throwIfNoEntry: false })) renameSync(newer, `${file}.${number}`);
  }
}
