import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { isJsonObject, type JsonObject, type JsonValue } from '../base/index.ts';
import { type CommandWorld, type CommonFlags, failureLine } from './commands.ts';
import { addDlog } from './dlog-commands.ts';
import type { JarFlags } from './jar-command.ts';
import { addMonitoring } from './monitor-commands.ts';
import type { RebalanceFlags } from './rebalance-command.ts';
import { visibleLines } from './visible.ts';

/** Runs a gateway until it is told to stop. Given by bin/, the only room that may know all the others. */
export type RunGateway = (flags: CommonFlags) => Promise<number>;

const usageError = 2;

/**
 * Runs one command line (without `node egret`). Answers the exit code: 0 done, 1 refused or failed with one line on standard
 * error, 2 usage; of `jar` the one of the JVM.
 */
export async function runEgret(
  args: readonly string[],
  given: CommandWorld,
  runGateway: RunGateway,
): Promise<number> {
  let exitCode = 0;
  // All text that a command prints goes through here. `write` is for the bytes of records, which stay as they are.
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
    .description('A Storm-compatible stream gateway and its commands, named as those of the storm command.')
    .exitOverride()
    .configureOutput({ writeOut: world.out, writeErr: world.err })
    .showHelpAfterError('(egret <command> --help shows how it is used)')
    .enablePositionalOptions();
  const command = makerOf(program);
  command(
    'up',
    'Run a gateway in the foreground. It prints a line beginning "egret ready" when all its services answer; ' +
      'SIGTERM or Ctrl-C ends it, and a second one ends it at once.',
    'egret up -c nimbus.thrift.port=0 -c storm.local.dir=/var/lib/egret',
  ).action(async (flags: CommonFlags) => done(await runGateway(flags)));

  command('list', 'List the topologies and how they are.', 'egret list --json')
    .option('--json', 'print JSON in place of the table')
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
    .description('The distributed log: streams of records, kept in order.')
    .addHelpText('after', '\nExample:\n  egret dlog create words\n  date | egret dlog append words');
  addDlog(makerOf(dlog), world, done);
  return program;
}

function makerOf(parent: Command): MakeCommand {
  return (usage, description, example) =>
    withCommonFlags(parent.command(usage).description(description)).addHelpText(
      'after',
      `\nExample:\n  ${example}`,
    );
}

type MakeCommand = (usage: string, description: string, example: string) => Command;

function addJar(command: MakeCommand, world: CommandWorld, done: (exitCode: number) => void): void {
  command(
    'jar',
    "Run a main class of a topology jar beside Storm's client; what it submits goes to the gateway. Flags of the " +
      'command may stand anywhere; all others go to the main class, and so does everything after "--".',
    'egret jar words.jar org.example.WordCount words -c topology.workers=2',
  )
    .argument('<jar>', 'the topology jar')
    .argument('<main>', 'its main class')
    .argument('[args...]', 'arguments of the main class')
    .option('--jars <files>', 'further jars for the workers (not available yet)')
    .option('--artifacts <coordinates>', 'further artifacts from Maven (not available yet)')
    .allowUnknownOption()
    .action(async (jar: string, main: string, args: string[], flags: JarFlags) => {
      const { runJar } = await import('./jar-command.ts');
      done(await runJar(world, { jar, main, args }, flags));
    });
}

function addLifecycle(command: MakeCommand, world: CommandWorld, done: (exitCode: number) => void): void {
  command(
    'kill',
    'Kill topologies: spouts stop at once, workers end after the wait.',
    'egret kill words clicks -w 0',
  )
    .argument('<names...>', 'names of topologies')
    .option(
      '-w, --wait <secs>',
      'seconds to wait before workers end (default: the message timeout)',
      parseSeconds,
    )
    .option('-i, --ignore-errors', 'go on with the next topology when one cannot be killed')
    .action(async (names: string[], flags: CommonFlags & { wait?: number; ignoreErrors?: true }) => {
      const { killTopologies } = await import('./commands.ts');
      done(await killTopologies(world, names, flags));
    });
  for (const [name, description, active] of [
    ['activate', 'Let the spouts of a topology emit again.', true],
    ['deactivate', 'Stop the spouts of a topology; what is under way is still processed.', false],
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
    'Give a topology another number of workers or executors. Its spouts stop at once and begin again when its tasks are ' +
      'where they are to be; what stays where it is runs on. Values of -c that begin with "topology." count as -t.',
    'egret rebalance words -w 5 -n 3 -e count=8 -e split=4',
  )
    .argument('<name>', 'name of a topology')
    .option(
      '-w, --wait <secs>',
      'seconds to wait before tasks move (default: the message timeout)',
      parseSeconds,
    )
    .option('-n, --num-workers <count>', 'workers that it is to have', parseCount)
    .option(
      '-e, --executor <component=count>',
      'executors that a component is to have; may be repeated',
      collectCount,
    )
    .option(
      '-r, --resources <json>',
      'resources by component, for the resource-aware scheduler',
      parseResources,
    )
    .option('-t, --topology-conf <json>', 'configuration to lay over that of the topology', parseObject)
    .option('--json', 'print JSON in place of a sentence')
    .action(async (topology: string, flags: RebalanceFlags) => {
      const { rebalance } = await import('./rebalance-command.ts');
      done(await rebalance(world, topology, flags));
    });
}

function withCommonFlags(command: Command): Command {
  return command
    .option('-c <key=value>', 'set one value of the configuration; may be repeated', collect)
    .option('--config <file>', 'read this storm.yaml in place of ~/.storm/storm.yaml');
}

function collect(value: string, before: readonly string[] | undefined): string[] {
  if (value.indexOf('=') <= 0) throw new InvalidArgumentError('It must be key=value.');
  return [...(before ?? []), value];
}

function parseSeconds(value: string): number {
  if (/^\d{1,9}$/.test(value)) return Number(value);
  throw new InvalidArgumentError('It must be a whole number of seconds.');
}

function parseCount(value: string): number {
  if (/^[1-9]\d{0,8}$/.test(value)) return Number(value);
  throw new InvalidArgumentError('It must be a whole number above 0.');
}

function collectCount(
  value: string,
  before: ReadonlyMap<string, number> | undefined,
): ReadonlyMap<string, number> {
  const at = value.lastIndexOf('=');
  if (at <= 0) throw new InvalidArgumentError('It must be component=count.');
  return new Map([...(before ?? []), [value.slice(0, at), parseCount(value.slice(at + 1))]]);
}

function parseObject(value: string): JsonObject {
  try {
    const object = JSON.parse(value) as JsonValue;
    if (isJsonObject(object)) return object;
  } catch {
    // said below
  }
  throw new InvalidArgumentError('It must be a JSON object.');
}

function parseResources(value: string): ReadonlyMap<string, ReadonlyMap<string, number>> {
  const resources = Object.entries(parseObject(value)).map(([component, amounts]) => {
    const areNumbers =
      isJsonObject(amounts) && Object.values(amounts).every((each) => typeof each === 'number');
    if (!areNumbers) throw new InvalidArgumentError('It must be {"component":{"resource":number}}.');
    return [component, new Map(Object.entries(amounts as Record<string, number>))] as const;
  });
  return new Map(resources);
}
