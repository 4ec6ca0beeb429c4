import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { isJsonObject, type JsonObject, type JsonValue } from '../base/index.ts';
import { type CommandWorld, type CommonFlags, failureLine } from './commands.ts';
import { addDlog } from './dlog-commands.ts';
import type { JarFlags } from './jar-command.ts';
import { addMonitoring } from './monitor-commands.ts';
import type { RebalanceFlags } from './rebalance-command.ts';
import { visibleLines } from './visible.ts';

/** Runs a gateway until it is stopped. Passed in by bin/, the only room that may import all others. */
export type RunGateway = (flags: CommonFlags) => Promise<number>;

const usageError = 2;

/**
 * Runs one command line (without `node egret`). Returns the exit code: 0 for success, 1 for a failure with
 * one line on standard error, 2 for wrong usage. `jar` returns the exit code of the JVM.
 */
export async function runEgret(
  args: readonly string[],
  given: CommandWorld,
  runGateway: RunGateway,
): Promise<number> {
  let exitCode = 0;
  // All text that a command prints passes through here. `write` prints the bytes of records unchanged.
  const world: CommandWorld = {
    ...given,
    out: (text) => given.out(visibleLines(text)),
    err: (text) => given.err(visibleLines(text)),
  };
  const program = makeProgram(world, {
    runGateway,
    done: (code) => {
      exitCode = code;
    },
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : usageError;
    world.err(failureLine(error));
    return 1;
  }
}

interface ProgramOptions {
  readonly runGateway: RunGateway;
  readonly done: (exitCode: number) => void;
}

function makeProgram(world: CommandWorld, { runGateway, done }: ProgramOptions): Command {
  const program = new Command('egret')
    .description(
      'Run and use a Storm-compatible stream gateway.\n\n' +
        'Commands have the names of the storm command. They exit with 0 on success, 1 on failure, and 2 on wrong usage.',
    )
    .exitOverride()
    .configureOutput({ writeOut: world.out, writeErr: world.err })
    .showHelpAfterError('(see egret <command> --help)')
    .enablePositionalOptions();
  const command = makerOf(program);
  command(
    'up',
    'Run a gateway in the foreground.\nPrints a line that begins with "egret ready" once all services answer. ' +
      'SIGTERM or Ctrl-C shuts it down; a second one ends it immediately. Its log is ' +
      '<storm.local.dir>/logs/gateway.log. Exits with 0 after a shutdown and 1 on a failure.',
    'egret up -c nimbus.thrift.port=0 -c storm.local.dir=/var/lib/egret',
  ).action(async (flags: CommonFlags) => done(await runGateway(flags)));

  command('list', 'List all topologies and their status.', 'egret list --json')
    .option('--json', 'print JSON instead of a table')
    .action(async (flags: CommonFlags & { json?: true }) => {
      const { listTopologies } = await import('./commands.ts');
      done(await listTopologies(world, flags));
    });

  addJar(command, world, done);
  addLifecycle(command, world, done);
  addMonitoring(command, world, done);
  addRebalance(command, world, done);
  const dlog = program
    .command('dlog')
    .description('Manage streams of the distributed log.')
    .addHelpText('after', '\nExample:\n  egret dlog create words\n  date | egret dlog append words');
  addDlog(makerOf(dlog), world, done);
  return program;
}

function makerOf(parent: Command): MakeCommand {
  return (usage, description, example) => {
    const [first, ...details] = description.split('\n');
    const made = parent.command(usage).summary(first!.replace(/\.$/, ''));
    return withCommonFlags(made.description([first, ...details].join('\n\n'))).addHelpText(
      'after',
      `\nExample:\n  ${example}`,
    );
  };
}

/**
 * The first line of a description is its summary in the list of commands; details follow after a line feed.
 */
type MakeCommand = (usage: string, description: string, example: string) => Command;

function addJar(command: MakeCommand, world: CommandWorld, done: (exitCode: number) => void): void {
  command(
    'jar',
    "Submit a topology by running its main class.\nThe class runs with Storm's client on its class path and submits to " +
      'the gateway. Options of this command may appear anywhere; all other arguments, and everything after "--", go to ' +
      'the main class. Needs Java. Exits with the exit code of the main class.',
    'egret jar words.jar org.example.WordCount words -c topology.workers=2',
  )
    .argument('<jar>', 'the topology jar')
    .argument('<main>', 'its main class')
    .argument('[args...]', 'arguments of the main class')
    .option('--jars <files>', 'additional jars for the workers (not available yet)')
    .option('--artifacts <coordinates>', 'additional Maven artifacts (not available yet)')
    .allowUnknownOption()
    .action(async (jar: string, main: string, args: string[], flags: JarFlags) => {
      const { runJar } = await import('./jar-command.ts');
      done(await runJar(world, { jar, main, args }, flags));
    });
}

function addLifecycle(command: MakeCommand, world: CommandWorld, done: (exitCode: number) => void): void {
  command(
    'kill',
    'Kill one or more topologies by name.\nSpouts stop immediately, and workers end after the wait. Exits with 1 if a topology cannot be killed.',
    'egret kill words clicks -w 0',
  )
    .argument('<names...>', 'names of topologies')
    .option(
      '-w, --wait <secs>',
      'seconds to wait before workers end (default: the message timeout)',
      parseSeconds,
    )
    .option('-i, --ignore-errors', 'continue with the next topology if one cannot be killed')
    .action(async (names: string[], flags: CommonFlags & { wait?: number; ignoreErrors?: true }) => {
      const { killTopologies } = await import('./commands.ts');
      done(await killTopologies(world, names, flags));
    });
  for (const [name, description, active] of [
    ['activate', 'Resume the spouts of a deactivated topology.', true],
    ['deactivate', 'Pause the spouts of a running topology.\nIn-flight tuples are still processed.', false],
  ] as const) {
    command(name, description, `egret ${name} words`)
      .argument('<name>', 'name of a topology')
      .action(async (topology: string, flags: CommonFlags) => {
        const { setActive } = await import('./commands.ts');
        done(await setActive(world, topology, { ...flags, active }));
      });
  }
}

function addRebalance(command: MakeCommand, world: CommandWorld, done: (exitCode: number) => void): void {
  command(
    'rebalance',
    'Change the workers or executors of a topology.\nSpouts pause until all moved tasks have started; tasks that do not ' +
      'move keep running. Values of -c that begin with "topology." also change the configuration of the topology, as -t does.',
    'egret rebalance words -w 5 -n 3 -e count=8 -e split=4',
  )
    .argument('<name>', 'name of a topology')
    .option(
      '-w, --wait <secs>',
      'seconds to wait before tasks move (default: the message timeout)',
      parseSeconds,
    )
    .option('-n, --num-workers <count>', 'new number of workers', parseCount)
    .option(
      '-e, --executor <component=count>',
      'new number of executors of a component; may be repeated',
      collectCount,
    )
    .option(
      '-r, --resources <json>',
      'resources of each component, for the resource-aware scheduler (not available yet)',
      parseResources,
    )
    .option('-t, --topology-conf <json>', 'configuration that overrides that of the topology', parseObject)
    .option('--json', 'print JSON instead of text')
    .action(async (topology: string, flags: RebalanceFlags) => {
      const { rebalance } = await import('./rebalance-command.ts');
      done(await rebalance(world, topology, flags));
    });
}

function withCommonFlags(command: Command): Command {
  return command
    .option('-c <key=value>', 'set one configuration value; may be repeated', collect)
    .option('--config <file>', 'read this storm.yaml instead of ~/.storm/storm.yaml');
}

function collect(value: string, before: readonly string[] | undefined): string[] {
  if (value.indexOf('=') <= 0) throw new InvalidArgumentError('Expected key=value.');
  return [...(before ?? []), value];
}

function parseSeconds(value: string): number {
  if (/^\d{1,9}$/.test(value)) return Number(value);
  throw new InvalidArgumentError('Expected a whole number of seconds.');
}

function parseCount(value: string): number {
  if (/^[1-9]\d{0,8}$/.test(value)) return Number(value);
  throw new InvalidArgumentError('Expected a whole number above 0.');
}

function collectCount(
  value: string,
  before: ReadonlyMap<string, number> | undefined,
): ReadonlyMap<string, number> {
  const at = value.lastIndexOf('=');
  if (at <= 0) throw new InvalidArgumentError('Expected component=count.');
  return new Map([...(before ?? []), [value.slice(0, at), parseCount(value.slice(at + 1))]]);
}

function parseObject(value: string): JsonObject {
  try {
    const object = JSON.parse(value) as JsonValue;
    if (isJsonObject(object)) return object;
  } catch {
    // Reported below.
  }
  throw new InvalidArgumentError('Expected a JSON object.');
}

function parseResources(value: string): ReadonlyMap<string, ReadonlyMap<string, number>> {
  const resources = Object.entries(parseObject(value)).map(([component, amounts]) => {
    const areNumbers =
      isJsonObject(amounts) && Object.values(amounts).every((each) => typeof each === 'number');
    if (!areNumbers) throw new InvalidArgumentError('Expected {"component":{"resource":number}}.');
    return [component, new Map(Object.entries(amounts as Record<string, number>))] as const;
  });
  return new Map(resources);
}
