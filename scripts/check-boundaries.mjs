#!/usr/bin/env node
/**
 * Checks who imports whom (.dependency-cruiser.mjs), and that the checker really looked: with a TypeScript it
 * does not understand it cruises nothing and passes.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const result = spawnSync(
  'npx',
  ['--no-install', 'depcruise', 'src', '--config', '.dependency-cruiser.mjs', '--output-type', 'json'],
  {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 256 << 20,
  },
);
let report;
try {
  report = JSON.parse(result.stdout);
} catch {
  process.stderr.write(result.stderr);
  process.exit(1);
}
const exist = readdirSync(`${root}src`, { recursive: true }).filter(
  (name) => /\.ts$/.test(name) && !/\.d\.ts$/.test(name),
).length;
const cruised = report.modules.filter(
  (module) => /^src\/.*\.ts$/.test(module.source) && !/\.d\.ts$/.test(module.source),
).length;
for (const { rule, from, to } of report.summary.violations)
  process.stderr.write(`${rule.name}: ${from} -> ${to}\n`);
if (cruised < exist) process.stderr.write(`cruised ${cruised} modules of ${exist}\n`);
if (report.summary.error > 0 || cruised < exist) process.exit(1);
process.stdout.write(`boundaries: ${cruised} modules, no violation\n`);
