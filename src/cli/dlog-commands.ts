import { type Command, InvalidArgumentError } from 'commander';
import { type Position, parsePosition, type TailFrom } from '../dlog-client/index.ts';
import type { CommandWorld, CommonFlags } from './commands.ts';
import type { CheckFlags, RepairFlags } from './dlog-check.ts';
import type { RewindFlags } from './dlog-rewind.ts';
import type { CreateFlags } from './dlog-streams.ts';
import { type DumpFlags, parseFrom, type TailFlags } from './dlog-tail.ts';

type MakeCommand = (usage: string, description: string, example: string) => Command;
type Flags = CommonFlags & { readonly json?: true };
/** What every group of commands is added with. */
interface Place {
  readonly command: MakeCommand;
  readonly world: CommandWorld;
  readonly done: (exitCode: number) => void;
}

const streamHelp = 'namespace/name; a name alone is in the namespace "default"';
const asJson = 'print JSON in place of text';
const fromHelp = 'start, end, a position (1:0:0), or a time (ISO 8601, or ms)';

/** The distributed log of a gateway: streams of records that stay, in order, once their position was printed. */
export function addDlog(command: MakeCommand, world: CommandWorld, done: (exitCode: number) => void): void {
  const place = { command, world, done };
  addCreate(place);
  addStreams(place);
  addRecords(place);
  addEnds(place);
  addRewind(place);
  addOwnership(place);
  addCare(place);
}

function addCreate({ command, world, done }: Place): void {
  command(
    'create',
    'Make a stream. What is set here is heeded by whoever writes it, and by the gateway that lets old segments go.',
    'egret dlog create words --retention-ms 86400000 --segment-bytes 67108864',
  )
    .argument('<stream>', streamHelp)
    .option('--durability <what>', 'what "durable" means: fsync (default), os (page cache), memory')
    .option('--compression <codec>', 'how entries are packed: none (default) or snappy')
    .option(
      '--segment-bytes <count>',
      'a segment of that size is followed by a new one (default 128 MiB)',
      wholeFlag,
    )
    .option(
      '--segment-ms <count>',
      'a segment of that age is followed by a new one (default 2 hours)',
      wholeFlag,
    )
    .option(
      '--retention-ms <count>',
      'whole segments that ended longer ago go (default: they stay)',
      wholeFlag,
    )
    .option('--retention-bytes <count>', 'the oldest segments go while those that ended have more', wholeFlag)
    .option('--json', asJson)
    .action(async (stream: string, flags: CreateFlags) => {
      const { createStream } = await import('./dlog-streams.ts');
      done(await createStream(world, stream, flags));
    });
}

function addStreams({ command, world, done }: Place): void {
  command('list', 'List the streams of a namespace.', 'egret dlog list default --json')
    .argument('[namespace]', 'the first part of the names', 'default')
    .option('--json', asJson)
    .action(async (namespace: string, flags: Flags) => {
      const { listStreams } = await import('./dlog-streams.ts');
      done(await listStreams(world, namespace, flags));
    });
  command(
    'show',
    'Show the end, the owner, the settings and the segments of a stream.',
    'egret dlog show words',
  )
    .argument('<stream>', streamHelp)
    .option('--json', asJson)
    .action(async (stream: string, flags: Flags) => {
      const { showStream } = await import('./dlog-streams.ts');
      done(await showStream(world, stream, flags));
    });
}

function addRecords({ command, world, done }: Place): void {
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
    'Print the records of a stream with their positions, and go on as they are committed. Of a durable stream of a topology ' +
      '(topology-NAME/COMPONENT.STREAM.PARTITION) it prints the tuples: position, time, component and stream, task, values.',
    'egret dlog tail topology-word-count/split.default.0 --from 2026-01-31T12:00:00Z --no-follow',
  )
    .argument('<stream>', streamHelp)
    .option<TailFrom>('--from <where>', fromHelp, fromFlag, 'earliest')
    .option('--no-follow', 'end where there is nothing more for now')
    .option('--raw', 'print the bytes of the records alone, a line feed after each')
    .option(
      '--json',
      'print one JSON object a line; bytes are {"base64"}, a value that only Java can read {"unknownClass", "codec", "base64"}',
    )
    .action(async (stream: string, flags: TailFlags) => {
      const { tailStream } = await import('./dlog-tail.ts');
      done(await tailStream(world, stream, flags));
    });
  command(
    'dump',
    'Print all records that a stream holds now with their position, sequence id, transaction id and size. What is no ' +
      'printable text is shown as \\xNN; --json has bytes that are no text in base64.',
    'egret dlog dump words --from 3:0:0',
  )
    .argument('<stream>', streamHelp)
    .option<TailFrom>('--from <where>', fromHelp, fromFlag, 'earliest')
    .option('--json', 'print one JSON object a line')
    .action(async (stream: string, flags: DumpFlags) => {
      const { dumpStream } = await import('./dlog-tail.ts');
      done(await dumpStream(world, stream, flags));
    });
}

