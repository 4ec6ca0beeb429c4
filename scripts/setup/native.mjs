/** Compiles the parts in C: the helper that contains child processes, and the addon that returns memory. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { execute, onPath, progress, root } from './process.mjs';

export const helper = 'build/native/egret-contain';
export const trimAddon = 'build/native/egret-trim.node';

/**
 * Links statically where the C library allows it: each child then costs only a few dozen kilobytes. Resolves
 * to false when there is no C compiler or it fails. The gateway then contains children by process groups
 * only.
 */
export async function buildHelper() {
  const compiler = compilerFor('helper that contains child processes');
  if (compiler === undefined) return false;
  const fresh = freshPath(helper);
  const args = ['-std=c11', '-O2', '-o', fresh, join('src', 'child', 'native', 'egret-contain.c')];
  const isStatic = spawnSync(compiler, ['-static', ...args], { cwd: root, stdio: 'ignore' }).status === 0;
  if (!isStatic && !(await execute(compiler, args, { isNeeded: false }))) return false;
  renameSync(fresh, join(root, helper)); // a gateway may be running the old one
  return true;
}

/**
 * Without the addon, or with a C library that has no malloc_trim, a gateway keeps some of the memory of a
 * flood.
 */
export async function buildTrimAddon() {
  const compiler = compilerFor('addon that returns memory');
  if (compiler === undefined) return false;
  const fresh = freshPath(trimAddon);
  const args = ['-std=c11', '-O2', '-shared', '-fPIC', '-fvisibility=hidden', '-o', fresh];
  const source = join('src', 'base', 'native', 'egret-trim.c');
  if (!(await execute(compiler, [...args, source], { isNeeded: false }))) return false;
  renameSync(fresh, join(root, trimAddon));
  return true;
}

function compilerFor(what) {
  const compiler = ['cc', 'gcc', 'clang'].find(onPath);
  if (compiler === undefined)
    progress(`${what}: skipped, because there is no C compiler (cc, gcc or clang). Egret works without it`);
  return compiler;
}

function freshPath(path) {
  const built = join(root, path);
  mkdirSync(join(built, '..'), { recursive: true });
  return `${built}.new`;
}
