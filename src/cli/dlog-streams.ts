import type { StreamResponse } from '../rpc/index.ts';
import type { CommandWorld, CommonFlags } from './commands.ts';
import { DlogClient, streamName } from './dlog-client.ts';
import { positionText } from './dlog-position.ts';

type Flags = CommonFlags & { readonly json?: true };

export async function createStream(world: CommandWorld, name: string, flags: Flags): Promise<number> {
  const stream = streamName(name);
  using client = await DlogClient.open(world, flags);
  await client.settled(stream, (call) => call.create({ stream, ctx: {} }));
  say(world, flags, { stream, created: true }, `Created stream: ${stream}`);
  return 0;
}

export async function listStreams(world: CommandWorld, namespace: string, flags: Flags): Promise<number> {
  using client = await DlogClient.open(world, flags);
  const { streams = [] } = await client.settled(namespace, (call) => call.list({ namespace }));
  const text = streams.length === 0 ? `No streams in ${namespace}.` : streams.join('\n');
  say(world, flags, streams, text);
  return 0;
}

export async function showStream(world: CommandWorld, name: string, flags: Flags): Promise<number> {
  const stream = streamName(name);
  using client = await DlogClient.open(world, flags);
  const found = streamRow(await client.settled(stream, (call) => call.describe({ stream })));
  say(world, flags, found, streamText(found));
  return 0;
}

export async function truncateStream(
  world: CommandWorld,
  { name, dlsn }: { readonly name: string; readonly dlsn: string },
  flags: Flags,
): Promise<number> {
  const stream = streamName(name);
  using client = await DlogClient.open(world, flags);
  const answer = await client.settled(stream, (call) => call.truncate({ stream, dlsn, ctx: {} }));
  const begin = positionText(answer.dlsn!);
  say(world, flags, { stream, begin }, `${stream} begins at ${begin}`);
  return 0;
}

export async function sealStream(world: CommandWorld, name: string, flags: Flags): Promise<number> {
  const stream = streamName(name);
  using client = await DlogClient.open(world, flags);
  await client.settled(stream, (call) => call.seal({ stream, ctx: {} }));
  say(world, flags, { stream, ended: true }, `Ended stream: ${stream}`);
  return 0;
}

interface StreamRow {
  readonly stream: string;
  readonly next: string;
  readonly ended: boolean;
  readonly owner: string | null;
  readonly segments: readonly {
    readonly segment: number;
    readonly epoch: number;
    readonly sealed: boolean;
    readonly entries: number | null;
    readonly records: number | null;
    readonly bytes: number | null;
  }[];
}

function streamRow({ name, next, isEnded, owner, segments }: StreamResponse): StreamRow {
  return {
    stream: name!,
    next: positionText(next!),
    ended: isEnded === true,
    owner: owner ?? null,
    segments: (segments ?? []).map((each) => ({
      segment: Number(each.lssn),
      epoch: Number(each.epoch),
      sealed: each.isSealed,
      // Counted when it is sealed.
      entries: each.isSealed ? Number(each.entries) : null,
      records: each.isSealed ? Number(each.records) : null,
      bytes: each.isSealed ? Number(each.bytes) : null,
    })),
  };
}

function streamText({ stream, next, ended, owner, segments }: StreamRow): string {
  const head = `${stream}: next record at ${next}, ${ended ? 'ended' : `written by ${owner ?? 'nobody'}`}`;
  const cell = (value: number | string | null): string => String(value ?? '-').padStart(12);
  const rows = segments.map((each) =>
    [each.segment, each.sealed ? 'sealed' : 'open', each.entries, each.records, each.bytes]
      .map(cell)
      .join(''),
  );
  return [head, ['Segment', 'State', 'Entries', 'Records', 'Bytes'].map(cell).join(''), ...rows].join('\n');
}

function say(world: CommandWorld, flags: Flags, json: object, text: string): void {
  world.out(flags.json === true ? `${JSON.stringify(json, null, 2)}\n` : `${text}\n`);
}
