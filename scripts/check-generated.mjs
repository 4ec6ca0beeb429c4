#!/usr/bin/env node
/**
 * Runs the generators again and fails if their output, or a copy of a source, differs from what is committed.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const run = (command, ...args) => spawnSync(command, args, { cwd: root, encoding: 'utf8' });

/** Copies that other languages package, and their source. */
const copies = { 'clients/python/src/egret_dlog/dlog.thrift': 'thrift/dlog.thrift' };
for (const [copy, source] of Object.entries(copies)) {
  const [left, right] = [copy, source].map((path) => readFileSync(`${root}${path}`, 'utf8'));
  if (left === right) continue;
  process.stderr.write(`${copy} differs from ${source}: copy ${source} over it and commit\n`);
  process.exit(1);
}

const generated = run('npm', 'run', '-s', 'gen');
if (generated.status !== 0) {
  process.stderr.write(`${generated.stdout}${generated.stderr}`);
  process.exit(1);
}
const changed = run('git', 'status', '--porcelain', '--', ':(glob)**/gen/**', 'docs/configuration.md').stdout;
if (changed !== '') {
  process.stderr.write(`generated code differs from its source; run "npm run gen" and commit:\n${changed}`);
  process.exit(1);
}
process.stdout.write('generated code and copies: as committed\n');
