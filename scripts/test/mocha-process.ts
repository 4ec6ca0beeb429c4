/**
 * Runs test files in this process: `mocha-process.ts CONFIG FILE...`. Prints what mocha prints, and writes
 * one line of JSON for each test and hook to file descriptor 3, so that the parent need not read mocha's
 * text. Settings come from CONFIG.
 */
import { readFileSync, writeSync } from 'node:fs';
import { relative } from 'node:path';
import Mocha from 'mocha';
import type { TestLine } from './results.ts';

const [config = '', ...files] = process.argv.slice(2);
const settings = JSON.parse(readFileSync(config, 'utf8')) as {
  timeout: number;
  slow?: number;
  'forbid-only'?: boolean;
};

const mocha = new Mocha({
  timeout: settings.timeout,
  reporter: 'spec',
  forbidOnly: settings['forbid-only'] ?? false,
  ...(settings.slow === undefined ? {} : { slow: settings.slow }),
});
for (const file of files) mocha.addFile(file);
await mocha.loadFilesAsync();

const tell = (line: TestLine): void => {
  writeSync(3, `${JSON.stringify(line)}\n`);
};
let hookBeganMs = 0;
const runner = mocha.run((failures) => {
  tell({ what: 'end' });
  process.exitCode = failures > 0 ? 1 : 0;
});
runner.on('hook', () => {
  hookBeganMs = performance.now();
});
runner.on('hook end', (hook) => tellDone('hook', hook, performance.now() - hookBeganMs));
runner.on('pass', (test) => tellDone('passed', test, test.duration ?? 0));
runner.on('pending', (test) => tellDone('skipped', test, 0));
// A hook that fails is reported here as well, in the place of the tests that it prevents.
runner.on('fail', (test) => tellDone('failed', test, test.duration ?? 0));

function tellDone(
  what: 'hook' | 'passed' | 'skipped' | 'failed',
  runnable: Mocha.Runnable,
  ms: number,
): void {
  const path = runnable.file ?? runnable.parent?.file;
  const file = path === undefined ? '' : relative(process.cwd(), path);
  tell({ what, file, title: runnable.fullTitle(), ms: Math.round(ms) });
}