function addEnds({ command, world, done }: Place): void {
  command('truncate', 'Cut off all records before a position, for ever.', 'egret dlog truncate words 3:0:0')
    .argument('<stream>', streamHelp)
    .argument('<position>', 'of the first record to keep', positionFlag)
    .option('--json', asJson)
    .action(async (name: string, position: Position, flags: Flags) => {
      const { truncateStream } = await import('./dlog-streams.ts');
      done(await truncateStream(world, { name, position }, flags));
    });
  command('seal', 'End a stream for ever: it can be read, and never written again.', 'egret dlog seal words')
    .argument('<stream>', streamHelp)
    .option('--json', asJson)
    .action(async (stream: string, flags: Flags) => {
      const { sealStream } = await import('./dlog-streams.ts');
      done(await sealStream(world, stream, flags));
    });
  command('delete', 'Remove a stream with all its records, for ever.', 'egret dlog delete words')
    .argument('<stream>', streamHelp)
    .option('--json', asJson)
    .action(async (stream: string, flags: Flags) => {
      const { deleteStream } = await import('./dlog-streams.ts');
      done(await deleteStream(world, stream, flags));
    });
}

function addRewind({ command, world, done }: Place): void {
  command(
    'rewind',
    'Set where a durable stream of a topology goes on, backwards or forwards. A topology that runs finds it within a second; ' +
      'one that does not begins there.',
    'egret dlog rewind word-count split --to 2026-01-31T12:00:00Z',
  )
    .argument('<topology>', 'name of the topology')
    .argument('<stream>', 'component, for its default stream, or component.stream')
    .requiredOption('--to <where>', fromHelp, fromFlag)
    .option('--partition <number>', 'this partition alone, from 0 on', wholeFlag)
    .option('--json', asJson)
    .action(async (topology: string, stream: string, flags: RewindFlags) => {
      const { rewindStream } = await import('./dlog-rewind.ts');
      done(await rewindStream(world, { topology, stream }, flags));
    });
}

function addOwnership({ command, world, done }: Place): void {
  command(
    'owners',
    'Show which gateway writes which stream, and how long that stays so if it is heard of no more.',
    'egret dlog owners default',
  )
    .argument('[namespace]', 'the first part of the names (default: all)')
    .option('--json', asJson)
    .action(async (namespace: string | undefined, flags: Flags) => {
      const { listOwners } = await import('./dlog-streams.ts');
      done(await listOwners(world, namespace, flags));
    });
  command(
    'release',
    'Have the gateway that writes a stream give it back. The next to write it becomes its owner.',
    'egret dlog release words',
  )
    .argument('<stream>', streamHelp)
    .option('--json', asJson)
    .action(async (stream: string, flags: Flags) => {
      const { releaseStream } = await import('./dlog-streams.ts');
      done(await releaseStream(world, stream, flags));
    });
}

const whatHelp = 'a stream, a namespace, or all';

function addCare({ command, world, done }: Place): void {
  command(
    'check',
    'Read every byte of streams and say what is wrong: damage, what can be repaired, what is good to know. Changes ' +
      'nothing. Ends with 1 when something is wrong.',
    'egret dlog check words\n  egret dlog check all --directory /var/lib/egret   (while no gateway runs there)',
  )
    .argument('[what]', whatHelp, 'all')
    .option('--directory <dir>', 'read the files in this storm.local.dir, without a gateway')
    .option('--json', asJson)
    .action(async (what: string, flags: CheckFlags) => {
      const { checkStreams } = await import('./dlog-check.ts');
      done(await checkStreams(world, what, flags));
    });
  command(
    'repair',
    'Put right what can be put right without losing a record: the state store, notes of positions, what an interrupted ' +
      'removal left, a segment that a dead owner left open. Damage stays until it is said what to lose; what is dropped is ' +
      'kept aside, in the directory that is printed. Positions behind --drop-after are given anew, to other records. ' +
      'Ends with 1 when something is wrong still.',
    'egret dlog repair words\n  egret dlog repair words --drop-after 3:17:0',
  )
    .argument('<stream>', streamHelp)
    .option('--drop-after <position>', 'the entry of this record is the last one kept', positionFlag)
    .option(
      '--drop-before <position>',
      'the segment that begins there (3:0:0) is the first one kept',
      positionFlag,
    )
    .option('--json', asJson)
    .action(async (stream: string, flags: RepairFlags) => {
      const { repairStream } = await import('./dlog-check.ts');
      done(await repairStream(world, stream, flags));
    });
  command(
    'rebuild',
    'Make the state store say of streams what the storage holds, after it was lost.',
    'egret dlog rebuild all',
  )
    .argument('[what]', whatHelp, 'all')
    .option('--json', asJson)
    .action(async (what: string, flags: Flags) => {
      const { rebuildStreams } = await import('./dlog-check.ts');
      done(await rebuildStreams(world, what, flags));
    });
}

function positionFlag(value: string): Position {
  const position = parsePosition(value);
  if (position !== undefined) return position;
  throw new InvalidArgumentError('It must be a position as append prints it: segment:entry:slot.');
}

function wholeFlag(value: string): number {
  if (/^\d{1,15}$/.test(value)) return Number(value);
  throw new InvalidArgumentError('It must be a whole number.');
}

function fromFlag(value: string): TailFrom {
  const from = parseFrom(value);
  if (from !== undefined) return from;
  throw new InvalidArgumentError(
    'It must be start, end, a position (1:0:0) or a time (2026-01-31T12:00:00Z).',
  );
}
