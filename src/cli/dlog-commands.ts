import { type Command, InvalidArgumentError } from 'commander';
import { type Position, parsePosition, type TailFrom } from '../dlog-client/index.ts';
import type { CommandWorld, CommonFlags } from './commands.ts';
import type { CheckFlags, RepairFlags } from './dlog-check.ts';
import type { RewindFlags } from './dlog-rewind.ts';
import type { CreateFlags } from './dlog-streams.ts';
import { type DumpFlags, parseFrom, type TailFlags } from './dlog-tail.ts';

type MakeCommand = (usage: string, description: string, example: string) => Command;
type Flags = CommonFlags & { readonly json?: true };
/** Where a group of commands is added. */
interface Place {
  readonly command: MakeCommand;
  readonly world: CommandWorld;
  readonly done: (exitCode: number) => void;
}

const streamHelp = 'NAMESPACE/NAME; a name without a namespace is in "default"';
const asJson = 'print JSON instead of text';
const fromHelp = 'start, end, a position (1:0:0), or a time (ISO 8601, or ms since 1970)';

/** Commands of the distributed log. */
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
    "Create a stream of the distributed log.\nThese settings apply to every writer and to the gateway's retention. Fails " +
      'if the stream exists.',
    'egret dlog create words --retention-ms 86400000 --segment-bytes 67108864',
  )
    .argument('<stream>', streamHelp)
    .option(
      '--durability <what>',
      'when a record counts as durable: fsync (default), os (in the page cache), or memory',
    )
    .option('--compression <codec>', 'compression of entries: none (default) or snappy')
    .option(
      '--segment-bytes <count>',
      'start a new segment at this size (default: 134217728, 128 MiB)',
      wholeFlag,
    )
    .option('--segment-ms <count>', 'start a new segment at this age (default: 7200000, 2 hours)', wholeFlag)
    .option(
      '--retention-ms <count>',
      'delete segments that ended longer ago than this (default: keep them)',
      wholeFlag,
    )
    .option(
      '--retention-bytes <count>',
      'delete the oldest segments while completed ones exceed this size (default: keep them)',
      wholeFlag,
    )
    .option('--json', asJson)
    .action(async (stream: string, flags: CreateFlags) => {
      const { createStream } = await import('./dlog-streams.ts');
      done(await createStream(world, stream, flags));
    });
}

function addStreams({ command, world, done }: Place): void {
  command('list', 'List the streams of one namespace.', 'egret dlog list default --json')
    .argument('[namespace]', 'namespace whose streams are listed', 'default')
    .option('--json', asJson)
    .action(async (namespace: string, flags: Flags) => {
      const { listStreams } = await import('./dlog-streams.ts');
      done(await listStreams(world, namespace, flags));
    });
  command('show', 'Show end, owner, settings, and segments of a stream.', 'egret dlog show words')
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
    'Append lines of standard input to a stream.\nEach line becomes one record. Prints the position of each record once ' +
      'it is durable. On a failure, reports what is known about the remaining lines and exits with 1.',
    "printf 'one\\ntwo\\n' | egret dlog append words",
  )
    .argument('<stream>', streamHelp)
    .option('--json', 'print one JSON object per record, with its line number')
    .action(async (stream: string, flags: Flags) => {
      const { appendLines } = await import('./dlog-append.ts');
      done(await appendLines(world, stream, flags));
    });
  command(
    'tail',
    'Print and follow the records of a stream.\nPrints each record with its position, and waits for new ones. For a durable ' +
      'stream of a topology (topology-NAME/COMPONENT.STREAM.PARTITION) it prints tuples: position, time, component and ' +
      'stream, task, values.',
    'egret dlog tail topology-word-count/split.default.0 --from 2026-01-31T12:00:00Z --no-follow',
  )
    .argument('<stream>', streamHelp)
    .option<TailFrom>('--from <where>', fromHelp, fromFlag, 'earliest')
    .option('--no-follow', 'exit at the end of the stream instead of waiting')
    .option('--raw', 'print only the bytes of each record, followed by a line feed')
    .option(
      '--json',
      'print one JSON object per line; bytes appear as {"base64"}, values that only Java can read as {"unknownClass", "codec", "base64"}',
    )
    .action(async (stream: string, flags: TailFlags) => {
      const { tailStream } = await import('./dlog-tail.ts');
      done(await tailStream(world, stream, flags));
    });
  command(
    'dump',
    'Print all records of a stream with details.\nPrints position, sequence id, transaction id, size and content of each ' +
      'record, and exits at the end. Bytes that are not printable text appear as \\xNN, and with --json as base64.',
    'egret dlog dump words --from 3:0:0',
  )
    .argument('<stream>', streamHelp)
    .option<TailFrom>('--from <where>', fromHelp, fromFlag, 'earliest')
    .option('--json', 'print one JSON object per line')
    .action(async (stream: string, flags: DumpFlags) => {
      const { dumpStream } = await import('./dlog-tail.ts');
      done(await dumpStream(world, stream, flags));
    });
}

