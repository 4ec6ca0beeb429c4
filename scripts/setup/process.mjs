/** How the setup scripts run commands and report what they do. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout, or the installed package. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Runs a command in the root and resolves to whether it succeeded. Its output is shown only when it fails. A
 * failure ends setup unless `isNeeded` is false.
 */
export function execute(command, args, { env = process.env, isNeeded = true } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const output = [];
    child.stdout.on('data', (bytes) => output.push(bytes));
    child.stderr.on('data', (bytes) => output.push(bytes));
    const failed = (text) => {
      if (isNeeded) fail(text);
      progress(text);
      resolve(false);
    };
    child.on('error', (error) => failed(`cannot run ${command}: ${error.message}`));
    child.on('close', (code) => {
      if (code === 0) return resolve(true);
      process.stderr.write(Buffer.concat(output));
      failed(`"${command} ${args.join(' ')}" failed with exit code ${code}; its output is above`);
    });
  });
}

export function onPath(command) {
  return (process.env.PATH ?? '').split(delimiter).some((dir) => existsSync(join(dir, command)));
}

export function progress(text) {
  process.stderr.write(`setup: ${text}\n`);
}

export function fail(text) {
  process.stderr.write(`setup: ${text}\n`);
  process.exit(1);
}
