import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Where this program is installed. */
export interface Installation {
  /** The directory of package.json: holds `build/`. */
  readonly directory: string;
  /** A checkout has its sources and is set up by `npm run setup`; otherwise this is an npm package. */
  readonly isCheckout: boolean;
}

/** Finds the installation that a file or directory belongs to. */
export function findInstallation(path: string): Installation {
  let directory = path;
  while (!existsSync(join(directory, 'package.json')) && directory !== dirname(directory)) {
    directory = dirname(directory);
  }
  return { directory, isCheckout: existsSync(join(directory, 'tsconfig.json')) };
}

/** The command that compiles the native parts of the installation that `path` belongs to. */
export function setupCommand(path: string): string {
  const { directory, isCheckout } = findInstallation(path);
  return isCheckout ? 'npm run setup' : `node ${join(directory, 'scripts', 'postinstall.mjs')}`;
}
