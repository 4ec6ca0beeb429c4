#!/usr/bin/env node
/** Runs the generators again and fails when what they make differs from what is committed. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const run = (command, ...args) => spawnSync(command, args, { cwd: root, encoding: 'utf8' });

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
process.stdout.write('generated code: as committed\n');
