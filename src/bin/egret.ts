import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findInstallation } from '../base/index.ts';
import { type CommandWorld, runEgret } from '../cli/index.ts';

const { directory, isCheckout } = findInstallation(dirname(fileURLToPath(import.meta.url)));

/** The `egret` command. Only `up` loads the gateway; the other commands are clients. */
const world: CommandWorld = {
  checkoutDir: directory,
  // npm replaces the directory of a package when it upgrades it.
  stateDir: isCheckout ? directory : join(homedir(), '.egret'),
  homeDir: homedir(),
  env: process.env,
  cwd: process.cwd(),
  input: () => process.stdin,
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  write: (bytes) => new Promise((resolve) => process.stdout.write(bytes, () => resolve())),
};

// A reader that closes the pipe early (`egret list | head -1`) is no fault.
process.stdout.on('error', () => process.exit(0));

process.exitCode = await runEgret(process.argv.slice(2), world, async (flags) => {
  const { runGateway } = await import('./up.ts');
  // Handles that a fault left open must not keep the process alive.
  process.exit(await runGateway(world, flags));
});
