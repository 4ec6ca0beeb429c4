import { type Command, InvalidArgumentError } from 'commander';
import { systemClock } from '../base/index.ts';
import { type CommandWorld, type CommonFlags, withNimbus } from './commands.ts';

type MakeCommand = (usage: string, description: string, example: string) => Command;

interface MonitorFlags extends CommonFlags {
  readonly interval: number;
  readonly component?: string;
  readonly stream: string;
  readonly watch: 'emitted' | 'transferred';
  readonly json?: true;
}

/** Storm's `get-errors` and `monitor`, which read statistics (storm.py, GetErrors and Monitor 2.8). */
export function addMonitoring(
  command: MakeCommand,
  world: CommandWorld,
  done: (exitCode: number) => void,
): void {
  command(
    'get-errors',
    'Print the newest error of each component.\nPrints JSON. Components without an error are left out.',
    'egret get-errors words',
  )
    .argument('<topology-name>', 'name of a topology')
    .option('--json', 'print all stored errors with time, host and port')
    .action(async (name: string, flags: CommonFlags & { json?: true }) => {
      const { getErrors } = await import('./get-errors.ts');
      const all = flags.json === true;
      done(await withNimbus(world, flags, (client) => getErrors(world, client, name, { all })));
    });

  command(
    'monitor',
    'Print the throughput of a component at intervals.\nWithout -m, lists the components; with --json also their totals, ' +
      'latencies and restarts.',
    'egret monitor words -m split',
  )
    .argument('<topology-name>', 'name of a topology')
    .option('-i, --interval <secs>', 'seconds between lines', parseInterval, 4)
    .option('-m, --component <component>', 'component to watch')
    .option('-s, --stream <stream>', 'stream to watch', 'default')
    .option('-w, --watch <what>', 'counter to watch: emitted or transferred', parseWatch, 'emitted')
    .option('--json', 'print JSON instead of a table')
    .action(async (topology: string, flags: MonitorFlags) => {
      const { monitorTopology } = await import('./monitor.ts');
      const options = {
        topology,
        component: flags.component,
        stream: flags.stream,
        watch: flags.watch,
        intervalMs: flags.interval * 1000,
        asJson: flags.json === true,
      };
      done(await withNimbus(world, flags, (client) => monitorTopology(world, client, options, systemClock)));
    });
}

function parseInterval(value: string): number {
  const seconds = Number(value);
  if (/^\d{1,9}$/.test(value) && seconds > 0) return seconds;
  throw new InvalidArgumentError('Expected a whole number of seconds above 0.');
}

function parseWatch(value: string): 'emitted' | 'transferred' {
  if (value === 'emitted' || value === 'transferred') return value;
  throw new InvalidArgumentError('watch item must either be transferred or emitted.');
}
