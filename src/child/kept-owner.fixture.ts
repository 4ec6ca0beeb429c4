import { readFileSync } from 'node:fs';
import { silentLog, systemClock } from '../base/index.ts';
import { type Containment, spawnChild } from './index.ts';

const [directory, containment] = process.argv.slice(2) as [string, string];
process.chdir(directory);
/**
 * Starts the program of the directory's file `script` as a container starts a child, says what the child
 * says, and stays.
 */
const child = await spawnChild({
  ...{ name: 'child', command: 'sh', args: ['-c', readFileSync('script', 'utf8')], cwd: process.cwd() },
  ...{ clock: systemClock, log: silentLog, pidDir: 'pids' },
  containment: JSON.parse(containment) as Containment,
});
child.stdout.pipe(process.stdout);
await child.exited;
