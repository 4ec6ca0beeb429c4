#!/usr/bin/env node
/**
 * Every check that CI runs, in order, each to its end; closes with `N passed, N failed`. `--fast` leaves the compat suite
 * out, `--only NAME` runs one.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** kind: a check passes or fails as a whole; a suite counts the tests that mocha reports. */
const checks = [
  { name: 'format and lint', kind: 'check', command: ['npm', 'run', '-s', 'lint'] },
  { name: 'types', kind: 'check', command: ['npm', 'run', '-s', 'types'] },
  { name: 'boundaries', kind: 'check', command: ['npm', 'run', '-s', 'boundaries'] },
  { name: 'sizes', kind: 'check', command: ['node', 'scripts/check-sizes.mjs'] },
  { name: 'prose', kind: 'check', command: ['node', 'scripts/check-prose.mjs'] },
  { name: 'dead code', kind: 'check', command: ['npm', 'run', '-s', 'dead-code'] },
  { name: 'generated code', kind: 'check', command: ['node', 'scripts/check-generated.mjs'] },
  { name: 'unit', kind: 'suite', command: ['npm', 'run', '-s', 'unit'] },
  {
    name: 'simulation',
    kind: 'check',
    // the same seeds each time: a change is judged by what it changes; the hunt with fresh ones is a command of its own
    command: ['npm', 'run', '-s', 'sim', '--', '--seeds', '1000', '--quiet'],
  },
  { name: 'compat', kind: 'suite', command: ['npm', 'run', '-s', 'compat'] },
];

const args = process.argv.slice(2);
const only = args.includes('--only') ? args[args.indexOf('--only') + 1] : undefined;
const selected = checks.filter((check) =>
  only === undefined ? !(args.includes('--fast') && check.name === 'compat') : check.name === only,
);
if (selected.length === 0) {
  process.stderr.write(`no check "${only}": ${checks.map((check) => check.name).join(', ')}\n`);
  process.exit(2);
}

let passed = 0;
let failed = 0;
let skipped = 0;
for (const check of selected) {
  const startedMs = Date.now();
  process.stdout.write(`\n== ${check.name}\n`);
  const { code, output } = await run(check.command);
  const counts = check.kind === 'suite' ? count(output) : { passed: 0, failed: 0, skipped: 0 };
  // a suite that ended badly without a failing test (a crash, a file that does not load) is a failure of its own
  const whole =
    check.kind === 'check' || (code !== 0 && counts.failed === 0) || counts.passed + counts.failed === 0;
  passed += counts.passed + (whole && code === 0 && check.kind === 'check' ? 1 : 0);
  failed += counts.failed + (whole && !(code === 0 && check.kind === 'check') ? 1 : 0);
  skipped += counts.skipped;
  process.stdout.write(
    `== ${check.name}: ${code === 0 ? 'ok' : 'FAILED'} in ${((Date.now() - startedMs) / 1000).toFixed(1)} s\n`,
  );
}
process.stdout.write(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);

function run([command, ...rest]) {
  return new Promise((resolve) => {
    const child = spawn(command, rest, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (bytes) => {
      process.stdout.write(bytes);
      output = (output + bytes.toString('utf8')).slice(-1_000_000);
    });
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

function count(coloured) {
  // mocha writes colours where CI is set
  const output = coloured.replaceAll(new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g'), '');
  const last = (pattern) => Number([...output.matchAll(pattern)].at(-1)?.[1] ?? 0);
  return {
    passed: last(/^ *(\d+) passing/gm),
    failed: last(/^ *(\d+) failing/gm),
    skipped: last(/^ *(\d+) pending/gm),
  };
}
