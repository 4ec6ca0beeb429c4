import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { JvmContainers } from './jvm-containers.ts';
import { writeShellChild } from './shell-child.ts';

/**
 * A container to be killed by a test: runs a JVM with a shell bolt, prints `{"directory", "jvm", "child"}`
 * once both processes run, and waits.
 */
const containers = new JvmContainers({
  kind: 'sleeper',
  conf: { 'topology.acker.executors': 0 },
  place: () => 1,
});
writeShellChild(containers);
await containers.start();
containers.plan();
const pidFile = join(containers.resultsDir, 'child');
const child = await containers.until('the shell child', () =>
  existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8')) || undefined : undefined,
);
process.stdout.write(
  `${JSON.stringify({ directory: containers.directory, jvm: containers.hosts.get(1)!.pid, child })}\n`,
);
setInterval(() => undefined, 60_000);
