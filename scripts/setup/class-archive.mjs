/** Makes the archive of the JVM host's loaded classes, which halves the time that a JVM takes to start. */
import { readdirSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { execute, root } from './process.mjs';

export const classArchive = 'build/java/egret-jvm-host.jsa';

/**
 * The class path must be a prefix of the one that hosts are started with: absolute paths, in the order of
 * their names. Resolves to false when Java fails and the archive is not needed.
 */
export async function archiveClasses({ isNeeded = true } = {}) {
  const built = join(root, 'build', 'java');
  const libraries = readdirSync(join(built, 'lib-worker')).sort();
  const classPath = [
    join(built, 'egret-jvm-host.jar'),
    join(built, 'egret-shell.jar'),
    ...libraries.map((name) => join(built, 'lib-worker', name)),
  ];
  const archive = join(root, classArchive);
  const files = 'build/java/rehearsal';
  for (const path of [archive, join(root, files)]) rmSync(path, { recursive: true, force: true });
  const args = ['-cp', classPath.join(delimiter), 'egret.host.Rehearsal', files];
  const isMade = await execute('java', [`-XX:ArchiveClassesAtExit=${archive}`, ...args], { isNeeded });
  rmSync(join(root, files), { recursive: true, force: true });
  return isMade;
}
