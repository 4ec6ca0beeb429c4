import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * Runs run.ts in a process that is ended from here once it has said all: a client of Kafka that does not come
 * back from closing would keep it permanently, even at its exit.
 */
const run = fork(fileURLToPath(new URL('run.ts', import.meta.url)), process.argv.slice(2));
let isDone = false;
run.once('message', () => {
  isDone = true;
  run.kill('SIGKILL');
});
run.once('exit', (code) => {
  process.exitCode = isDone ? 0 : (code ?? 1);
});
