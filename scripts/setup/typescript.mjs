/** Compiles src/ into build/js, and removes what an earlier build made of sources that have moved or gone. */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { execute, root } from './process.mjs';

export async function buildTypeScript() {
  await execute('npx', ['--no-install', 'tsc', '-p', 'tsconfig.build.json']);
  removeStale(join(root, 'build', 'js'));
}

function removeStale(built) {
  for (const entry of readdirSync(built, { recursive: true, withFileTypes: true })) {
    const compiled = /^(.*)\.(?:js|js\.map|d\.ts)$/.exec(entry.name);
    if (!entry.isFile() || compiled === null) continue;
    const path = join(entry.parentPath, entry.name);
    const source = join(root, 'src', path.slice(built.length, -entry.name.length), `${compiled[1]}.ts`);
    if (!existsSync(source)) rmSync(path);
  }
}
