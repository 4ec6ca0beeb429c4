#!/usr/bin/env node
/**
 * Runs after npm has installed the package, and again by hand when something has become available: compiles
 * the helper that contains child processes if there is a C compiler, and makes the class archive of the JVM
 * host if there is a Java. Neither is needed, so this never fails an installation; `egret up` says what is
 * missing and what works without it. Does nothing in a checkout, where setup.mjs does the same and more.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { archiveClasses } from './setup/class-archive.mjs';
import { buildHelper, buildTrimAddon } from './setup/native.mjs';
import { progress, root } from './setup/process.mjs';

if (!existsSync(join(root, 'tsconfig.json'))) {
  try {
    await buildHelper();
    await buildTrimAddon();
    if (spawnSync('java', ['-version'], { stdio: 'ignore' }).status === 0) {
      progress('class archive of the JVM host (halves its time to start)');
      await archiveClasses({ isNeeded: false });
    } else {
      progress(
        'class archive of the JVM host: skipped, because there is no Java. Only Java components need one',
      );
    }
  } catch (error) {
    progress(`cannot complete the installation: ${error.message}. Run it again: node ${process.argv[1]}`);
  }
}
