import { isUtf8 } from 'node:buffer';
import {
  formatPosition,
  parsePosition,
  type TailEvent,
  type TailFrom,
  type TailRecord,
} from '../dlog-client/index.ts';
import { type LogPlace, parseLogStreamName } from '../topology/index.ts';
import { type CommandWorld, type CommonFlags, failureLine, withNimbus } from './commands.ts';
import { explained, isGone, openDlog, streamName, wentAway } from './dlog-client.ts';
import { TupleLines } from './tuple-lines.ts';

export interface TailFlags extends CommonFlags {
  readonly from: TailFrom;
  readonly follow: boolean;
  readonly raw?: true;
  readonly json?: true;
}

export interface DumpFlags extends CommonFlags {
  readonly from: TailFrom;
  readonly json?: true;
}

/**
 * Prints the records of a stream, or the tuples of a topology's durable stream, and follows new ones. Ends
 * where the stream is sealed, or at its current end with `--no-follow`.
 */
export async function tailStream(world: CommandWorld, name: string, flags: TailFlags): Promise<number> {
  const { from, follow } = flags;
  return printed(world, { name, flags, from, follow }, await formatFor(world, name, flags));
}

async function formatFor(
  world: CommandWorld,
  name: string,
  flags: TailFlags,
): Promise<(record: TailRecord) => Uint8Array> {
  if (flags.raw === true) return rawOf;
  const topologys = parseLogStreamName(streamName(name));
  if (topologys === undefined) return flags.json === true ? jsonOf : textOf;
  const { place } = topologys;
  const tasks = await tasksOf(world, place, flags);
  const note = (text: string): void => world.err(`${text}\n`);
  const lines = new TupleLines({ place, tasks }, { isJson: flags.json === true, note });
  return (record) => lines.linesOf(record);
}

/** The tasks of the component that emits the stream, while its topology runs. */
async function tasksOf(
  world: CommandWorld,
  { topologyName: name, componentId }: LogPlace,
  flags: CommonFlags,
): Promise<readonly number[] | undefined> {
  try {
    const options = { num_err_choice: 'NONE' } as const;
    const info = await withNimbus(world, flags, ({ call }) =>
      call.getTopologyInfoByNameWithOpts({ name, options }),
    );
    const own = info.executors.filter(({ component_id }) => component_id === componentId);
    const ranges = own.map(({ executor_info }) => executor_info);
    const tasks = ranges.flatMap(({ task_start, task_end }) =>
      Array.from({ length: task_end - task_start + 1 }, (_, place) => task_start + place),
    );
    return tasks.length === 0 ? undefined : tasks.sort((one, other) => one - other);
  } catch (error) {
    world.err(
      `the task ids of ${componentId} are unknown, so tasks are shown by their index (#0 is the first): ${failureLine(error)}`,
    );
    return undefined;
  }
}

/** Prints all current records with their numbers. */
export async function dumpStream(world: CommandWorld, name: string, flags: DumpFlags): Promise<number> {
  if (flags.json !== true)
    world.out(`${dumpRow(['Position', 'Sequence', 'Transaction', 'Bytes'])}  Payload\n`);
  return printed(
    world,
    { name, flags, from: flags.from, follow: false },
    flags.json === true ? jsonOf : dumpOf,
  );
}

/** `start`, `end`, a position or a time; undefined for anything else. */
export function parseFrom(text: string): TailFrom | undefined {
  if (text === 'start') return 'earliest';
  if (text === 'end') return 'latest';
  const position = parsePosition(text);
  if (position !== undefined) return position;
  const timeMs = /^\d{1,15}$/.test(text)
    ? Number(text)
    : /^\d{4}-\d\d/.test(text)
      ? Date.parse(text)
      : Number.NaN;
  return Number.isNaN(timeMs) ? undefined : { timeMs };
}

async function printed(
  world: CommandWorld,
  what: {
    readonly name: string;
    readonly flags: CommonFlags;
    readonly from: TailFrom;
    readonly follow: boolean;
  },
  format: (record: TailRecord) => Uint8Array,
): Promise<number> {
  const { from, follow, flags } = what;
  const client = await openDlog(world, flags);
  let last = 'nothing was printed';
  try {
    for await (const event of client.tail(streamName(what.name), { from, follow })) {
      last = (await print(world, event, format)) ?? last;
    }
    return 0;
  } catch (error) {
    throw isGone(error) ? wentAway(error, last) : explained(error);
  }
}

async function print(
  world: CommandWorld,
  event: TailEvent,
  format: (record: TailRecord) => Uint8Array,
): Promise<string | undefined> {
  if (event.kind === 'moved') {
    world.err(`records before ${formatPosition(event.to)} were deleted: reading resumes there\n`);
    return undefined;
  }
  await world.write(Buffer.concat(event.records.map(format)));
  return `${formatPosition(event.records.at(-1)!.position)} was printed last`;
}

const lineFeed = Buffer.from('\n');

/** The unchanged bytes of the record, and a line feed. */
function rawOf({ payload }: TailRecord): Buffer {
  return Buffer.concat([payload, lineFeed]);
}

function textOf({ position, payload }: TailRecord): Buffer {
  return Buffer.from(`${formatPosition(position)}\t${payload.toString()}\n`);
}

function jsonOf({ position, transactionId, sequenceId, payload }: TailRecord): Buffer {
  const body = isUtf8(payload) ? { text: payload.toString() } : { base64: payload.toString('base64') };
  const numbers = { transactionId: Number(transactionId), sequenceId: Number(sequenceId) };
  return Buffer.from(
    `${JSON.stringify({ dlsn: formatPosition(position), ...numbers, bytes: payload.length, ...body })}\n`,
  );
}

function dumpOf({ position, transactionId, sequenceId, payload }: TailRecord): Buffer {
  const numbers = [
    formatPosition(position),
    String(sequenceId),
    String(transactionId),
    String(payload.length),
  ];
  return Buffer.from(`${dumpRow(numbers)}  ${shown(payload)}\n`);
}

function dumpRow([position, ...numbers]: readonly string[]): string {
  return position!.padEnd(14) + numbers.map((each) => each.padStart(15)).join('');
}

/**
 * One line without terminal control characters: bytes that are not printable text become `\xNN`, and `\`
 * becomes `\\`.
 */
export function shown(payload: Uint8Array): string {
  const escaped = (char: string): string =>
    Buffer.from(char).reduce((text, byte) => `${text}\\x${hex(byte)}`, '');
  if (isUtf8(payload))
    return Buffer.from(payload)
      .toString()
      .replaceAll('\\', '\\\\')
      .replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, escaped);
  return Array.from(payload, (byte) =>
    byte >= 0x20 && byte < 0x7f && byte !== 0x5c ? String.fromCharCode(byte) : `\\x${hex(byte)}`,
  ).join('');
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}