function addEnds({ command, world, done }: Place): void {
  command(
    'truncate',
    'Delete all records before a position.\nThis is irreversible.',
    'egret dlog truncate words 3:0:0',
  )
    .argument('<stream>', streamHelp)
    .argument('<position>', 'position of the first record to keep', positionFlag)
    .option('--json', asJson)
    .action(async (name: string, position: Position, flags: Flags) => {
      const { truncateStream } = await import('./dlog-streams.ts');
      done(await truncateStream(world, { name, position }, flags));
    });
  command(
    'seal',
    'Close a stream to writers permanently.\nIt can still be read. This is irreversible.',
    'egret dlog seal words',
  )
    .argument('<stream>', streamHelp)
    .option('--json', asJson)
    .action(async (stream: string, flags: Flags) => {
      const { sealStream } = await import('./dlog-streams.ts');
      done(await sealStream(world, stream, flags));
    });
  command('delete', 'Delete a stream and all its records.\nThis is irreversible.', 'egret dlog delete words')
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
    'Set where a topology resumes a durable stream.\nThe position may be earlier or later than the current one. A running ' +
      'topology applies it within one second, any other when it starts.',
    'egret dlog rewind word-count split --to 2026-01-31T12:00:00Z',
  )
    .argument('<topology>', 'name of the topology')
    .argument('<stream>', 'COMPONENT for its default stream, or COMPONENT.STREAM')
    .requiredOption('--to <where>', fromHelp, fromFlag)
    .option('--partition <number>', 'only this partition, counted from 0 (default: all)', wholeFlag)
    .option('--json', asJson)
    .action(async (topology: string, stream: string, flags: RewindFlags) => {
      const { rewindStream } = await import('./dlog-rewind.ts');
      done(await rewindStream(world, { topology, stream }, flags));
    });
}

function addOwnership({ command, world, done }: Place): void {
  command(
    'owners',
    'Show which gateway owns each stream.\nAlso shows when the lease of each owner expires.',
    'egret dlog owners default',
  )
    .argument('[namespace]', 'only streams of this namespace (default: all)')
    .option('--json', asJson)
    .action(async (namespace: string | undefined, flags: Flags) => {
      const { listOwners } = await import('./dlog-streams.ts');
      done(await listOwners(world, namespace, flags));
    });
  command(
    'release',
    'Make the owner of a stream release it.\nThe next gateway that writes to the stream becomes its owner.',
    'egret dlog release words',
  )
    .argument('<stream>', streamHelp)
    .option('--json', asJson)
    .action(async (stream: string, flags: Flags) => {
      const { releaseStream } = await import('./dlog-streams.ts');
      done(await releaseStream(world, stream, flags));
    });
}

const whatHelp = 'NAMESPACE/NAME, a namespace, or all';

function addCare({ command, world, done }: Place): void {
  command(
    'check',
    'Check streams for damage without changing them.\nReads every byte, and reports damage, faults that "repair" can fix, ' +
      'and notes. Exits with 1 if it finds damage or a fault.',
    'egret dlog check words\n  egret dlog check all --directory /var/lib/egret   (while no gateway runs there)',
  )
    .argument('[what]', whatHelp, 'all')
    .option(
      '--directory <dir>',
      'read the files in this storm.local.dir directly, while no gateway runs there',
    )
    .option('--json', asJson)
    .action(async (what: string, flags: CheckFlags) => {
      const { checkStreams } = await import('./dlog-check.ts');
      done(await checkStreams(world, what, flags));
    });
  command(
    'repair',
    'Repair a stream without losing any record.\nRepairs the state store, stored positions, the remains of an interrupted ' +
      'deletion, and a segment that a dead owner left open. Damaged records stay until you choose with --drop-after or ' +
      '--drop-before what to give up; dropped segments are moved to a directory that is printed. Positions after ' +
      '--drop-after are assigned again, to other records. Exits with 1 if a fault remains.',
    'egret dlog repair words\n  egret dlog repair words --drop-after 3:17:0',
  )
    .argument('<stream>', streamHelp)
    .option(
      '--drop-after <position>',
      'keep everything up to the entry of this record, and drop the rest',
      positionFlag,
    )
    .option(
      '--drop-before <position>',
      'keep everything from the segment that begins here (3:0:0), and drop what is before it',
      positionFlag,
    )
    .option('--json', asJson)
    .action(async (stream: string, flags: RepairFlags) => {
      const { repairStream } = await import('./dlog-check.ts');
      done(await repairStream(world, stream, flags));
    });
  command(
    'rebuild',
    'Rebuild the state store from what is in storage.\nUse it after the state store was lost.',
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
  throw new InvalidArgumentError('Expected a position as append prints it: segment:entry:slot.');
}

function wholeFlag(value: string): number {
  if (/^\d{1,15}$/.test(value)) return Number(value);
  throw new InvalidArgumentError('Expected a whole number.');
}

function fromFlag(value: string): TailFrom {
  const from = parseFrom(value);
  if (from !== undefined) return from;
  throw new InvalidArgumentError('Expected start, end, a position (1:0:0) or a time (2026-01-31T12:00:00Z).');
}
