import { type Command, InvalidArgumentError } from 'commander';
import type { CommandWorld, CommonFlags } from './commands.ts';
import { positionOf } from './dlog-position.ts';
import { parseFrom, type TailFlags } from './dlog-tail.ts';

type MakeCommand = (usage: string, description: string, example: string) => Command;
type Flags = CommonFlags & { readonly json?: true };

const streamHelp = 'namespace/name; a name alone is in the namespace "default"';

/** The distributed log of a gateway: streams of records that stay, in order, once their position was printed. */
export function addDlog(command: MakeCommand, world: CommandWorld, done: (exitCode: number) => void): void {
  addStreams(command, world, done);
  command(
    'append',
    'Append each line of standard input as a record, in order. The position of a record is printed when it is durable; ' +
      'on a failure it says what is known of the lines after it.',
    "printf 'one\\ntwo\\n' | egret dlog append words",
  )
    .argument('<stream>', streamHelp)
    .option('--json', 'print one JSON object a line, with the number of the line')
    .action(async (stream: string, flags: Flags) => {
      const { appendLines } = await import('./dlog-append.ts');
      done(await appendLines(world, stream, flags));
    });
  command(
    'tail',
    'Print the records of a stream with their positions, and go on as they are committed.',
    'egret dlog tail words --from 2026-01-31T12:00:00Z --no-follow',
  )
    .argument('<stream>', streamHelp)
    .option('--from <where>', 'start, end, a position (1:0:0), or a time (ISO 8601, or ms)', fromFlag, {
      kind: 'earliest',
      value: true,
    } as const)
    .option('--no-follow', 'end where there is nothing more for now')
    .option('--raw', 'print the records alone, as UTF-8')
    .option('--json', 'print one JSON object a line')
    .action(async (stream: string, flags: TailFlags) => {
      const { tailStream } = await import('./dlog-tail.ts');
      done(await tailStream(world, stream, flags));
    });
}

function addStreams(command: MakeCommand, world: CommandWorld, done: (exitCode: number) => void): void {
  const asJson = 'print JSON in place of a sentence';
  command('create', 'Make a stream.', 'egret dlog create words')
    .argument('<stream>', streamHelp)
    .option('--json', asJson)
    .action(async (stream: string, flags: Flags) => {
      const { createStream } = await import('./dlog-streams.ts');
      done(await createStream(world, stream, flags));
    });
  command('list', 'List the streams of a namespace.', 'egret dlog list default --json')
    .argument('[namespace]', 'the first part of the names', 'default')
    .option('--json', 'print JSON in place of lines')
    .action(async (namespace: string, flags: Flags) => {
      const { listStreams } = await import('./dlog-streams.ts');
      done(await listStreams(world, namespace, flags));
    });
  command('show', 'Show the end, the owner and the segments of a stream.', 'egret dlog show words')
    .argument('<stream>', streamHelp)
    .option('--json', 'print JSON in place of the table')
    .action(async (stream: string, flags: Flags) => {
      const { showStream } = await import('./dlog-streams.ts');
      done(await showStream(world, stream, flags));
    });
  command('truncate', 'Cut off all records before a position, for ever.', 'egret dlog truncate words 3:0:0')
    .argument('<stream>', streamHelp)
    .argument('<position>', 'of the first record to keep', positionFlag)
    .option('--json', asJson)
    .action(async (name: string, dlsn: string, flags: Flags) => {
      const { truncateStream } = await import('./dlog-streams.ts');
      done(await truncateStream(world, { name, dlsn }, flags));
    });
  command('seal', 'End a stream for ever: it can be read, and never written again.', 'egret dlog seal words')
    .argument('<stream>', streamHelp)
    .option('--json', asJson)
    .action(async (stream: string, flags: Flags) => {
      const { sealStream } = await import('./dlog-streams.ts');
      done(await sealStream(world, stream, flags));
    });
}

function positionFlag(value: string): string {
  const dlsn = positionOf(value);
  if (dlsn !== undefined) return dlsn;
  throw new InvalidArgumentError('It must be a position as append prints it: segment:entry:slot.');
}

function fromFlag(value: string): TailFlags['from'] {
  const from = parseFrom(value);
  if (from !== undefined) return from;
  throw new InvalidArgumentError(
    'It must be start, end, a position (1:0:0) or a time (2026-01-31T12:00:00Z).',
  );
}
