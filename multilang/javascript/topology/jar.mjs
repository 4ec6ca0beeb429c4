/**
 * The jar that carries a topology's scripts: a zip whose `resources/` becomes the components' working
 * directory.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TopologyError, titleOf } from './model.mjs';

// Every build of the same files gives the same bytes; 1980 is the least that a zip can say.
const date = new Date(1980, 0, 1);
const unix = 3;
const ignored = new Set(['node_modules/.cache', '.git', '.DS_Store']);
const packageRoot = fileURLToPath(new URL('..', import.meta.url));

/** Path below resources/ -> file. Throws TopologyError when there is no such directory. */
export function resourceFiles(directory) {
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new TopologyError(`the resources directory ${directory} is not there`);
  const files = new Map();
  const walk = (prefix) => {
    for (const name of readdirSync(join(directory, prefix)).sort()) {
      const below = prefix === '' ? name : `${prefix}/${name}`;
      if (ignored.has(below) || ignored.has(name)) continue;
      const path = join(directory, below);
      if (statSync(path).isDirectory()) walk(below);
      else files.set(below, path);
    }
  };
  walk('');
  return files;
}

/** Throws TopologyError for a component whose script, or whose own program, is not in the resources. */
export function checkScripts({ components }, files) {
  for (const component of components.values()) {
    if (!component.checksScript) continue;
    const { executionCommand: command, script } = component;
    if (command.includes('/') && !command.startsWith('/')) checkProgram(component, command, files);
    if (script !== '') checkThere(component, 'script', script, files);
  }
}

/**
 * The bytes of the jar; with `includeRuntime` also this package's runtime, unless the resources hold their
 * own.
 */
export async function makeJar(files, { includeRuntime }) {
  const { strToU8, zipSync } = await import('fflate');
  const hasOwn = files.has('egret/index.cjs');
  const vendored = [...(includeRuntime ? runtimeFiles() : [])].filter(
    ([name]) => !files.has(name) && !(hasOwn && name.startsWith('egret/')),
  );
  const entries = { 'META-INF/MANIFEST.MF': entry(strToU8('Manifest-Version: 1.0\r\n\r\n'), 0o644) };
  for (const [name, path] of [...vendored, ...files])
    entries[`resources/${name}`] = entry(readFileSync(path), statSync(path).mode);
  return zipSync(entries, { mtime: date, os: unix });
}

/** What a worker without this package needs beside its scripts. */
function runtimeFiles() {
  const lib = readdirSync(join(packageRoot, 'lib')).sort();
  const names = ['index.cjs', 'index.mjs', ...lib.map((name) => `lib/${name}`)];
  return new Map([
    ...names.map((name) => [`egret/${name}`, join(packageRoot, name)]),
    ['storm.js', join(packageRoot, 'storm.js')],
  ]);
}

function entry(bytes, mode) {
  return [bytes, { os: unix, attrs: (0o100000 | (mode & 0o777)) << 16 }];
}

function checkProgram(component, command, files) {
  const name = posix.normalize(command);
  checkThere(component, 'executionCommand', name, files);
  if ((statSync(files.get(name)).mode & 0o111) === 0)
    throw new TopologyError(
      `the executionCommand ${command} of ${titleOf(component)} is not executable (${files.get(name)})`,
    );
}

function checkThere(component, what, name, files) {
  if (files.has(posix.normalize(name))) return;
  const names = [...files.keys()].sort();
  const rest = names.length > 20 ? ` and ${names.length - 20} more` : '';
  const there = `${names.slice(0, 20).join(', ') || 'none'}${rest}`;
  throw new TopologyError(
    `the ${what} ${name} of ${titleOf(component)} is not in the resources (there are: ${there})`,
  );
}
