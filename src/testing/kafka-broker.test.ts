import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { systemClock, waitFor } from '../base/index.ts';

const program = `
  import { KafkaBroker } from '${new URL('kafka-broker.ts', import.meta.url).href}';
  const broker = await KafkaBroker.start();
  console.log(broker.pid + ' ' + broker.directory);
`;

describe('a Kafka broker for tests', () => {
  it('ends with the process that started it, even after kill -9, and its files are deleted', async () => {
    const runner = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: runner.stdout });
    let told: string[] = [];
    lines.on('line', (line) => {
      if (/^\d+ /.test(line)) told = line.split(' ');
    });
    await waitFor('the broker', () => (told.length > 0 ? true : undefined), {
      ...{ clock: systemClock, limitMs: 50_000, everyMs: 50 },
    });
    const exited = once(runner, 'exit');
    runner.kill('SIGKILL');
    await exited;
    const [pid, directory] = told;
    await waitFor('the end of the broker', () => (isRunning(Number(pid)) ? undefined : true), {
      ...{ clock: systemClock, limitMs: 10_000, everyMs: 20 },
    });
    await waitFor('its directory to go', () => (existsSync(directory!) ? undefined : true), {
      ...{ clock: systemClock, limitMs: 10_000, everyMs: 20 },
    });
  });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
